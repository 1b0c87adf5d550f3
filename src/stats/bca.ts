/**
 * Bias-corrected and accelerated bootstrap (Efron 1987; Efron & Tibshirani 1993, chapter 14). It moves the percentiles of the
 * ordinary bootstrap where the statistic is biased or skewed.
 */
import { normalCdf, normalQuantile } from "./distributions/normal.ts";
import type { Interval } from "./proportion.ts";
import { clustersOf, drawStatistics } from "./resample.ts";
import { mean, quantile } from "./summary.ts";

/**
 * The interval of a statistic that resamples whole clusters, like `bootstrap`.
 * @param statistic returns NaN if it is undefined on a resample
 * @returns null where `bootstrap` returns null, and where leaving one cluster out, or every draw on one side of the observed
 * value, leaves the correction undefined
 */
export function bcaBootstrap<T>(
  options: Parameters<typeof drawStatistics<T>>[0] & { level: number },
): Interval | null {
  const { items, cluster, statistic, level } = options;
  const draws = drawStatistics(options);
  if (draws === null) return null;
  const clusters = clustersOf(items, cluster);
  const without = clusters.map((_, left) => statistic(clusters.filter((_, i) => i !== left).flat()));
  const tails = bcaTails(statistic(items), draws, without, level);
  return tails === null ? null : [quantile(draws, tails[0]), quantile(draws, tails[1])];
}

/**
 * The two shares of the draws [B] at which the interval ends.
 * @param without the statistic with each cluster left out [clusters]
 * @returns null if they are undefined
 */
export function bcaTails(
  observed: number,
  draws: readonly number[],
  without: readonly number[],
  level: number,
): Interval | null {
  // Half of the ties counts, as in a rank.
  const below =
    draws.reduce((sum, draw) => sum + (draw < observed ? 1 : draw === observed ? 0.5 : 0), 0) / draws.length;
  if (!(below > 0 && below < 1) || !without.every(Number.isFinite)) return null;
  const bias = normalQuantile(below);
  const center = mean(without);
  const [squares, cubes] = [2, 3].map((power) =>
    without.reduce((sum, value) => sum + (center - value) ** power, 0),
  );
  if (!(squares! > 0)) return null;
  const acceleration = cubes! / (6 * squares! ** 1.5);
  const tail = (side: number): number => {
    const z = bias + normalQuantile(side);
    return normalCdf(bias + z / (1 - acceleration * z));
  };
  return [tail((1 - level) / 2), tail(1 - (1 - level) / 2)];
}
