/**
 * Which tokens of an answer its features are pooled over: those of its text. Marks of the template that a model writes into its
 * answer are not the answer's; and a massive token, whose features are those of its size, would alone decide a mean or a maximum.
 */
import { formatNumber } from "../../core/format.ts";
import { pickRows, type Rows } from "../../sae/code/rows.ts";
import { massiveMultiple, normsOf } from "../../sae/measure/quality/quality.ts";

/** What was left out of the pooling of a run's answers. */
export interface LeftOut {
  special: number;
  massive: number;
  /** Answers that had tokens, and none of them left: they have no features, which is not features of 0. */
  answers: number;
}

/**
 * @param rows residuals of an answer's tokens [n, d] @param ids of the same [n]
 * @param massiveNorm a token is massive when ‖x‖ is above it
 * @returns the rows to pool over, none perhaps, and how many were left out
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

/** For whoever reads a number made from pooled features; null where no massive token was left out. */
export function leftOutWords({ massive }: LeftOut, massiveNorm: number): string | null {
  if (massive === 0) return null;
  const tokens = massive === 1 ? "1 massive token" : `${massive} massive tokens`;
  return `features pooled without ${tokens} of the answers (norm above ${formatNumber(massiveNorm)}, ${massiveMultiple} times the median)`;
}
