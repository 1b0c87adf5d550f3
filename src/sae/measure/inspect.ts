/** Describes an SAE from its file only; no model and no activations are needed. */
import { blocks, norms } from "../code/matrix.ts";
import { type Normalization, type Sae, type SaeKind, type Site, type Stated } from "../code/sae.ts";
import { residualOnly } from "../code/site.ts";

export interface Range {
  min: number;
  median: number;
  max: number;
}

export interface Inspection {
  format: string;
  path: string;
  identity: string;
  kind: SaeKind;
  d_in: number;
  d_sae: number;
  /** Most active features per token; null unless topk or groupmax. */
  k: number | null;
  site: Site | null;
  normalize: Normalization;
  applyBDecToInput: boolean;
  rescaleByDecoderNorm: boolean;
  /** The thresholds above which features are active; null unless jumprelu. */
  threshold: Range | null;
  /** ‖W_enc column‖ over features; the columns multiply the input after the normalization of `normalize`. */
  encoderNorm: Range;
  /** ‖W_dec row‖ over features. */
  decoderNorm: Range;
  /** Features that look dead from their weights only. A feature that looks alive here may still never fire. */
  deadLooking: {
    count: number;
    share: number;
    /** The norm of the decoder row is negligible compared with the median row. */
    noDecoder: number;
    /** The encoder column is zero, and the bias without it does not reach the threshold. */
    noEncoder: number;
    /**
     * An input of the norm that the SAE normalizes to cannot reach the threshold in any direction; null if the SAE does not
     * fix the norm of its inputs.
     */
    outOfReach: number | null;
  };
  stated: Stated;
  /** Whole sentences: the scaling and folding that was applied when the file was read. */
  notes: readonly string[];
  /** What the file does not state or cannot be used for, and what to try. */
  missing: Missing[];
}

export interface Missing {
  what: string;
  try: string;
}

/** A decoder row below this share of the median norm adds less than float32 keeps beside the others. */
const nothing = 1e-6;

export function inspect(sae: Sae): Inspection {
  const { d_sae } = sae;
  const decoder = norms(sae.W_dec, 0);
  const decoderNorm = rangeOf(decoder);
  const encoder = norms(sae.W_enc, 1);
  const largestInput = fixedNorm(sae);
  const shift = shiftOf(sae);
  const dead = new Set<number>();
  const counts = { noDecoder: 0, noEncoder: 0, outOfReach: 0 };
  for (let feature = 0; feature < d_sae; feature++) {
    const reasons = {
      noDecoder: decoder[feature]! <= nothing * decoderNorm.median,
      noEncoder: encoder[feature] === 0 && !canFire(sae, feature, 0),
      outOfReach:
        largestInput !== null &&
        !canFire(sae, feature, encoder[feature]! * largestInput - (shift?.[feature] ?? 0)),
    };
    for (const [reason, holds] of Object.entries(reasons) as [keyof typeof counts, boolean][]) {
      if (!holds) continue;
      counts[reason]++;
      dead.add(feature);
    }
  }
  return {
    format: sae.format,
    path: sae.path,
    identity: sae.identity(),
    kind: sae.kind,
    d_in: sae.d_in,
    d_sae,
    k: sae.k,
    site: sae.site,
    normalize: sae.normalize,
    applyBDecToInput: sae.applyBDecToInput,
    rescaleByDecoderNorm: sae.rescaleByDecoderNorm,
    threshold: sae.threshold === null ? null : rangeOf(sae.threshold),
    encoderNorm: rangeOf(encoder),
    decoderNorm,
    deadLooking: {
      count: dead.size,
      share: dead.size / d_sae,
      ...counts,
      outOfReach: largestInput === null ? null : counts.outOfReach,
    },
    stated: sae.stated,
    notes: sae.notes,
    missing: missingFrom(sae),
  };
}

function missingFrom({ site, decodes = null, stated }: Sae): Missing[] {
  const missing: Missing[] = [];
  if (decodes !== null)
    missing.push({ what: `A transcoder: it decodes ${decodes}, not what it reads.`, try: residualOnly });
  if (site === null)
    missing.push({
      what: "The block whose output it reads is not said.",
      try: "--layer with the block it was trained on, for sae check and audit",
    });
  else if (site.layer === null)
    missing.push({
      what: `It reads ${site.hookName}, which is not the residual stream after a block; nothing else is captured.`,
      try: residualOnly,
    });
  if (site !== null && site.modelName === null)
    missing.push({
      what: "The model that it was trained on is not said.",
      try: "fathom sae check --model MODEL: another model's activations are hardly explained",
    });
  const unsaid = (Object.keys(statedWords) as (keyof Stated)[]).filter((name) => stated[name] === null);
  if (unsaid.length > 0)
    missing.push({
      what: `Not stated: ${unsaid.map((name) => statedWords[name]).join(", ")}.`,
      try: "nothing; the load gate takes its declared bounds instead",
    });
  return missing;
}

const statedWords: Record<keyof Stated, string> = {
  varianceExplained: "variance explained",
  meanL0: "mean L0",
  deadShare: "dead share",
  meanNorm: "norm of the activations in training",
};

/** ‖normalize(x)‖ if it is the same for every x, else null. layer_norm divides by the standard deviation with n − 1. */
function fixedNorm({ normalize, d_in }: Sae): number | null {
  switch (normalize) {
    case "none":
    case "expected_average_only_in":
      return null;
    case "constant_norm_rescale":
      return Math.sqrt(d_in);
    case "layer_norm":
      return Math.sqrt(d_in - 1);
  }
}

/** By how much the subtraction of b_dec from the input lowers each feature's product, [d_sae]; null without subtraction. */
function shiftOf({ applyBDecToInput, W_enc, b_dec, d_in, d_sae }: Sae): Float64Array | null {
  if (!applyBDecToInput) return null;
  const shift = new Float64Array(d_sae);
  for (const { from, size, values } of blocks(W_enc, 1))
    for (let i = 0; i < size; i++)
      for (let row = 0; row < d_in; row++)
        shift[from + i] = shift[from + i]! + b_dec[row]! * values[i * d_in + row]!;
  return shift;
}

/** @param product largest value of the encoder column's product with an input */
function canFire(sae: Sae, feature: number, product: number): boolean {
  // Rescaling by a decoder norm does not change the sign, so it is left out.
  return product + sae.b_enc[feature]! > Math.max(0, sae.threshold?.[feature] ?? 0);
}

function rangeOf(values: Float32Array): Range {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { min: at(0), median: at(0.5), max: at(1) };
}
