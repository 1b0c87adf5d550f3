/** Averages over axes. */
import { resolveAxes } from "../build/dims.ts";
import { onnxDataType } from "../build/dtype.ts";
import type { Operator, Value } from "../build/graph.ts";
import { div } from "./arithmetic.ts";
import { expand, reducedDims } from "./broadcast.ts";
import { unsqueeze } from "./shape.ts";
import { emitSize, type Size } from "./shapes.ts";
import { requireFloat } from "./unary.ts";

export const sizeOperator: Operator<{ axes: readonly number[] }> = {
  kind: "sizeOf",
  emit({ inputs: [x], outputs, attributes: { axes } }, onnx) {
    const size: Size = { count: 1, sources: axes.map((axis) => [0, axis] as const) };
    const asFloat = onnx.node("Cast", [emitSize(onnx, [x!], size)], { to: onnxDataType[outputs[0]!.dtype] });
    onnx.into(outputs, "Squeeze", [asFloat, onnx.ints([0])]);
  },
  gradient: () => [undefined],
};

/** The number of elements of x along `axes`, as a scalar of x's dtype. */
export function sizeOf(x: Value, axes: readonly number[]): Value {
  const places = resolveAxes("sizeOf", x.dims, axes);
  return x.graph.apply(sizeOperator, [x], { axes: places }, [{ dtype: x.dtype, dims: [] }])[0]!;
}

export const reduceMeanOperator: Operator<{ axes: readonly number[]; keepdims: boolean }> = {
  kind: "reduceMean",
  emit({ inputs, outputs, attributes: { axes, keepdims } }, onnx) {
    onnx.into(outputs, "ReduceMean", [inputs[0]!, onnx.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  },
  gradient({ inputs: [x], cotangent, attributes: { axes, keepdims } }) {
    const share = div(keepdims ? cotangent : unsqueeze(cotangent, axes), sizeOf(x!, axes));
    return [expand(share, x!.dims, [x!])];
  },
};

/** Mean over `axes`. With `keepdims` these axes stay, with size 1. */
export function reduceMean(x: Value, axes: readonly number[], keepdims = false): Value {
  requireFloat("reduceMean", x);
  const places = resolveAxes("reduceMean", x.dims, axes);
  // ONNX reads an empty list of axes as all axes.
  if (places.length === 0) return x;
  const type = { dtype: x.dtype, dims: reducedDims(x.dims, places, keepdims) };
  return x.graph.apply(reduceMeanOperator, [x], { axes: places, keepdims }, [type])[0]!;
}
