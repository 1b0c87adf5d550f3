/** The tensors that a training changes: encoder, decoder, and those that belong to an objective. */

/** W_encT is W_enc transposed. A step then changes rows of W_encT, those of the active features, as in W_dec. */
export const commonNames = ["W_encT", "b_enc", "W_dec", "b_dec"] as const;
/** Tensors that belong to an objective, one number per feature, in this order. */
export const ownNames = ["log_threshold"] as const;
export type OwnName = (typeof ownNames)[number];
export type TrainedName = (typeof commonNames)[number] | OwnName;

/** The trained tensors, or their gradients: row-major, in the shapes of `dimsOf`. */
export type Weights = Record<(typeof commonNames)[number], Float32Array> &
  Partial<Record<OwnName, Float32Array>>;

export interface Widths {
  d_in: number;
  d_sae: number;
}

export function trainedNames(own: Partial<Record<OwnName, unknown>>): TrainedName[] {
  return [...commonNames, ...ownNames.filter((name) => name in own)];
}

export function dimsOf(name: TrainedName, { d_in, d_sae }: Widths): number[] {
  switch (name) {
    case "W_encT":
    case "W_dec":
      return [d_sae, d_in];
    case "b_dec":
      return [d_in];
    case "b_enc":
    case "log_threshold":
      return [d_sae];
  }
}

/** How many numbers a tensor has. */
export function lengthOf(name: TrainedName, widths: Widths): number {
  return dimsOf(name, widths).reduce((product, dim) => product * dim, 1);
}
