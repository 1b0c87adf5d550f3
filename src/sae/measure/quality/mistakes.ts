/**
 * Finds out whether an SAE was read wrongly. Each known mistake is undone in turn, and the changed SAE is tried on
 * some of the activations. If it explains more of them than the SAE as loaded, that mistake was made.
 */
import { FathomError } from "../../../core/errors.ts";
import { collectArrays } from "../../../model/checkpoint/collect-garbage.ts";
import { inMemory, type Matrix } from "../../code/matrix.ts";
import { pickRows, type Rows } from "../../code/rows.ts";
import { makeSae, type Sae, type SaeParts } from "../../code/sae.ts";
import { SaeSession } from "../../code/sae-session.ts";
import { foldInputScale } from "../../code/scale.ts";
import { massiveOf, normsOf, type Quality, quality } from "./quality.ts";

export interface Mistake {
  /** A whole sentence. */
  sentence: string;
  /** Fraction of variance explained with the mistake undone, over the tokens tried. */
  varianceExplained: number;
}

/** Number of ordinary tokens on which each mistake is tried. */
const triedTokens = 512;
/** With more weights than this nothing is tried, because each try processes all of them. */
const mostWeights = 2 ** 27;
/**
 * How much undoing a mistake must add to the fraction of variance explained to count. A correctly loaded SAE explains most:
 * for SAEs of every kind that were tried, no other reading explained more.
 */
const leastGain = 0.01;
/**
 * The larger gain that added normalization must bring. It can help without a mistake, because it carries a token's mean and
 * norm past the SAE. The same gain is needed if the number of active features is wrong, too.
 */
const clearGain = 0.1;

interface Variant {
  words: string;
  sae: SaeParts;
  /** Default: `leastGain`. */
  gain?: number;
}

/**
 * Fraction of variance explained by the SAE as loaded, and by the changed SAE that explains most; `undone` is null if none
 * explains enough more.
 */
export interface Readings {
  asLoaded: number;
  undone: { words: string; varianceExplained: number } | null;
}

/**
 * @param rows activations [n, d_in] on which the SAE was judged
 * @param elsewhere activations of the same tokens after other blocks
 * @returns null if the SAE is too large to try, or if there are too few tokens
 */
export async function tryReadings(
  sae: Sae,
  rows: Rows,
  elsewhere: ReadonlyMap<number, Rows>,
  found: Quality,
): Promise<Readings | null> {
  if (2 * sae.d_in * sae.d_sae > mostWeights) return null;
  const isMassive = massiveOf(normsOf(rows));
  const ordinary = [...isMassive.keys()].filter((row) => isMassive[row] === 0);
  const every = Math.ceil(ordinary.length / triedTokens);
  const chosen = Int32Array.from(ordinary.filter((_, i) => i % every === 0));
  if (chosen.length < 2) return null;
  const here = pickRows(rows, chosen);
  const tries: (Variant & { rows: Rows })[] = [
    ...variants(sae, found).map((variant) => ({ ...variant, rows: here })),
    ...[...elsewhere].map(([layer, there]) => ({
      words: `these are activations of another layer than the SAE's, which fits the output of block ${layer}`,
      sae,
      rows: pickRows(there, chosen),
    })),
  ];
  const asLoaded = await explained(sae, here);
  let undone: Readings["undone"] = null;
  const base = Number.isFinite(asLoaded) ? asLoaded : 0;
  for (const { words, sae: mended, rows: tried, gain = leastGain } of tries) {
    const value = await explained(mended, tried);
    if (value >= Math.max(base + gain, undone?.varianceExplained ?? 0))
      undone = { words, varianceExplained: value };
  }
  return { asLoaded, undone };
}

