/**
 * A checkpoint's tensors by their Hugging Face names, whatever file holds them. The engine first asks for the place of
 * the bytes, so that ONNX Runtime can map them. It decodes only tensors that cannot be mapped.
 */

import type { BlockForm, BlockSource } from "./block-form.ts";
import type { Int8Form } from "./int8-form.ts";

export type WeightDType = "float32" | "float16" | "bfloat16";

export interface WeightInfo {
  /** A float type, or the name of a ggml block type, e.g. "Q4_1". */
  dtype: WeightDType | (string & {});
  /** Row-major, slowest axis first: a linear layer is [out, in]. */
  shape: readonly number[];
}

/** The place of a tensor's bytes in a file. They are little-endian, contiguous and row-major. */
export interface WeightPlace {
  /** Absolute path. */
  file: string;
  /** Integers only for parts of quantized matrices. */
  dtype: WeightDType | "uint8" | "int8" | "int32";
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

/** The places of a tensor's floats in a file. All bytes between them are whole numbers. */
export interface FloatBytes {
  file: string;
  /** Bytes from the start of the file to the tensor. */
  offset: number;
  /** Bytes of the tensor. */
  length: number;
  dtype: WeightDType;
  /** Bytes from one element, or one block of elements, to the next. */
  stride: number;
  /** Bytes from the beginning of an element or block to each float in it. */
  at: readonly number[];
}

export interface Weights {
  /** Hugging Face names, e.g. "model.layers.0.self_attn.q_proj.weight". */
  names(): readonly string[];
  /** @throws FathomError naming the file and the tensor when there is no tensor of that name */
  info(name: string): WeightInfo;
  /** The place where ONNX Runtime can map the bytes; null when they need decoding or reordering. */
  place(name: string): WeightPlace | null;
  /**
   * Reads and decodes to float32, row-major.
   * @param rows range of axis 0: `from` is included, `to` is not; all rows when not given
   * @param room an array that nobody needs any more. If it is large enough, the result may be its beginning
   */
  read(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer>;
  /** The tensor's floats; null when the numbers must be decoded before anyone can tell whether all are finite. */
  floats(name: string): FloatBytes | null;
  /** A matrix in the file's own blocks; null when the quantized kernel cannot use them without rounding them again. */
  blocks?(name: string): BlockSource | null;
  /** The form of a quantized matrix, in which each part has its own place; null for a float32 matrix. */
  form?(name: string): BlockForm | Int8Form | null;
  /** Closes the files; reading afterwards throws. */
  close(): void;
}
