/**
 * A tensor of floats that stays in a file of any format: its type, shape, strides and first byte. It can be read
 * whole, or only some rows or columns of it. So reading a few features of an SAE touches only their bytes.
 */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { floatsIn } from "../../core/floats.ts";
import { readProblem } from "../disk/io.ts";
import { readExactly } from "../disk/read.ts";
import { decodeBfloat16, decodeFloat16 } from "./floats.ts";

export const floatBytes = { F64: 8, F32: 4, F16: 2, BF16: 2 } as const;
export type FloatDType = keyof typeof floatBytes;

export function isFloat(dtype: string): dtype is FloatDType {
  return Object.hasOwn(floatBytes, dtype);
}

/** How many rows are transposed together: one cache line of float32. One cache line per number is ten times as slow. */
const strip = 16;

export interface TensorPlace {
  /** The file is opened for each read, so that no caller has to keep it open. */
  path: string;
  name: string;
  dtype: FloatDType;
  /** Slowest axis first; [] is a scalar. */
  shape: readonly number[];
  /** Per axis: elements from one index to the next. Not always row-major, e.g. for a transposed view that PyTorch saved. */
  strides: readonly number[];
  /** Bytes from the start of the file to element 0. */
  offset: number;
  /** First byte after the tensor's storage; no element may be beyond it. */
  end: number;
}

export class StoredTensor {
  readonly name: string;
  readonly dtype: FloatDType;
  readonly shape: readonly number[];
  readonly #place: TensorPlace;

  /** @throws FathomError if an element is outside the storage, or if elements share their bytes */
  constructor(place: TensorPlace) {
    const { path, name, dtype, shape, strides, offset, end } = place;
    const where = `${path} "${name}"`;
    if (shape.length !== strides.length)
      throw badInput(where, `${shape.length} strides`, String(strides.length));
    for (const number of [...shape, ...strides, offset])
      if (!Number.isSafeInteger(number) || number < 0)
        throw badInput(where, "sizes and strides that are whole numbers", String(number));
    if (shape.every((size) => size > 0)) {
      const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
      const bytes = (last + 1) * floatBytes[dtype];
      if (!(offset + bytes <= end))
        throw badInput(where, `${bytes} bytes for [${shape.join(", ")}]`, `${Math.max(0, end - offset)}`);
      // A tensor whose elements share bytes could claim any size from a few bytes.
      if (product(shape) > last + 1)
        throw badInput(where, "a number for each element", `strides [${strides.join(", ")}] that share them`);
    }
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.#place = place;
  }

  /** The same tensor with another name in messages. */
  named(name: string): StoredTensor {
    return new StoredTensor({ ...this.#place, name });
  }

  /** The matrix with its axes swapped; nothing is read. */
  transposed(): StoredTensor {
    const { shape, strides } = this.#place;
    return new StoredTensor({ ...this.#place, shape: shape.toReversed(), strides: strides.toReversed() });
  }

  /** All elements as float32, row-major; float64 is rounded. */
  read(): Float32Array<ArrayBuffer> {
    const { shape } = this;
    const { strides } = this.#place;
    if (shape.some((size) => size === 0)) return new Float32Array(0);
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
    const stored = this.#reading((elements) => elements(0, last + 1));
    if (isRowMajor(shape, strides)) return stored;
    const out = new Float32Array(product(shape));
    const index = shape.map(() => 0);
    for (let at = 0, from = 0; at < out.length; at++) {
      out[at] = stored[from]!;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += strides[axis]!;
        if (++index[axis]! < shape[axis]!) break;
        from -= strides[axis]! * shape[axis]!;
        index[axis] = 0;
      }
    }
    return out;
  }

  /**
   * Reads chosen rows (axis 0) or columns (axis 1) of a matrix, and no other byte.
   * @returns [indices.length, the other axis], row-major
   */
  take(axis: 0 | 1, indices: readonly number[]): Float32Array<ArrayBuffer> {
    const { shape, name } = this;
    const { strides } = this.#place;
    if (shape.length !== 2) throw new RangeError(`"${name}": expected a matrix, got ${shape.length} axes`);
    const [step, along] = [strides[axis]!, strides[1 - axis]!];
    const width = shape[1 - axis]!;
    const out = new Float32Array(indices.length * width);
    for (const index of indices)
      if (!Number.isInteger(index) || index < 0 || index >= shape[axis]!)
        throw new RangeError(`"${name}": index ${index} of ${shape[axis]}`);
    this.#reading((elements) => {
      // Neighbours in the file are read together: rows that follow one another, or neighbouring columns row by row.
      const contiguous = along === 1 || width === 1;
      for (const [i, count] of runs(indices, contiguous ? step === width : step === 1)) {
        const from = indices[i]! * step;
        if (contiguous) {
          out.set(elements(from, count * width), i * width);
          continue;
        }
        for (let j = 0; j < width; j += strip) {
          const rows = Array.from({ length: Math.min(strip, width - j) }, (_, row) =>
            elements(from + (j + row) * along, count),
          );
          for (let n = 0, to = i * width + j; n < count; n++, to += width)
            for (let row = 0; row < rows.length; row++) out[to + row] = rows[row]![n]!;
        }
      }
    });
    return out;
  }

  /**
   * Opens the file and calls `use` with a reader. The reader returns `count` stored elements from element `from` on,
   * in the order of the file.
   */
  #reading<Result>(
    use: (elements: (from: number, count: number) => Float32Array<ArrayBuffer>) => Result,
  ): Result {
    const { path, dtype, offset } = this.#place;
    const width = floatBytes[dtype];
    let fd: number;
    try {
      fd = openSync(path, "r");
    } catch (error) {
      throw readProblem(path, error);
    }
    try {
      return use((from, count) =>
        decoded(readExactly(fd, path, offset + from * width, count * width), dtype),
      );
    } finally {
      closeSync(fd);
    }
  }
}

/**
 * Converts stored elements (little-endian) to float32; float64 is rounded.
 * @param room an array that nobody needs any more. If it is large enough, the result may be its beginning
 */
export function decoded(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: FloatDType,
  room?: Float32Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes.buffer);
    case "F64":
      return new Float32Array(new Float64Array(bytes.buffer));
    case "F16":
    case "BF16": {
      const bits = new Uint16Array(bytes.buffer);
      const out = floatsIn(room, bits.length);
      (dtype === "F16" ? decodeFloat16 : decodeBfloat16)(bits, out);
      return out;
    }
  }
}

export function rowMajor(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajor(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === expected[axis]);
}

/**
 * Yields runs of consecutive indices as [position in the list, length].
 * @param together false: every index is a run of its own
 */
function* runs(indices: readonly number[], together: boolean): Generator<[number, number]> {
  for (let at = 0; at < indices.length; ) {
    let count = 1;
    while (together && indices[at + count] === indices[at]! + count) count++;
    yield [at, count];
    at += count;
  }
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((result, size) => result * size, 1);
}
