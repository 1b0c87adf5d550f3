/**
 * The memory layout of a matrix [out, in] that is multiplied in 8-bit integers (src/graph/ops/matmul-int8.ts). An input that is
 * far larger than the others is split into several columns.
 */

export interface Int8Form {
  /** [in] how many columns each input is split into, at least 1. */
  copies: Int32Array<ArrayBuffer>;
}

/** The parts of a matrix, in the order in which they are stored. */
export const int8Parts = ["copies", "scales", "columns"] as const;
export type Int8Part = (typeof int8Parts)[number];

export const int8DType = { scales: "float32", copies: "int32", columns: "int8" } as const satisfies Record<
  Int8Part,
  string
>;

/** Every matrix has one further column for 16 inputs. With half as many, KL from fp32 is half as large again (docs/performance.md). */
export const furtherColumns = (inputs: number): number => Math.ceil(inputs / 16);

export function int8Dims(out: number, inputs: number): Record<Int8Part, number[]> {
  return { scales: [out], copies: [inputs], columns: [inputs + furtherColumns(inputs), out] };
}

/**
 * Splits the largest inputs: each further column goes to the input whose columns have the largest share then.
 * @param peaks [in] the largest magnitude of each input
 * @returns [in] columns of each input
 */
export function copiesFor(peaks: Float32Array): Int32Array<ArrayBuffer> {
  const copies = new Int32Array(peaks.length).fill(1);
  const shares = Float32Array.from(peaks);
  for (let i = 0; i < furtherColumns(peaks.length); i++) {
    let largest = 0;
    for (let at = 1; at < shares.length; at++) if (shares[at]! > shares[largest]!) largest = at;
    copies[largest]!++;
    shares[largest] = peaks[largest]! / copies[largest]!;
  }
  return copies;
}
