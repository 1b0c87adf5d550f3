/**
 * What probably went wrong with an SAE that failed the load gate. Each known mistake is undone in turn, and the SAE so
 * mended is tried on some of the activations: what then explains them was the mistake.
 */
import { FathomError } from "../core/errors.ts";
import { inMemory, type Matrix } from "./matrix.ts";
import { massiveOf, normsOf, type Quality, quality } from "./quality.ts";
import { pickRows, type Rows } from "./rows.ts";
import { makeSae, type Sae, type SaeParts } from "./sae.ts";
import { foldInputScale } from "./scale.ts";
import { SaeSession } from "./session.ts";

export interface Mistake {
  /** A whole sentence. */
  sentence: string;
  /** With the mistake undone, over the tokens tried. */
  varianceExplained: number;
}

/** Ordinary tokens that each mistake is tried on. */
const triedTokens = 512;
/** Numbers of weights above which nothing is tried: each try takes all of them in hand. */
const mostWeights = 2 ** 27;
/** What undoing must add to the fraction of variance explained to be believed. */
const leastGain = 0.1;

/**
 * @param rows activations [n, d_in] that the SAE was judged on
 * @param elsewhere the same tokens after other blocks
 * @param least fraction of variance explained that a mended SAE has
 */
export async function likelyMistake(
  sae: Sae,
  rows: Rows,
  elsewhere: ReadonlyMap<number, Rows>,
  found: Quality,
  least: number,
): Promise<Mistake | null> {
  if (2 * sae.d_in * sae.d_sae > mostWeights) return null;
  const isMassive = massiveOf(normsOf(rows));
  const ordinary = [...isMassive.keys()].filter((row) => isMassive[row] === 0);
  const every = Math.ceil(ordinary.length / triedTokens);
  const chosen = Int32Array.from(ordinary.filter((_, i) => i % every === 0));
  if (chosen.length < 2) return null;
  const here = pickRows(rows, chosen);
  const tries: { words: string; sae: SaeParts; rows: Rows }[] = [
    ...variants(sae, found).map((variant) => ({ ...variant, rows: here })),
    ...[...elsewhere].map(([layer, there]) => ({
      words: `these are activations of another layer than the SAE's, which fits the output of block ${layer}`,
      sae,
      rows: pickRows(there, chosen),
    })),
  ];
  const before = await explained(sae, here);
  const needed = Math.max(least, Number.isFinite(before) ? before + leastGain : least);
  let best: Mistake | null = null;
  for (const { words, sae: mended, rows: tried } of tries) {
    const value = await explained(mended, tried);
    if (value >= (best?.varianceExplained ?? needed))
      best = { sentence: `Likely: ${words}.`, varianceExplained: value };
  }
  if (best !== null) {
    const share = (value: number) => String(Number(value.toPrecision(3)));
    return {
      ...best,
      sentence: `${best.sentence} With that undone, ${share(best.varianceExplained)} of the variance is explained.`,
    };
  }
  return byCount(sae, found);
}

/** Ways in which the file's numbers may have been meant. */
function variants(sae: Sae, { norm }: Quality): { words: string; sae: SaeParts }[] {
  const { d_in, d_sae, b_dec, W_enc, W_dec, normalize } = sae;
  const factor = Math.sqrt(d_in) / norm.ordinary;
  const all: { words: string; sae: SaeParts }[] = [
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
    if (other !== normalize) all.push({ words, sae: { ...sae, normalize: other } });
  return all;
}

/** The numbers of a matrix [r, c] as if they had been written as [c, r]. @returns [r, c] */
function swapped(matrix: Matrix): Float32Array<ArrayBuffer> {
  const [rows, columns] = matrix.shape;
  const values = matrix.read();
  return Float32Array.from(values, (_, at) => values[(at % columns) * rows + Math.floor(at / columns)]!);
}

/** Where the reconstruction is sound and only the number of features is not. */
function byCount(sae: Sae, { meanL0, varianceExplained }: Quality): Mistake | null {
  const stated = sae.stated.meanL0;
  if (stated === null || meanL0 <= stated) return null;
  const words =
    sae.kind === "topk"
      ? `k is ${sae.k}, and was about ${stated.toPrecision(3)} in training`
      : sae.kind === "jumprelu"
        ? "the thresholds are missing or too low"
        : `more features are active than in training: a TopK or JumpReLU SAE read as ${sae.kind}`;
  return { sentence: `Likely: ${words}.`, varianceExplained: varianceExplained.ordinary };
}

/** NaN where the variant is no SAE, or does not compute. */
async function explained(parts: SaeParts, rows: Rows): Promise<number> {
  let session: SaeSession | null = null;
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
