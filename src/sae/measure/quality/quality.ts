/**
 * How well an SAE fits activations. Raw residuals are not Gaussian: in SmolLM2 ten tokens of 65,000 hold 85% of the
 * variance. So a single number over all tokens describes mostly those ten ("massive activations", Sun et al., arXiv
 * 2402.17762). A rule finds them, they are reported separately, and every figure here says which tokens it covers.
 */
import { badInput } from "../../../core/errors.ts";
import { eachActive } from "../../code/active.ts";
import type { Rows } from "../../code/rows.ts";
import { stretches } from "../../code/rows.ts";
import type { SaeSession, Stretch } from "../../code/sae-session.ts";

/**
 * A token is massive if ‖x‖ is more than this many times the median. Figures called "ordinary" leave massive tokens
 * out.
 */
export const massiveMultiple = 10;

/** Rows read at a time when nothing is encoded. */
const rowsAtATime = 1024;

export interface Quality {
  /** n, all tokens. */
  tokens: number;
  /**
   * The massive tokens, which the ordinary figures leave out. `errorShare` is Σ‖x − x̂‖² / Σ‖x‖² over them; null
   * without any.
   */
  massive: { count: number; errorShare: number | null };
  varianceExplained: {
    /** 1 − Σ‖x − x̂‖² / Σ‖x − μ‖² over all tokens; μ is their mean. */
    all: number;
    /** The same without the first token of every sequence (BOS); null if the first tokens are not known. */
    withoutFirst: number | null;
    /** The same over the tokens that are not massive; μ is the mean of those. */
    ordinary: number;
    /** Median of 1 − ‖x − x̂‖²/‖x − μ‖² per token, over the tokens that are not massive. */
    perToken: number;
  };
  /** Mean number of active features per token, without massive tokens: on those, all features may be active. */
  meanL0: number;
  /** Features that are active on no token. If the sample is too small, rare features are among them. */
  dead: { count: number; share: number };
  /** ‖x‖: mean over all tokens, mean over ordinary tokens, median and largest. */
  norm: { mean: number; ordinary: number; median: number; max: number };
}

/** The group of tokens that a share of variance covers. */
export type TokenGroup = "all" | "withoutFirst" | "ordinary" | "ordinaryWithoutFirst";

/** The figures behind `Quality` token by token, for code that sums them in other ways. */
export interface TokenQuality {
  /** [n] ‖x‖ */
  norms: Float64Array;
  /** [n] 1 for a massive token. */
  isMassive: Uint8Array;
  /**
   * Whether a token belongs to a group. If first tokens are not known, or all tokens are first, no token counts as
   * first.
   */
  belongs: Record<TokenGroup, (row: number) => boolean>;
  firstKnown: boolean;
  /** [n] ‖x − x̂‖² */
  error: Float64Array;
  /** [n] ‖x − μ‖²; μ is the mean of the group's tokens. */
  spread: Record<TokenGroup, Float64Array>;
  /** [n] number of active features. */
  l0: Uint32Array;
  /** [d_sae] number of tokens on which each feature is active. */
  firings: Uint32Array;
}

/**
 * @param rows activations [n, d_in] of the model and site that the SAE is for, n ≥ 2
 * @param isFirst [n] 1 for the first token of a sequence; null if that is not known
 * @param watch called with every stretch after it is encoded
 * @throws FathomError for fewer than 2 rows, rows of another width, NaN or infinities
 */
export async function tokenQuality(
  session: SaeSession,
  rows: Rows,
  isFirst: Uint8Array | null,
  watch: (stretch: Stretch) => void = () => undefined,
): Promise<TokenQuality> {
  const { d_in, d_sae } = session.sae;
  if (rows.width !== d_in)
    throw badInput(rows.name, `rows of d_in = ${d_in} numbers`, `rows of ${rows.width}`);
  if (rows.count < 2) throw badInput(rows.name, "at least 2 tokens", String(rows.count));
  const norms = normsOf(rows);
  const isMassive = massiveOf(norms);
  // If all tokens are first tokens, there is no group without them.
  const first = isFirst?.includes(0) === true ? isFirst : null;
  const belongs: TokenQuality["belongs"] = {
    all: () => true,
    withoutFirst: (row) => first?.[row] !== 1,
    ordinary: (row) => isMassive[row] === 0,
    ordinaryWithoutFirst: (row) => isMassive[row] === 0 && first?.[row] !== 1,
  };
  const means = mapped(belongs, (wanted) => meanOf(rows, wanted));

  const error = new Float64Array(rows.count);
  const spread = mapped(belongs, () => new Float64Array(rows.count));
  const l0 = new Uint32Array(rows.count);
  const firings = new Uint32Array(d_sae);
  await session.encodeRows(rows, async (stretch) => {
    const { from, x } = stretch;
    eachActive(stretch, d_sae, (row, feature) => {
      l0[row]!++;
      firings[feature]!++;
    });
    const rebuilt = await session.decode(stretch);
    for (let row = 0; row * d_in < x.length; row++) {
      error[from + row] = squaredDistance(x, row * d_in, rebuilt, row * d_in, d_in);
      for (const name of Object.keys(belongs) as TokenGroup[])
        spread[name][from + row] = squaredDistance(x, row * d_in, means[name], 0, d_in);
    }
    watch(stretch);
  });
  return { norms, isMassive, belongs, firstKnown: first !== null, error, spread, l0, firings };
}

