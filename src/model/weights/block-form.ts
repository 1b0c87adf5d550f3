/**
 * The memory layout of a matrix of 4 or 8 bits for the kernel that multiplies it (src/graph/ops/matmul-nbits.ts). It
 * consists of blocks along the input axis, with w = scale · (q − zero point) + minimum.
 */

export interface BlockForm {
  bits: 4 | 8;
  /** Inputs that share a scale. */
  blockSize: number;
  /** Whether each block has its own zero point; otherwise the zero point is the middle, 8 or 128. */
  zeroPoints: boolean;
  /** Whether each block has a minimum that is added to all of its weights. */
  minima: boolean;
}

/** Whole rows (outputs) of a matrix; blocks = ceil(in / blockSize). */
export interface BlockRows {
  /** [rows, blocks, blockSize·bits/8]. The low half of a byte is the first of its two 4-bit values. */
  quants: Uint8Array<ArrayBuffer>;
  /** [rows, blocks]. */
  scales: Float32Array<ArrayBuffer>;
  /** [rows, ceil(blocks·bits/8)]; empty when the form has none. */
  zeroPoints: Uint8Array<ArrayBuffer>;
  /** [rows, blocks]; empty when the form has none. */
  minima: Float32Array<ArrayBuffer>;
}

/** The parts of a matrix, in the order in which they are stored. */
export const blockParts = ["quants", "scales", "minima", "zeroPoints"] as const;
export type BlockPart = (typeof blockParts)[number];

export const partDType = {
  quants: "uint8",
  scales: "float32",
  minima: "float32",
  zeroPoints: "uint8",
} as const satisfies Record<BlockPart, string>;

/** The name of a matrix's part. No checkpoint's tensor has a # in its name. */
export const partName = (matrix: string, part: string): string => `${matrix}#${part}`;

/** The axes of each part after the output axis; null when the form does not have the part. */
export function partAxes(form: BlockForm, inputs: number): Record<BlockPart, number[] | null> {
  const blocks = Math.ceil(inputs / form.blockSize);
  return {
    quants: [blocks, (form.blockSize * form.bits) / 8],
    scales: [blocks],
    minima: form.minima ? [blocks] : null,
    zeroPoints: form.zeroPoints ? [Math.ceil((blocks * form.bits) / 8)] : null,
  };
}

/** Rows of zeros, which the caller fills in. */
export function emptyRows(form: BlockForm, rows: number, inputs: number): BlockRows {
  const axes = partAxes(form, inputs);
  const length = (part: BlockPart) => (axes[part] ?? [0]).reduce((product, size) => product * size, rows);
  return {
    quants: new Uint8Array(length("quants")),
    scales: new Float32Array(length("scales")),
    minima: new Float32Array(length("minima")),
    zeroPoints: new Uint8Array(length("zeroPoints")),
  };
}

/** Rows of a matrix in a form, made when they are read. */
export interface BlockSource {
  form: BlockForm;
  /** Range of outputs: `from` is included, `to` is not. */
  read(from: number, to: number): BlockRows;
}
