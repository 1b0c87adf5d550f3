/** How far a ranking may be trusted: its estimates beside what ablating single features really does. */
import type { Random } from "../../core/random.ts";
import type { Interval } from "../../stats/proportion.ts";
import { spearman } from "../../stats/rank-correlation.ts";
import { bootstrap } from "../../stats/resample.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import type { Trial } from "../trial/trial.ts";
import { measuredEffects } from "./ranking.ts";

export interface RankAgreement {
  /** With the effect of ablating the feature on its own. */
  alone: RankCorrelation;
  /** With the mean of that and of its effect as the last of all, which is what the trapezoid estimates. */
  bothEnds: RankCorrelation;
  /** Sampled features. */
  n: number;
}

export interface RankCorrelation {
  /** Spearman's rank correlation of estimate and truth; NaN where one of them does not vary. */
  estimate: number;
  /** From a bootstrap over the sampled features. */
  interval: Interval | null;
}

/**
 * Ablates a random sample of features one at a time, and puts each back one at a time.
 * @param effect [candidates], estimated effects @param all what was ablated at the other end of the estimate; sampled from
 */
export async function rankAgreement(
  subject: Subject,
  runs: Pick<Trial, "prompts" | "around">,
  effect: Float64Array,
  all: FeatureSet,
  { sample, resamples, level, random }: { sample: number; resamples: number; level: number; random: Random },
): Promise<RankAgreement> {
  const drawn = random.split("sample").shuffle(all).slice(0, sample);
  const truth = await measuredEffects(subject, runs, drawn, all);
  const items = drawn.map((feature, i) => ({ feature, estimated: effect[feature]!, ...truth[i]! }));
  const correlation = (true_: (item: (typeof items)[number]) => number): RankCorrelation => {
    const statistic = (of: readonly (typeof items)[number][]) =>
      spearman(
        of.map(({ estimated }) => estimated),
        of.map(true_),
      );
    const cluster = ({ feature }: { feature: number }) => String(feature);
    return {
      estimate: statistic(items),
      interval: bootstrap({ items, cluster, statistic, resamples, level, random: random.split("bootstrap") }),
    };
  };
  return {
    alone: correlation(({ alone }) => alone),
    bothEnds: correlation(({ alone, last }) => (alone + last) / 2),
    n: items.length,
  };
}