/** @param least the fraction of variance explained that the changed SAE must reach to be named */
export function likelyMistake(
  sae: Sae,
  readings: Readings | null,
  found: Quality,
  least: number,
): Mistake | null {
  const undone = readings?.undone ?? null;
  const counted = byCount(sae, found);
  if (undone === null || undone.varianceExplained < least) return counted;
  // If there are too many active features, a wrong count is the better explanation than a reading that gains only a little.
  if (counted !== null && undone.varianceExplained < readings!.asLoaded + clearGain) return counted;
  const share = String(Number(undone.varianceExplained.toPrecision(3)));
  return {
    sentence: `Likely: ${undone.words}. With that undone, ${share} of the variance is explained.`,
    varianceExplained: undone.varianceExplained,
  };
}

/** The SAE with each known mistake undone: other ways in which the file's numbers may have been meant. */
function variants(sae: Sae, { norm }: Quality): Variant[] {
  const { d_in, d_sae, b_dec, W_enc, W_dec, normalize } = sae;
  const factor = Math.sqrt(d_in) / norm.ordinary;
  const all: Variant[] = [
    {
      words: `norms differ by √d: the dataset-norm scaling is missing (inputs times ${factor.toPrecision(3)})`,
      sae: foldInputScale(sae, factor, "tried"),
    },
    {
      words: "the dataset-norm scaling was applied twice",
      sae: foldInputScale(sae, 1 / factor, "tried"),
    },
    { words: "weights are scaled by √d", sae: foldInputScale(sae, 1 / Math.sqrt(d_in), "tried") },
    { words: "weights are scaled by 1/√d", sae: foldInputScale(sae, Math.sqrt(d_in), "tried") },
    {
      words: sae.applyBDecToInput
        ? "b_dec is not to be subtracted from the input"
        : "b_dec is to be subtracted from the input",
      sae: { ...sae, applyBDecToInput: !sae.applyBDecToInput },
    },
    { words: "b_dec has the wrong sign", sae: { ...sae, b_dec: b_dec.map((value) => -value) } },
    {
      words: "W_dec is stored the other way round (its transpose)",
      sae: { ...sae, W_dec: inMemory(swapped(W_dec), [d_sae, d_in]) },
    },
    {
      words: "W_enc is stored the other way round (its transpose)",
      sae: { ...sae, W_enc: inMemory(swapped(W_enc), [d_in, d_sae]) },
    },
  ];
  for (const [other, words] of [
    ["none", `inputs are normalized (${normalize}) and should not be`],
    ["layer_norm", "inputs are to be normalized: layer_norm"],
    ["constant_norm_rescale", "inputs are to be normalized: constant_norm_rescale"],
  ] as const)
    if (other !== normalize)
      all.push({ words, sae: { ...sae, normalize: other }, gain: other === "none" ? leastGain : clearGain });
  return all;
}

/** Reads the numbers of a matrix [r, c] as if they had been written as [c, r]. @returns [r, c] */
function swapped(matrix: Matrix): Float32Array<ArrayBuffer> {
  const [rows, columns] = matrix.shape;
  const values = matrix.read();
  // Not `Float32Array.from`: it keeps every number as an object on the way.
  return values.map((_, at) => values[(at % columns) * rows + Math.floor(at / columns)]!);
}

/** The mistake if the number of active features is higher than stated; null if it is not. */
function byCount(sae: Sae, { meanL0, varianceExplained }: Quality): Mistake | null {
  const stated = sae.stated.meanL0;
  if (stated === null || meanL0 <= stated) return null;
  const words =
    sae.k !== null
      ? `k is ${sae.k}, and was about ${stated.toPrecision(3)} in training`
      : sae.kind === "jumprelu"
        ? "the thresholds are missing or too low"
        : `more features are active than in training: a TopK or JumpReLU SAE read as ${sae.kind}`;
  return { sentence: `Likely: ${words}.`, varianceExplained: varianceExplained.ordinary };
}

/** Fraction of variance explained; NaN if the variant is not a valid SAE or cannot be computed. */
async function explained(parts: SaeParts, rows: Rows): Promise<number> {
  let session: SaeSession | null = null;
  collectArrays();
  try {
    session = await SaeSession.open(makeSae(parts));
    return (await quality(session, rows)).varianceExplained.all;
  } catch (error) {
    if (error instanceof FathomError) return NaN;
    throw error;
  } finally {
    await session?.close();
  }
}
