/**
 * The edit of a site, in one low-rank form for all interventions:
 *
 *     x' = x + ((target(a) − a) ⊙ mask) · D,   a = act(normalize(x)·E + b),   target(a) = scale ⊙ a + offset
 *
 * Zero ablation and holding a feature silent are scale 0. Setting to a value is scale 0 with an offset. Scaling is a scale.
 * Removing a direction is the identity with E = Dᵀ = the unit direction. Adding a vector is E = 0 with the vector's size as
 * offset. The part of x that the features do not explain (an SAE's error) stays in x by construction.
 */
import { badInput } from "../../../core/errors.ts";
import {
  type EditNormalization,
  editNormalizations,
  type SiteKind,
  siteKinds,
} from "../../architecture/slots/sites.ts";

type Floats = Float32Array<ArrayBuffer>;

export const editActivations = ["identity", "relu", "jumprelu", "topk", "groupmax", "gated"] as const;
export type EditActivation = (typeof editActivations)[number];

/** Axes: d d_model, m features that are encoded, n of them that are edited (all m, if `chosen` is not given). */
export interface Edit {
  /** The block, from 0; for the site `embed` 0. */
  layer: number;
  /** `resid_post` when not given. */
  site?: SiteKind | undefined;
  /** jumprelu: ReLU(p)·1[p > threshold]. topk, groupmax, gated: as an SAE's (src/sae/code/sae.ts). */
  activation: EditActivation;
  /** What is done to x before it is encoded. The change is scaled back. `none` when not given. */
  normalize?: EditNormalization | undefined;
  /** E [d, m], row-major. */
  encoder: Floats;
  /** b [m]. */
  bias: Floats;
  /** [m], for jumprelu only. */
  threshold?: Floats | undefined;
  /** The largest k features of topk, or the number of groups of groupmax. */
  k?: number | undefined;
  /** For gated only: a = 1[p > 0]·ReLU((x·E) ⊙ scale + bias), [m] each. */
  magnitude?: { scale: Floats; bias: Floats } | undefined;
  /** [n] The features that are edited. topk and groupmax need the others too, to decide which are active. */
  chosen?: Int32Array<ArrayBuffer> | undefined;
  /** D [n, d], row-major. */
  decoder: Floats;
  /** [n] each. */
  scale: Floats;
  offset: Floats;
}

/** How far each feature of an edit applies to a row, from 0 to 1: [n] for all tokens, or by token. */
export type EditMask = Float32Array | TokenMask | StartMask;

/** The product of features [n] and tokens, one number per token of the row. Later tokens have the last of these numbers. */
interface TokenMask {
  readonly features: Float32Array;
  readonly tokens: Float32Array;
}

/** [n] each: one mask for the first `until` tokens of the row, and another for those behind them. */
interface StartMask {
  readonly start: Float32Array;
  readonly until: number;
  readonly features: Float32Array;
}

/** The mask of a row's token, from 0: features [n], times a factor. */
export function maskAt(mask: EditMask, token: number): { features: Float32Array; factor: number } {
  if (mask instanceof Float32Array) return { features: mask, factor: 1 };
  if ("start" in mask) return { features: token < mask.until ? mask.start : mask.features, factor: 1 };
  return { features: mask.features, factor: mask.tokens[Math.min(token, mask.tokens.length - 1)]! };
}

/** One mask per edit. */
export type EditMasks = readonly EditMask[];

/** The number of features that an edit changes. */
export const editedFeatures = (edit: Pick<Edit, "scale">): number => edit.scale.length;

interface ModelSizes {
  hiddenSize: number;
  layers: number;
}

/** @throws FathomError naming the edit, and the layer, site, field or array that does not fit */
export function checkEdits(edits: readonly Edit[], sizes: ModelSizes): void {
  for (const [index, edit] of edits.entries()) checkEdit(edit, `edit ${index}`, sizes);
}

