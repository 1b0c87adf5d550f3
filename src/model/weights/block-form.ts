/**
 * How a matrix of 4 or 8 bits lies in memory for the kernel that multiplies it (src/graph/ops/matmul-nbits.ts):
 * w = scale · (q − zero point) + minimum, in blocks along the input axis.
 */

export interface BlockForm {
  bits: 4 | 8;
  /** Inputs that share a scale. */
  blockSize: number;
  /** Whether each block has a zero point of its own; otherwise it is the middle, 8 or 128. */
  zeroPoints: boolean;
  /** Whether each block has a minimum that is added to all of its weights. */
  minima: boolean;
}

/** Whole rows (outputs) of a matrix; blocks = ceil(in / blockSize). */
export interface BlockRows {
  /** [rows, blocks, blockSize·bits/8]; of two 4-bit values in a byte the first is the low half. */
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

/** The name under which a matrix's part is placed. No checkpoint's tensor has a # in its name. */
export const partName = (matrix: string, part: BlockPart): string => `${matrix}#${part}`;

/** Axes of each part after the outputs; null where the form has none. */
export function partAxes(form: BlockForm, inputs: number): Record<BlockPart, number[] | null> {
  const blocks = Math.ceil(inputs / form.blockSize);
  return {
    quants: [blocks, (form.blockSize * form.bits) / 8],
    scales: [blocks],
    minima: form.minima ? [blocks] : null,
    zeroPoints: form.zeroPoints ? [Math.ceil((blocks * form.bits) / 8)] : null,
  };
}

/** Zeros, to be filled in. */
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

/** Rows of a matrix in a form, made as they are asked for. */
export interface BlockSource {
  form: BlockForm;
  /** Half-open range of outputs. */
  read(from: number, to: number): BlockRows;
}
