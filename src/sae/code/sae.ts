/**
 * A sparse autoencoder in one canonical form, independent of the file that it came from. Everything that decides what it
 * computes is a field here. A format reader turns its own spelling into these fields or refuses the file, so nothing is
 * decided twice.
 *
 *     u = normalize(x) − (applyBDecToInput ? b_dec : 0)
 *     pre = u·W_enc + b_enc                             (times ‖W_dec row‖ where rescaleByDecoderNorm)
 *     standard z = ReLU(pre)      topk z = ReLU(the k largest of pre, 0 elsewhere)
 *     groupmax z = ReLU(the largest of each of k groups of consecutive features, 0 elsewhere)
 *     jumprelu z = ReLU(pre)·1[pre > threshold]
 *     gated    z = 1[pre > 0]·ReLU((u·W_enc)·exp(r_mag) + b_mag)
 *     x̂ = denormalize(z·W_dec + b_dec)                  (z over ‖W_dec row‖ where rescaleByDecoderNorm)
 */
import { createHash } from "node:crypto";
import { badInput } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import { hashValues } from "../../files/disk/hash-file.ts";
import { blocks, type Matrix, norms, requireFinite } from "./matrix.ts";

/**
 * What is done to x before encoding and undone after decoding. `layer_norm`: subtracts the mean and divides by the standard
 * deviation (with n − 1) plus 1e-5; undoing uses the deviation without the 1e-5. `constant_norm_rescale`: x·√d_in/‖x‖.
 * `expected_average_only_in`: nothing at run time, because the factor is part of the weights.
 */
export const normalizations = [
  "none",
  "expected_average_only_in",
  "layer_norm",
  "constant_norm_rescale",
] as const;
export type Normalization = (typeof normalizations)[number];

export const saeKinds = ["standard", "topk", "groupmax", "jumprelu", "gated"] as const;
export type SaeKind = (typeof saeKinds)[number];

/** The place in a model that an SAE reads. */
export interface Site {
  /** The block whose output (resid_post) is read; null where the hook is not the residual stream between blocks. */
  layer: number | null;
  /** TransformerLens: `blocks.12.hook_resid_post`. */
  hookName: string;
  /** The model's name from the file, without the folders of a path; null if the file does not say. */
  modelName: string | null;
}

/** Figures that a file states about its SAE. Its maker measured them; the load gate compares them with its own. */
export interface Stated {
  /** Fraction of variance explained, without the tokens of highest norm (quality.ts). */
  varianceExplained: number | null;
  meanL0: number | null;
  deadShare: number | null;
  /** Mean ‖x‖ of the activations that it was trained on. */
  meanNorm: number | null;
}

export interface SaeParts {
  /** Name of the format of its file, or "trained". */
  format: string;
  /** File or folder, for error messages. */
  path: string;
  d_in: number;
  d_sae: number;
  kind: SaeKind;
  /** [d_in, d_sae] */
  W_enc: Matrix;
  /** [d_sae]; of a gated SAE the bias of the gate. */
  b_enc: Float32Array<ArrayBuffer>;
  /** [d_sae, d_in] */
  W_dec: Matrix;
  /** [d_in] */
  b_dec: Float32Array<ArrayBuffer>;
  /** [d_sae], jumprelu only. */
  threshold: Float32Array<ArrayBuffer> | null;
  /** Most active features per token; topk and groupmax only. */
  k: number | null;
  /** [d_sae] each, gated only. */
  magnitude: { r_mag: Float32Array<ArrayBuffer>; b_mag: Float32Array<ArrayBuffer> } | null;
  applyBDecToInput: boolean;
  normalize: Normalization;
  /** topk only. */
  rescaleByDecoderNorm: boolean;
  site: Site | null;
  /** Transcoders only: the place that it decodes to, which is not the place that it reads. */
  decodes?: string | null;
  /** Model and source under which Neuronpedia shows its features, if its file says so. Not part of its identity. */
  neuronpedia?: string | null;
  /** Fingerprints of the prompts that its contrastive term was trained on (fingerprint.ts). Not part of its identity. */
  trainedOnPrompts?: readonly string[] | null;
  stated: Stated;
  /** Whole sentences: how the file's numbers were changed when it was read, and what else a reader should know. */
  notes: readonly string[];
}

export interface Sae extends SaeParts {
  /**
   * SHA-256, hex, over everything that decides what the SAE computes and at which site, so the same SAE has the same
   * identity in every format. The first call reads every weight; later calls read nothing.
   */
  identity(): string;
}

export const nothingStated: Stated = {
  varianceExplained: null,
  meanL0: null,
  deadShare: null,
  meanNorm: null,
};

