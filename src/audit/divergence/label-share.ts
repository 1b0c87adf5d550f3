/**
 * Decides whether D only restates the label. D is built from the surface vector s, so if the features hardly vary, D can
 * only take one value per label (weakness 4). The verdict comes from one rule and is shown beside three controls:
 *  - chance: the share that shuffled labels explain;
 *  - shuffled features: the share that the label explains when each answer gets the features of another one;
 *  - the tier within a label: whether the rest of D, after the label is taken out, still depends on the tier.
 */
import type { Random } from "../../core/random.ts";
import { varianceShare } from "../../stats/effect.ts";
import { groupBy } from "../../stats/group.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap, type Null, permutationTest } from "../../stats/resample.ts";
import { mean, median } from "../../stats/summary.ts";
import { moreThanLabelShare, restatedShare, valuesForLabelShare, valuesPerLabel } from "../common/choices.ts";

type LabelVerdict =
  | "the label restated"
  | "partly the label"
  | "says more than the label"
  | "undetermined"
  | "not measured";

export interface LabelShare {
  /** Share of D's variance that the label alone explains (η²); null without a verdict. */
  estimate: number | null;
  interval: Interval | null;
  level: number;
  /** How many values of D it rests on. */
  n: number;
  verdict: LabelVerdict;
  /** The reason of the verdict, in words. */
  reason: string;
  /** The same share when the labels are shuffled. */
  chance: Null | null;
  /** The median share, and its spread, when the features are shuffled between answers. */
  shuffled_features: { estimate: number; interval: Interval } | null;
  /** Share of the variance within labels that the tier explains. p: from tiers shuffled inside each label. */
  tier_within_label: { estimate: number; p: number } | null;
}

/** One answer with a defined D. */
export interface Scored {
  D: number;
  label: string;
  tier: string;
  /** Answers with the same cluster are resampled together. */
  cluster: string;
}

/**
 * @param shuffled gives D [n] of the same answers with their features shuffled, NaN where undefined; null when not available.
 */
export function labelShare(
  scored: readonly Scored[],
  shuffled: ((random: Random) => readonly number[]) | null,
  options: { level: number; resamples: number; random: Random },
): LabelShare {
  const { level, resamples, random } = options;
  const n = scored.length;
  const none = { estimate: null, interval: null, level, n, chance: null, shuffled_features: null };
  const unsaid = (verdict: LabelVerdict, reason: string): LabelShare => ({
    ...none,
    verdict,
    reason,
    tier_within_label: null,
  });
  if (n === 0) return unsaid("not measured", "D is undefined for every record");
  const sizes = [...groupBy(scored, ({ label }) => label).values()].map((group) => group.length);
  const usable = sizes.filter((size) => size >= valuesPerLabel).length;
  if (n < valuesForLabelShare || usable < 2)
    return unsaid(
      "undetermined",
      `${n} values of D, and ${usable} ${usable === 1 ? "label" : "labels"} with at least ${valuesPerLabel} of them; ${valuesForLabelShare} values and 2 such labels are needed`,
    );
  const values = scored.map(({ D }) => D);
  const labels = scored.map(({ label }) => label);
  const estimate = varianceShare(values, labels);
  if (Number.isNaN(estimate)) return unsaid("undetermined", "D has the same value for every record");

  const interval = bootstrap({
    items: scored,
    cluster: ({ cluster }) => cluster,
    statistic: (drawn) =>
      varianceShare(
        drawn.map(({ D }) => D),
        drawn.map(({ label }) => label),
      ),
    resamples,
    level,
    random: random.split("bootstrap"),
  });
  if (interval === null) return unsaid("undetermined", "no interval: too few independent records");
  const chance = permutationTest({
    observed: estimate,
    draw: (r) => varianceShare(values, r.shuffle(labels)),
    side: "greater",
    resamples,
    level,
    random: random.split("chance"),
  });
  const shuffledFeatures = shuffled === null ? null : shuffledShare(shuffled, labels, options);
  const within = tierWithinLabel(scored, options);
  const verdict = decide(interval, chance.p, 1 - level);
  return {
    estimate,
    interval,
    level,
    n,
    verdict,
    reason: reasonFor(verdict, shuffledFeatures, within, 1 - level),
    chance,
    shuffled_features: shuffledFeatures,
    tier_within_label: within,
  };
}

function decide([low, high]: Interval, chanceP: number, errorRate: number): LabelVerdict {
  if (low >= restatedShare && chanceP < errorRate) return "the label restated";
  if (high <= moreThanLabelShare) return "says more than the label";
  return "partly the label";
}

function reasonFor(
  verdict: LabelVerdict,
  shuffled: LabelShare["shuffled_features"],
  within: LabelShare["tier_within_label"],
  errorRate: number,
): string {
  const tier =
    within === null
      ? "the effect of the tier within a label was not measured"
      : `within a label, the tier explains ${Math.round(100 * within.estimate)}% of the rest (${within.p < errorRate ? "more" : "no more"} than chance, p = ${within.p.toPrecision(2)})`;
  if (verdict !== "the label restated" || shuffled === null) return tier;
  return shuffled.estimate >= restatedShare
    ? `the features add nothing: when they are shuffled between records, the label still explains ${(100 * shuffled.estimate).toFixed(1)}%; ${tier}`
    : `the features follow the label: when they are shuffled between records, the label explains only ${Math.round(100 * shuffled.estimate)}%; ${tier}`;
}

function shuffledShare(
  shuffled: (random: Random) => readonly number[],
  labels: readonly string[],
  { level, resamples, random }: { level: number; resamples: number; random: Random },
): LabelShare["shuffled_features"] {
  const stream = random.split("shuffled features");
  const shares: number[] = [];
  for (let b = 0; b < resamples; b++) {
    const values = shuffled(stream);
    const defined = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
    if (defined.length === 0) continue;
    const share = varianceShare(
      defined.map((i) => values[i]!),
      defined.map((i) => labels[i]!),
    );
    if (!Number.isNaN(share)) shares.push(share);
  }
  if (shares.length === 0) return null;
  const sorted = shares.sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.round(q * (sorted.length - 1))]!;
  return { estimate: median(shares), interval: [at((1 - level) / 2), at(1 - (1 - level) / 2)] };
}

function tierWithinLabel(
  scored: readonly Scored[],
  { level, resamples, random }: { level: number; resamples: number; random: Random },
): LabelShare["tier_within_label"] {
  const byLabel = [...groupBy(scored, ({ label }) => label).values()];
  const rest = byLabel.flatMap((group) => {
    const center = mean(group.map(({ D }) => D));
    return group.map(({ D }) => D - center);
  });
  const tiers = byLabel.map((group) => group.map(({ tier }) => tier));
  const estimate = varianceShare(rest, tiers.flat());
  if (Number.isNaN(estimate)) return null;
  const { p } = permutationTest({
    observed: estimate,
    draw: (r) =>
      varianceShare(
        rest,
        tiers.flatMap((group) => r.shuffle(group)),
      ),
    side: "greater",
    resamples,
    level,
    random: random.split("tier within label"),
  });
  return { estimate, p };
}
