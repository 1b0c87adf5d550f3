/**
 * The edit of a model that scales features of an SAE, or sets them to a value. It is the one place where an SAE's bias, norms
 * and normalization are folded into an edit. The part of the stream that the SAE does not explain stays as it is.
 */
import type { Edit } from "../../model/engine/edits/edit.ts";
import { type Matrix, norms } from "./matrix.ts";
import type { Sae, SaeKind } from "./sae.ts";

type Floats = Float32Array<ArrayBuffer>;

/** What becomes of a feature's activation. A scale of 0 ablates it, and holds a silent one silent. */
export type FeatureTarget = { scale: number } | { value: number };

const activations = {
  standard: "relu",
  jumprelu: "jumprelu",
  topk: "topk",
  groupmax: "groupmax",
  gated: "gated",
} as const satisfies Record<SaeKind, Edit["activation"]>;

/**
 * @param layer the block whose output the SAE reads
 * @param features indices in the SAE; their order is the order of the edit's features
 */
export function editOf(sae: Sae, layer: number, features: readonly number[], target: FeatureTarget): Edit {
  const { d_in: d, kind, k, threshold, magnitude, normalize } = sae;
  // Among all features these kinds decide which are active.
  const needsAll = kind === "topk" || kind === "groupmax";
  const encoded = needsAll ? Array.from(sae.b_enc, (_, feature) => feature) : features;
  const pick = (values: Floats) => (needsAll ? values : Float32Array.from(features, (f) => values[f]!));
  const columns = sae.W_enc.take(1, encoded);
  const bias = pick(sae.b_enc);
  const shift = sae.applyBDecToInput ? products(columns, sae.b_dec) : new Float32Array(encoded.length);
  const norm = sae.rescaleByDecoderNorm ? norms(sae.W_dec, 0) : null;
  const { length: n } = features;
  return {
    layer,
    activation: activations[kind],
    normalize: normalize === "expected_average_only_in" ? "none" : normalize,
    encoder: scaledTransposed(columns, d, norm),
    bias: bias.map((value, i) => (value - shift[i]!) * (norm?.[i] ?? 1)),
    ...(threshold === null ? {} : { threshold: pick(threshold) }),
    ...(k === null ? {} : { k }),
    ...(magnitude === null
      ? {}
      : { magnitude: magnitudeOf(pick(magnitude.r_mag), pick(magnitude.b_mag), shift) }),
    ...(needsAll ? { chosen: Int32Array.from(features) } : {}),
    decoder: decoderRows(sae.W_dec, features, norm),
    scale: new Float32Array(n).fill("scale" in target ? target.scale : 0),
    offset: new Float32Array(n).fill("scale" in target ? 0 : target.value),
  };
}

/** The magnitude of a gated feature is (u·W_enc)·exp(r_mag) + b_mag, where u·W_enc = x·W_enc − shift. */
function magnitudeOf(r_mag: Floats, b_mag: Floats, shift: Floats): { scale: Floats; bias: Floats } {
  const scale = r_mag.map((value) => Math.exp(value));
  return { scale, bias: b_mag.map((value, i) => value - shift[i]! * scale[i]!) };
}

/** @param columns [n, d] @returns [n] their products with a vector [d] */
function products(columns: Floats, vector: Floats): Floats {
  const d = vector.length;
  return Float32Array.from({ length: columns.length / d }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += columns[i * d + j]! * vector[j]!;
    return sum;
  });
}

/** @param columns [n, d] @param norm factor of each; null for 1 @returns [d, n] */
function scaledTransposed(columns: Floats, d: number, norm: Floats | null): Floats {
  const n = columns.length / d;
  const out = new Float32Array(columns.length);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) out[j * n + i] = columns[i * d + j]! * (norm?.[i] ?? 1);
  return out;
}

/** @returns [d_sae, d] what each feature writes at activation 1, before a normalization is undone: the decoder of an edit of all */
export function decoderOf(sae: Sae): Floats {
  const all = Array.from(sae.b_enc, (_, feature) => feature);
  return decoderRows(sae.W_dec, all, sae.rescaleByDecoderNorm ? norms(sae.W_dec, 0) : null);
}

/** What each feature writes at activation 1, before a normalization is undone: [features.length, d]. */
function decoderRows(W_dec: Matrix, features: readonly number[], norm: Floats | null): Floats {
  const rows = W_dec.take(0, features);
  if (norm === null) return rows;
  const d = W_dec.shape[1];
  return rows.map((value, at) => value / norm[features[Math.floor(at / d)]!]!);
}
