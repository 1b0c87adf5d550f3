/** Effect sizes: how far apart two groups are, and what share of the variance a grouping explains. */
import { auc } from "./auc.ts";
import { criticalValue } from "./distributions/normal.ts";
import type { Interval } from "./proportion.ts";
import { mean, variance } from "./summary.ts";

/**
 * Cohen's d = (mean a − mean b) / pooled standard deviation.
 * NaN if it is undefined: fewer than two values in a group, or no spread in either.
 */
export function cohensD(a: readonly number[], b: readonly number[]): number {
  if (a.length < 2 || b.length < 2) return NaN;
  const pooled =
    ((a.length - 1) * variance(a, 1) + (b.length - 1) * variance(b, 1)) / (a.length + b.length - 2);
  return pooled === 0 ? NaN : (mean(a) - mean(b)) / Math.sqrt(pooled);
}

/** Large-sample interval of Cohen's d between two independent groups of nA and nB values (Hedges & Olkin 1985, p. 86). */
export function cohensDInterval(d: number, nA: number, nB: number, level: number): Interval {
  const standardError = Math.sqrt((nA + nB) / (nA * nB) + (d * d) / (2 * (nA + nB)));
  const half = criticalValue(level) * standardError;
  return [d - half, d + half];
}

/**
 * Cliff's δ = P(a > b) − P(a < b) for a value of each group, in [−1, 1] (Cliff 1993). Only the order of the values counts.
 * NaN if a group is empty.
 */
export const cliffsDelta = (a: readonly number[], b: readonly number[]): number => 2 * auc(a, b) - 1;

/**
 * Share of the values' variance that a grouping explains: η² = between-group / total sum of squares, in [0, 1].
 * NaN if the values do not vary.
 * @param values [n] @param groups [n], the group of each value.
 */
export function varianceShare(values: readonly number[], groups: readonly string[]): number {
  if (values.length !== groups.length)
    throw new RangeError(
      `varianceShare: expected one group a value, got ${groups.length} of ${values.length}`,
    );
  const center = mean(values);
  let total = 0;
  const sums = new Map<string, { sum: number; n: number }>();
  values.forEach((value, i) => {
    total += (value - center) ** 2;
    const group = sums.get(groups[i]!) ?? { sum: 0, n: 0 };
    group.sum += value;
    group.n += 1;
    sums.set(groups[i]!, group);
  });
  let between = 0;
  for (const { sum, n } of sums.values()) between += n * (sum / n - center) ** 2;
  // A spread as small as rounding errors counts as no spread.
  const noise = values.length * (1e-14 * Math.max(1, Math.abs(center))) ** 2;
  return total <= noise ? NaN : Math.min(1, between / total);
}
