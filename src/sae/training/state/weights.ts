/** What a training moves: the encoder and decoder, and what an objective has of its own. */

/** W_encT is W_enc transposed: what a step changes are the rows of the features that are active, here as in W_dec. */
export const commonNames = ["W_encT", "b_enc", "W_dec", "b_dec"] as const;
/** One number a feature each, in the order in which they are listed here. */
export const ownNames = ["log_threshold"] as const;
export type OwnName = (typeof ownNames)[number];
export type TrainedName = (typeof commonNames)[number] | OwnName;

/** The trained tensors, or their gradients: row-major, in the shapes of `dimsOf`. */
export type Weights = Record<(typeof commonNames)[number], Float32Array<ArrayBuffer>> &
  Partial<Record<OwnName, Float32Array<ArrayBuffer>>>;

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

/** Numbers of a tensor. */
export function lengthOf(name: TrainedName, widths: Widths): number {
  return dimsOf(name, widths).reduce((product, dim) => product * dim, 1);
}
