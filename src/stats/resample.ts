/** Seeded bootstrap and permutation test: intervals and null distributions for statistics without a textbook formula. */
import type { Random } from "../core/random.ts";
import { groupBy } from "./group.ts";
import type { Interval } from "./proportion.ts";
import { mean, quantile } from "./summary.ts";

/**
 * If the statistic is undefined on more than this share of resamples, there is no interval: it would describe only
 * the others.
 */
const mostUndefined = 0.1;

/**
 * Percentile bootstrap of a statistic that resamples whole clusters. With one item per cluster it is the ordinary
 * bootstrap.
 * @param statistic returns NaN if it is undefined on a resample (for example because a group is missing)
 * @returns null if there are fewer than two clusters, or if more than a tenth of the resamples are undefined
 * Source: Efron & Tibshirani 1993, chapter 13; Davison & Hinkley 1997, section 3.8 for clusters.
 */
export function bootstrap<T>(
  options: Parameters<typeof drawStatistics<T>>[0] & { level: number },
): Interval | null {
  const draws = drawStatistics(options);
  return draws === null ? null : percentiles(draws, options.level);
}

/** The middle share `level` of draws. */
export function percentiles(draws: readonly number[], level: number): Interval {
  const tail = (1 - level) / 2;
  return [quantile(draws, tail), quantile(draws, 1 - tail)];
}

/** The statistic on resamples of whole clusters, undefined ones left out; null where {@link bootstrap} returns null. */
export function drawStatistics<T>(options: {
  items: readonly T[];
  cluster: (item: T) => string;
  statistic: (items: readonly T[]) => number;
  resamples: number;
  random: Random;
}): number[] | null {
  const { items, cluster, statistic, resamples, random } = options;
  const clusters = clustersOf(items, cluster);
  if (clusters.length < 2) return null;
  const draws: number[] = [];
  for (let b = 0; b < resamples; b++) {
    const drawn: T[] = [];
    for (let i = 0; i < clusters.length; i++) drawn.push(...clusters[random.integer(clusters.length)]!);
    const value = statistic(drawn);
    if (Number.isFinite(value)) draws.push(value);
  }
  return draws.length < resamples * (1 - mostUndefined) ? null : draws;
}

export const clustersOf = <T>(items: readonly T[], cluster: (item: T) => string): T[][] => [
  ...groupBy(items, cluster).values(),
];

/**
 * Monte Carlo p of an observed value among draws [B] of its null: (1 + b) / (1 + B) with b draws as large or larger. The observed value
 * counts as a draw, so p is never 0 (Phipson & Smyth 2010).
 */
export function exceedance(observed: number, draws: readonly number[]): number {
  // Sums in a different order differ in the last bits, but equal values must count as ties.
  const least = observed - 1e-12 * Math.max(1, Math.abs(observed));
  return (draws.filter((value) => value >= least).length + 1) / (draws.length + 1);
}

export interface Null {
  /** Monte Carlo p that counts the observed value as one of the draws (Phipson & Smyth 2010), so it is never 0. */
  p: number;
  mean: number;
  interval: Interval;
}

/**
 * Compares an observed value with its distribution under random relabelling, that is, if the labels did not matter.
 * @param draw the statistic under one random relabelling.
 * @param side "two-sided" doubles the smaller tail, so the null need not be centred or symmetric.
 */
export function permutationTest(options: {
  observed: number;
  draw: (random: Random) => number;
  side: "two-sided" | "greater" | "less";
  resamples: number;
  level: number;
  random: Random;
}): Null {
  const { observed, draw, side, resamples, level, random } = options;
  const draws = Array.from({ length: resamples }, () => draw(random));
  const greater = exceedance(observed, draws);
  const less = exceedance(
    -observed,
    draws.map((value) => -value),
  );
  const p = { greater, less, "two-sided": Math.min(1, 2 * Math.min(greater, less)) }[side];
  const cut = (1 - level) / 2;
  return { p, mean: mean(draws), interval: [quantile(draws, cut), quantile(draws, 1 - cut)] };
}
