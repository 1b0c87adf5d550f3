/**
 * A checkpoint's tensors by their Hugging Face names, whatever file they lie in. The engine asks first for the
 * place of the bytes, so that ONNX Runtime can map them, and decodes only what cannot be mapped.
 */

import type { BlockForm, BlockSource } from "./block-form.ts";

export type WeightDType = "float32" | "float16" | "bfloat16";

export interface WeightInfo {
  /** A float type, or the name of a ggml block type, e.g. "Q4_1". */
  dtype: WeightDType | (string & {});
  /** Row-major, slowest axis first: a linear layer is [out, in]. */
  shape: readonly number[];
}

/** Bytes as they lie in a file: little-endian, contiguous, row-major. */
export interface WeightPlace {
  /** Absolute path. */
  file: string;
  /** uint8 only for parts of matrices in blocks. */
  dtype: WeightDType | "uint8";
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

/** Where a tensor's floats lie; whatever else is between them are whole numbers. */
export interface FloatBytes {
  file: string;
  /** Bytes from the start of the file, and in all. */
  offset: number;
  length: number;
  dtype: WeightDType;
  /** Bytes from one element, or block of elements, to the next. */
  stride: number;
  /** Bytes from its beginning to each float in it. */
  at: readonly number[];
}

export interface Weights {
  /** Hugging Face names, e.g. "model.layers.0.self_attn.q_proj.weight". */
  names(): readonly string[];
  /** @throws FathomError that names the file and the tensor when there is none of that name. */
  info(name: string): WeightInfo;
  /** Where ONNX Runtime can map the bytes; null when they need decoding or reordering. */
  place(name: string): WeightPlace | null;
  /**
   * Decoded to float32, row-major.
   * @param rows half-open range [from, to) of axis 0; all rows when not given.
   */
  read(name: string, rows?: readonly [from: number, to: number]): Float32Array<ArrayBuffer>;
  /** null where only decoding tells whether all numbers are finite. */
  floats(name: string): FloatBytes | null;
  /** A matrix in the file's own blocks, where the quantized kernel can multiply them as they are. */
  blocks?(name: string): BlockSource | null;
  /** How a matrix is held for the quantized kernel; its parts then have places of their own. null: as float32. */
  form?(name: string): BlockForm | null;
  /** Closes the files; reading afterwards throws. */
  close(): void;
}