/**
 * Checks the parts and adds `identity`.
 * @throws FathomError for a wrong shape, NaN or Infinity, a k outside 1…d_sae, or a field that its kind does not have
 */
export function makeSae(parts: SaeParts): Sae {
  const { path, d_in, d_sae, k } = parts;
  for (const [name, size] of Object.entries({ d_in, d_sae }))
    if (!Number.isSafeInteger(size) || size < 1)
      throw badInput(`${path} ${name}`, "a whole number from 1", String(size));
  requireFields(parts);
  if (k !== null && (!Number.isSafeInteger(k) || k < 1 || k > d_sae))
    throw badInput(`${path} k`, `a whole number from 1 to d_sae = ${d_sae}`, String(k));
  if (parts.kind === "groupmax" && d_sae % k! !== 0)
    throw badInput(`${path} k`, `a number of groups that divides d_sae = ${d_sae}`, String(k));
  for (const [name, shape] of [
    ["W_enc", [d_in, d_sae]],
    ["W_dec", [d_sae, d_in]],
  ] as const) {
    const found = parts[name].shape;
    if (found[0] !== shape[0] || found[1] !== shape[1])
      throw badInput(`${path} "${name}"`, `shape [${shape.join(", ")}]`, `[${found.join(", ")}]`);
    // Values that are still in a file are checked when they are read.
    const { loaded } = parts[name];
    if (loaded !== null) requireFinite(loaded, `${path} "${name}"`);
  }
  for (const [name, { values, length }] of Object.entries(vectorsOf(parts))) {
    if (values.length !== length)
      throw badInput(`${path} "${name}"`, `${length} numbers`, String(values.length));
    requireFinite(values, `${path} "${name}"`);
  }
  if (parts.rescaleByDecoderNorm) {
    const zero = norms(parts.W_dec, 0).indexOf(0);
    if (zero >= 0)
      throw badInput(
        `${path} W_dec`,
        "no row of zeros, since features are rescaled by its norm",
        `row ${zero}`,
      );
  }
  let identity: string | null = null;
  return { ...parts, identity: () => (identity ??= identityOf(parts)) };
}

/**
 * @throws FathomError unless each field that belongs to certain kinds is present for those kinds and null for the
 *   others
 */
function requireFields(parts: SaeParts): void {
  const owners = { threshold: ["jumprelu"], k: ["topk", "groupmax"], magnitude: ["gated"] } as const;
  for (const [field, kinds] of Object.entries(owners) as [keyof typeof owners, readonly SaeKind[]][]) {
    const present = parts[field] !== null;
    if (present !== kinds.includes(parts.kind))
      throw badInput(
        `${parts.path} ${field}`,
        present ? `none for an SAE of kind ${parts.kind}` : `one for an SAE of kind ${parts.kind}`,
        present ? "one" : "none",
      );
  }
  if (parts.rescaleByDecoderNorm && parts.kind !== "topk")
    throw badInput(`${parts.path} rescaleByDecoderNorm`, `false for kind ${parts.kind}`, "true");
}

/** The vectors of an SAE under the names that SAELens gives them. */
export function vectorsOf(
  parts: SaeParts,
): Record<string, { values: Float32Array<ArrayBuffer>; length: number }> {
  const { d_in, d_sae, kind, threshold, magnitude } = parts;
  const perFeature = (values: Float32Array<ArrayBuffer>) => ({ values, length: d_sae });
  return {
    [kind === "gated" ? "b_gate" : "b_enc"]: perFeature(parts.b_enc),
    b_dec: { values: parts.b_dec, length: d_in },
    ...(threshold === null ? {} : { threshold: perFeature(threshold) }),
    ...(magnitude === null ? {} : { r_mag: perFeature(magnitude.r_mag), b_mag: perFeature(magnitude.b_mag) }),
  };
}

function identityOf(parts: SaeParts): string {
  const vectors = Object.entries(vectorsOf(parts)).map(
    ([name, { values }]) => [name, hashValues(values)] as const,
  );
  // Both matrices are hashed feature by feature, so their layout in a file makes no difference.
  const features = (matrix: Matrix, axis: 0 | 1) => {
    const hash = createHash("sha256");
    for (const { values } of blocks(matrix, axis)) hash.update(bytesOf(values));
    return hash.digest("hex");
  };
  return hashJson({
    kind: parts.kind,
    d_in: parts.d_in,
    d_sae: parts.d_sae,
    k: parts.k,
    applyBDecToInput: parts.applyBDecToInput,
    normalize: parts.normalize,
    rescaleByDecoderNorm: parts.rescaleByDecoderNorm,
    site: parts.site === null ? null : { ...parts.site },
    tensors: {
      ...Object.fromEntries(vectors),
      W_enc: features(parts.W_enc, 1),
      W_dec: features(parts.W_dec, 0),
    },
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
