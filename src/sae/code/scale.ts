/** Moves a factor on the input into the weights, so that every SAE takes activations exactly as the model makes them. */
import { badInput } from "../../core/errors.ts";
import { norms, scaled } from "./matrix.ts";
import type { SaeParts } from "./sae.ts";

/**
 * Turns SAE(s·x)/s into one SAE of x: W_enc·s, W_dec/s, b_dec/s, as SAELens does. Features do not change, with one
 * exception: features that are rescaled by the decoder's norms are divided by s, as those norms are. Their order and the
 * reconstruction do not change.
 * @param scale s
 * @param source where the factor was found, for the note
 */
export function foldInputScale(parts: SaeParts, scale: number, source: string): SaeParts {
  const times = (values: Float32Array<ArrayBuffer>, factor: number) => values.map((value) => value * factor);
  return {
    ...parts,
    W_enc: scaled(parts.W_enc, scale),
    W_dec: scaled(parts.W_dec, 1 / scale),
    b_dec: times(parts.b_dec, 1 / scale),
    // The SAE's maker chose the factor so that activations have a mean norm of √d_in.
    stated: { ...parts.stated, meanNorm: parts.stated.meanNorm ?? Math.sqrt(parts.d_in) / scale },
    notes: [...parts.notes, `Inputs are scaled by ${scale} (${source}); folded into the weights.`],
  };
}

/**
 * The same reconstruction from decoder rows of norm 1: W_enc and b_enc are multiplied by ‖W_dec row‖. Reads the decoder
 * once. A threshold is not multiplied, because it is compared with the multiplied values.
 * @throws FathomError for a row of zeros, which has no direction
 */
export function foldDecoderNorm(parts: SaeParts): SaeParts {
  const norm = norms(parts.W_dec, 0);
  const zero = norm.indexOf(0);
  if (zero >= 0)
    throw badInput(`${parts.path} W_dec`, "no row of zeros, since rows come to norm 1", `row ${zero}`);
  return {
    ...parts,
    W_enc: scaled(parts.W_enc, norm, 1),
    b_enc: parts.b_enc.map((value, feature) => value * norm[feature]!),
    W_dec: scaled(
      parts.W_dec,
      norm.map((value) => 1 / value),
    ),
    notes: [
      ...parts.notes,
      "Features are multiplied by the norm of their decoder row, whose rows then have norm 1.",
    ],
  };
}