function checkEdit(edit: Edit, place: string, { hiddenSize: d, layers }: ModelSizes): void {
  const { layer, site = "resid_post", normalize = "none", activation } = edit;
  const deepest = site === "embed" ? 0 : layers - 1;
  if (!siteKinds.includes(site))
    throw badInput(`${place} site`, `${siteKinds.join(", ")}; other writes of a family have no site`, site);
  if (!Number.isInteger(layer) || layer < 0 || layer > deepest) {
    const expected = site === "embed" ? "layer 0, as the site embed has" : `a layer from 0 to ${deepest}`;
    throw badInput(place, expected, String(layer));
  }
  if (!editActivations.includes(activation))
    throw badInput(`${place} activation`, editActivations.join(", "), activation);
  if (!editNormalizations.includes(normalize))
    throw badInput(`${place} normalize`, editNormalizations.join(", "), normalize);
  checkOwnFields(edit, place);

  const m = edit.bias.length;
  checkCounts(edit, place, m);
  const n = edit.chosen?.length ?? m;
  const lengths: [name: string, values: Floats | undefined, length: number, count: number][] = [
    ["encoder", edit.encoder, d * m, m],
    ["threshold", edit.threshold, m, m],
    ["magnitude scale", edit.magnitude?.scale, m, m],
    ["magnitude bias", edit.magnitude?.bias, m, m],
    ["decoder", edit.decoder, n * d, n],
    ["scale", edit.scale, n, n],
    ["offset", edit.offset, n, n],
  ];
  for (const [name, values, length, count] of lengths) {
    if (values !== undefined && values.length !== length)
      throw badInput(`${place} ${name}`, `${length} numbers for ${count} features`, String(values.length));
  }
}

/** Each of these fields belongs to certain activations, which need it. */
const owners = { threshold: ["jumprelu"], k: ["topk", "groupmax"], magnitude: ["gated"] } as const;

function checkOwnFields(edit: Edit, place: string): void {
  for (const [field, kinds] of Object.entries(owners) as [keyof typeof owners, readonly EditActivation[]][]) {
    const isPresent = edit[field] !== undefined;
    if (isPresent === kinds.includes(edit.activation)) continue;
    const name = field === "k" ? "k" : `a ${field}`;
    throw badInput(
      place,
      isPresent ? `no ${field}` : `${name}, as ${edit.activation} has`,
      isPresent ? `one with ${edit.activation}` : "none",
    );
  }
}

function checkCounts({ activation, k, chosen }: Edit, place: string, m: number): void {
  if (m === 0) throw badInput(`${place} bias`, "one feature at least", "none");
  if (k !== undefined) {
    if (!Number.isInteger(k) || k < 1 || k > m)
      throw badInput(`${place} k`, `a whole number from 1 to ${m}`, String(k));
    if (activation === "groupmax" && m % k !== 0)
      throw badInput(`${place} k`, `a number of groups that divides ${m}`, String(k));
  }
  if (chosen?.length === 0) throw badInput(`${place} chosen`, "one feature at least", "none");
  const wrong = chosen?.find((feature) => feature < 0 || feature >= m);
  if (wrong !== undefined) throw badInput(`${place} chosen`, `features from 0 to ${m - 1}`, String(wrong));
}

/**
 * @param sizes the number of edited features of each edit
 * @throws FathomError naming the row and the mask that does not fit
 */
export function checkMasks(masks: EditMasks, sizes: readonly number[], row: string): void {
  if (masks.length !== sizes.length)
    throw badInput(`masks of ${row}`, `one for each of ${sizes.length} edits`, String(masks.length));
  for (const [index, mask] of masks.entries()) {
    for (const features of featuresOf(mask))
      if (features.length !== sizes[index])
        throw badInput(`mask ${index} of ${row}`, `${sizes[index]} features`, String(features.length));
    if ("tokens" in mask && mask.tokens.length === 0)
      throw badInput(`mask ${index} of ${row}`, "one token at least", "none");
  }
}

/** The features of each part of a mask. */
function featuresOf(mask: EditMask): Float32Array[] {
  if (mask instanceof Float32Array) return [mask];
  return "start" in mask ? [mask.start, mask.features] : [mask.features];
}
