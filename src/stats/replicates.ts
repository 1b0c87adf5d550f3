/**
 * The mean of a quantity that was measured in several replicates of an experiment (trainings from several seeds) on
 * units of one pool (prompts). Some units occur in several replicates. Both are samples, so the interval covers both:
 * an unusual unit is unusual in every replicate, and an unusual replicate is unusual for all its units.
 */

import { studentCritical } from "./distributions/student.ts";
import { groupBy } from "./group.ts";
import type { Interval } from "./proportion.ts";
import { mean, variance } from "./summary.ts";

export interface Measured {
  /** Items of one cluster are not independent, even in different replicates. */
  cluster: string;
  value: number;
}

/**
 * The mean over replicates of their means, and its t interval. The variance is a sum of two parts. The first is the
 * variance over clusters, where each cluster moves all replicates that it is in (linearized, C/(C − 1)). The second
 * is the variance of the replicates' means divided by their number. The second contains the first again. So if
 * replicates differ only by their units, the interval is too wide, by a factor of √2 at most. Degrees of freedom are
 * Satterthwaite's (1946), rounded down. With one replicate the interval is over clusters only.
 *
 * Resampling both with replacement would cover far less with few replicates: 73% to 83% at the 95% level for three
 * that differ.
 * @param replicates [R][items], with R ≥ 1 and at least one item per replicate
 * @returns `interval`: null with fewer than two clusters
 * Source: Cameron, Gelbach & Miller 2011 (two-way clusters), without their third term, which may make a variance negative.
 */
export function meanOverReplicates(
  replicates: readonly (readonly Measured[])[],
  level: number,
): { estimate: number; interval: Interval | null } {
  const means = replicates.map((items) => mean(items.map(({ value }) => value)));
  const estimate = mean(means);
  const pulls = replicates.flatMap((items, at) =>
    items.map(({ cluster, value }) => ({
      cluster,
      pull: (value - means[at]!) / (items.length * replicates.length),
    })),
  );
  const clusters = [...groupBy(pulls, ({ cluster }) => cluster).values()];
  if (clusters.length < 2) return { estimate, interval: null };
  const squares = clusters.reduce((sum, of) => sum + of.reduce((all, { pull }) => all + pull, 0) ** 2, 0);
  const parts = [{ of: (squares * clusters.length) / (clusters.length - 1), df: clusters.length - 1 }];
  if (means.length > 1) parts.push({ of: variance(means, 1) / means.length, df: means.length - 1 });
  const whole = parts.reduce((sum, part) => sum + part.of, 0);
  if (whole === 0) return { estimate, interval: [estimate, estimate] };
  const df = whole ** 2 / parts.reduce((sum, part) => sum + part.of ** 2 / part.df, 0);
  const half = studentCritical((1 - level) / 2, Math.max(1, Math.floor(df))) * Math.sqrt(whole);
  return { estimate, interval: [estimate - half, estimate + half] };
}
