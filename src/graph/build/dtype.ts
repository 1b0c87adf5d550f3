/** Element types, their ONNX numbers, and the little-endian bytes of constants. */
import { badInput } from "../../core/errors.ts";

export type DType = "float32" | "float64" | "float16" | "bfloat16" | "int32" | "int64" | "uint8" | "int8" | "bool";

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array | BigInt64Array;

/** TensorProto.DataType of onnx.proto. */
export const onnxDataType: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

export const bytesPerElement: Readonly<Record<DType, number>> = {
  float32: 4,
  int32: 4,
  int64: 8,
  uint8: 1,
  int8: 1,
  bool: 1,
  float16: 2,
  float64: 8,
  bfloat16: 2,
};

export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64" || dtype === "float16" || dtype === "bfloat16";
}

/** Little-endian bytes of the elements, as in ONNX raw_data. Throws for half floats: cast a float32 constant instead. */
export function encodeElements(data: readonly number[] | TypedArray, dtype: DType): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.length * bytesPerElement[dtype]));
  const put = writer(view, dtype);
  for (let at = 0; at < data.length; at++) put(at, data[at]!);
  return new Uint8Array(view.buffer);
}

function writer(view: DataView, dtype: DType): (at: number, element: number | bigint) => void {
  switch (dtype) {
    case "float32":
      return (at, element) => {
        view.setFloat32(at * 4, Number(element), true);
      };
    case "float64":
      return (at, element) => {
        view.setFloat64(at * 8, Number(element), true);
      };
    case "int32":
      return (at, element) => {
        view.setInt32(at * 4, Number(element), true);
      };
    case "int64":
      return (at, element) => {
        view.setBigInt64(at * 8, BigInt(element), true);
      };
    case "uint8":
      return (at, element) => {
        view.setUint8(at, Number(element));
      };
    case "int8":
      return (at, element) => {
        view.setInt8(at, Number(element));
      };
    case "bool":
      return (at, element) => {
        view.setUint8(at, Number(element) === 0 ? 0 : 1);
      };
    case "float16":
    case "bfloat16":
      throw badInput(
        "constant",
        "float32, float64, int32, int64, uint8, int8 or bool",
        dtype,
        "cast a float32 constant",
      );
  }
}
