/**
 * Chooses the tokens over which an answer's features are pooled: those of its text. Special tokens that a model writes into its
 * answer belong to the template. A massive token has large features because of its norm, so it alone would decide a mean or a
 * maximum.
 */
import { formatNumber } from "../../../core/format.ts";
import { pickRows, type Rows } from "../../../sae/code/rows.ts";
import { massiveMultiple, normsOf } from "../../../sae/measure/quality/quality.ts";

/** How many tokens and answers of a run were not pooled. */
export interface LeftOut {
  special: number;
  massive: number;
  /** Answers that lost all their tokens. They have no features, which is different from features of 0. */
  answers: number;
}

/**
 * @param rows residuals of an answer's tokens [n, d] @param ids ids of the same tokens [n]
 * @param massiveNorm a token is massive when ‖x‖ is above it
 * @returns the rows to pool over (perhaps none), and how many were left out
 */
export function pooledTokens(
  rows: Rows,
  ids: readonly number[],
  special: ReadonlySet<number>,
  massiveNorm: number,
): { rows: Rows; leftOut: LeftOut } {
  const norms = normsOf(rows);
  const isSpecial = ids.map((id) => special.has(id));
  const isMassive = ids.map((_, at) => !isSpecial[at]! && norms[at]! > massiveNorm);
  const kept = [...ids.keys()].filter((at) => !isSpecial[at]! && !isMassive[at]!);
  const count = (is: readonly boolean[]) => is.filter(Boolean).length;
  return {
    rows: kept.length === ids.length ? rows : pickRows(rows, Int32Array.from(kept)),
    leftOut: {
      special: count(isSpecial),
      massive: count(isMassive),
      answers: ids.length > 0 && kept.length === 0 ? 1 : 0,
    },
  };
}

/** A note for numbers that come from pooled features; null if no massive token was left out. */
export function leftOutWords({ massive }: LeftOut, massiveNorm: number): string | null {
  if (massive === 0) return null;
  const tokens = massive === 1 ? "1 massive token" : `${massive} massive tokens`;
  return `features pooled without ${tokens} of the answers (norm above ${formatNumber(massiveNorm)}, ${massiveMultiple} times the median)`;
}
