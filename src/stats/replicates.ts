/**
 * The mean of something that was measured in several replicates of an experiment (trainings from several seeds) on units of
 * one pool (prompts), some of which recur in several replicates. Both are samples, so the interval is over both: a unit that
 * is far off is so in each replicate, and a replicate that is far off is so for all its units.
 */
import { groupBy } from "./group.ts";
import type { Interval } from "./proportion.ts";
import { studentCritical } from "./student.ts";
import { mean, variance } from "./summary.ts";

export interface Measured {
  /** Items of one cluster are not independent, whatever the replicate. */
  cluster: string;
  value: number;
}

/**
 * The mean over replicates of their means, and its t interval. Its variance is the sum of two: of the clusters, each moving
 * all replicates that it is in (linearized, C/(C − 1)), and of the replicates' means over their number. The first is within
 * the second too: where replicates differ by their units only, the interval is wider than it need be, by √2 at most. Degrees
 * of freedom are Satterthwaite's (1946), rounded down. Of one replicate the interval is over clusters alone.
 *
 * Resampling both with replacement covers far less with few replicates: of three that differ, 73% to 83% at 95%.
 * @param replicates [R][items], R from 1, items from 1
 * @returns no interval with fewer than two clusters
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
