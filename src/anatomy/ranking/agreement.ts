/** How far a ranking may be trusted: its estimates beside what ablating single features really does. */
import type { Random } from "../../core/random.ts";
import type { Interval } from "../../stats/proportion.ts";
import { spearman } from "../../stats/rank-correlation.ts";
import { bootstrap } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { scoresOf, type Trial } from "../trial/trial.ts";

export interface RankAgreement {
  /** Spearman's rank correlation of estimate and true effect over the sample; NaN where one of them does not vary. */
  correlation: number;
  /** From a bootstrap over the sampled features. */
  interval: Interval | null;
  n: number;
}

/**
 * Ablates a random sample of features one at a time.
 * @param effect [candidates], estimated effects @param among the candidates to sample from, for example those that are active
 */
export async function rankAgreement(
  subject: Subject,
  runs: Pick<Trial, "prompts" | "around">,
  effect: Float64Array,
  among: FeatureSet,
  { sample, resamples, level, random }: { sample: number; resamples: number; level: number; random: Random },
): Promise<RankAgreement> {
  const drawn = random.split("sample").shuffle(among).slice(0, sample);
  const [clean, ...alone] = (await scoresOf(subject, runs, [[], ...drawn.map((f) => [f])])).map((scores) =>
    mean([...scores]),
  );
  const items = drawn.map((feature, i) => ({
    feature,
    estimate: effect[feature]!,
    truth: alone[i]! - clean!,
  }));
  const correlation = (of: readonly (typeof items)[number][]) =>
    spearman(
      of.map(({ estimate }) => estimate),
      of.map(({ truth }) => truth),
    );
  const interval = bootstrap({
    items,
    cluster: ({ feature }) => String(feature),
    statistic: correlation,
    ...{ resamples, level, random: random.split("bootstrap") },
  });
  return { correlation: correlation(items), interval, n: items.length };
}