/**
 * The summary of `tokenQuality` over the same rows.
 * @throws FathomError as `tokenQuality`, and if all tokens are the same
 */
export async function quality(
  session: SaeSession,
  rows: Rows,
  isFirst: Uint8Array | null = null,
): Promise<Quality> {
  const { norms, isMassive, belongs, firstKnown, error, spread, l0, firings } = await tokenQuality(
    session,
    rows,
    isFirst,
  );
  const { d_sae } = session.sae;
  const dead = firings.reduce((count, tokens) => count + (tokens === 0 ? 1 : 0), 0);
  const explained = (group: TokenGroup) => {
    const of = (values: Float64Array) => sum(values.filter((_, row) => belongs[group](row)));
    return 1 - of(error) / positive(of(spread[group]), rows);
  };
  const ordinary = <T extends Float64Array | Uint32Array>(values: T) =>
    values.filter((_, row) => isMassive[row] === 0) as T;
  const ordinarySpread = ordinary(spread.ordinary);
  const massive = (values: Float64Array) => values.filter((_, row) => isMassive[row] === 1);
  const massiveCount = sum(isMassive);
  return {
    tokens: rows.count,
    massive: {
      count: massiveCount,
      errorShare:
        massiveCount === 0 ? null : sum(massive(error)) / sum(massive(norms.map((norm) => norm ** 2))),
    },
    varianceExplained: {
      all: explained("all"),
      withoutFirst: firstKnown ? explained("withoutFirst") : null,
      ordinary: explained("ordinary"),
      perToken: median(ordinary(error).map((value, at) => 1 - value / ordinarySpread[at]!)),
    },
    meanL0: sum(ordinary(l0)) / (rows.count - massiveCount),
    dead: { count: dead, share: dead / d_sae },
    norm: {
      mean: sum(norms) / rows.count,
      ordinary: sum(ordinary(norms)) / (rows.count - massiveCount),
      median: median(norms),
      max: norms.reduce((a, b) => Math.max(a, b), 0),
    },
  };
}

/** @param norms [n] @returns [n] 1 for a massive token */
export function massiveOf(norms: Float64Array): Uint8Array {
  const limit = massiveMultiple * median(norms);
  return Uint8Array.from(norms, (norm) => (norm > limit ? 1 : 0));
}

/** ‖x‖ of each row. @returns [n] */
export function normsOf(rows: Rows): Float64Array {
  const norms = new Float64Array(rows.count);
  const origin = new Float64Array(rows.width);
  for (const { from, x } of stretches(rows, rowsAtATime))
    for (let row = 0; row * rows.width < x.length; row++)
      norms[from + row] = Math.sqrt(squaredDistance(x, row * rows.width, origin, 0, rows.width));
  return norms;
}

/** Mean of the wanted rows. @returns [d] */
export function meanOf(rows: Rows, wanted: (row: number) => boolean): Float64Array {
  const total = new Float64Array(rows.width);
  let count = 0;
  for (const { from, x } of stretches(rows, rowsAtATime)) {
    for (let row = 0; row * rows.width < x.length; row++) {
      if (!wanted(from + row)) continue;
      count++;
      for (let i = 0; i < rows.width; i++) total[i] = total[i]! + x[row * rows.width + i]!;
    }
  }
  return total.map((value) => value / count);
}

function squaredDistance(
  a: Float32Array,
  atA: number,
  b: Float32Array | Float64Array,
  atB: number,
  width: number,
): number {
  let total = 0;
  for (let i = 0; i < width; i++) total += (a[atA + i]! - b[atB + i]!) ** 2;
  return total;
}

function mapped<K extends string, A, B>(of: Record<K, A>, map: (value: A, name: K) => B): Record<K, B> {
  const entries = Object.entries(of) as [K, A][];
  return Object.fromEntries(entries.map(([name, value]) => [name, map(value, name)])) as Record<K, B>;
}

function sum(values: Float64Array | Uint32Array | Uint8Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** NaN sorts last. A value is NaN if its token is exactly the mean and is rebuilt exactly (0/0). */
function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function positive(variance: number, rows: Rows): number {
  if (variance > 0) return variance;
  throw badInput(rows.name, "tokens that differ from one another", "the same numbers in every row");
}
