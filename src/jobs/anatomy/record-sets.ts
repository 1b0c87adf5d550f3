/** Writes minimal sets, their controls and their cost as the parts of anatomy.json that are about sets. */
import type { HarmlessEffect } from "../../anatomy/controls/harmless.ts";
import type { FeatureSet } from "../../anatomy/subject/subject.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import type { PreparedAnatomy } from "./prepare.ts";
import type { Searched } from "./searched.ts";
import { estimated, meanOf, shareOf, spreadOf } from "./stages/estimates.ts";
import type { MeanAblation } from "./stages/mean-ablation.ts";
import type { SetDistance } from "./stages/set-cost.ts";
import type { TestedSet } from "./stages/tested-sets.ts";
import type { Damage } from "./subject/distances.ts";

type SetsPart = Pick<Anatomy, "search" | "minimal_sets" | "published_filter" | "pareto">;
type SetRecord = Anatomy["minimal_sets"][number];

export function setsRecord(prepared: PreparedAnatomy, search: Searched, level: number): SetsPart {
  const { found, chosen, tested, published, pareto } = search;
  const features = (set: FeatureSet) => set.map((index) => chosen.candidates[index]!);
  return {
    search: searchOf(search),
    minimal_sets: found.pooled.sets.map((set, i) => ({
      features: features(set.features),
      certified: true,
      certified_by: set.certifiedBy,
      fit: set.judged,
      ...testOf(prepared, tested.sets[i]!, level),
      ...stabilityOf(search, i),
    })),
    published_filter:
      published === null
        ? null
        : {
            ...{ share: published.share, prompts: published.prompts },
            kept: published.kept && {
              features: features(published.kept.tested.features),
              fit: published.kept.fit,
              ...testOf(prepared, published.kept.tested, level),
            },
          },
    pareto: pareto.map(({ features: set, kind, refusing, score, kl, crossEntropy }) => ({
      ...{ size: set.length, kind, refusing, score, kl, cross_entropy: crossEntropy },
    })),
  };
}

type TestPart = Pick<SetRecord, "test" | "flips" | "control" | "at_mean" | "harmless" | "cost" | "sentences">;

function testOf(prepared: PreparedAnatomy, tested: TestedSet, level: number): TestPart {
  const { test, atMean, refusing, harmless, cost } = tested;
  return {
    test,
    flips: shareOf(test?.complied ?? 0, test?.asked ?? 0, level),
    control: controlOf(prepared, tested, level),
    at_mean: atMean === null ? null : atMeanOf(prepared, atMean, refusing, level),
    harmless: harmlessOf(harmless),
    cost: costOf(cost.answers, level),
    sentences: costOf(cost.sentences, level),
  };
}

function searchOf({ found: { boundary, pooled, ranking }, chosen, arms }: Searched): SetsPart["search"] {
  return {
    boundary:
      boundary === null
        ? null
        : {
            score: boundary.boundary,
            disagreement: { estimate: boundary.disagreement, interval: null, n: boundary.n },
          },
    exhaustive: pooled.exhaustive,
    lowered: pooled.lowered,
    refuted: pooled.refuted.length,
    ranking:
      ranking === null
        ? null
        : {
            alone: estimated(ranking.alone.estimate, ranking.alone.interval, ranking.n),
            both_ends: estimated(ranking.bothEnds.estimate, ranking.bothEnds.interval, ranking.n),
            curved: ranking.curved,
            candidates: chosen.candidates.length,
          },
    arms:
      arms === null
        ? null
        : { prompts: arms.prompts, no_op: arms.noOp, repeat: arms.repeat, moved: arms.moved },
  };
}

function controlOf(
  { prompts }: PreparedAnatomy,
  { refusing, controls, byScore, byJudge }: TestedSet,
  level: number,
): SetRecord["control"] {
  if (byScore === null) return null;
  const kind =
    controls.kind === "matched sets" && controls.exhaustive ? ("all matched sets" as const) : controls.kind;
  return {
    kind,
    proxy: {
      sets: controls.controls.length,
      set: meanOf({ subject: { prompts } }, refusing, byScore.falls, level),
      effect: spreadOf(byScore.fall.controls, level),
      p: byScore.fall.p,
    },
    judged:
      byJudge === null
        ? null
        : {
            sets: byJudge.flips.controls.length,
            prompts: byJudge.set.asked,
            set: shareOf(byJudge.set.complied, byJudge.set.asked, level),
            flips: spreadOf(byJudge.flips.controls, level),
            p: byJudge.flips.p,
            paired: {
              difference: {
                estimate: byJudge.paired.difference,
                interval: byJudge.paired.interval,
                n: byJudge.set.asked,
              },
              p: byJudge.paired.p,
            },
          },
  };
}

function atMeanOf(
  { prompts }: PreparedAnatomy,
  { means, test, falls }: MeanAblation,
  refusing: readonly number[],
  level: number,
): SetRecord["at_mean"] {
  return {
    ...{ means, test, flips: shareOf(test.complied, test.asked, level) },
    fall: meanOf({ subject: { prompts } }, refusing, falls, level),
  };
}

function harmlessOf({
  clean,
  ablated,
  counts,
  difference,
  interval,
  p,
}: HarmlessEffect): SetRecord["harmless"] {
  return {
    ...{ clean, ablated, p },
    refusing: { estimate: difference, interval, n: clean.asked },
    newly_refuse: counts.firstOnly,
    no_longer_refuse: counts.secondOnly,
  };
}

function costOf(distance: SetDistance | null, level: number): SetRecord["cost"] {
  if (distance === null) return null;
  const { clusters, damage, controls } = distance;
  const subject = { prompts: clusters.map((cluster) => ({ cluster })) };
  const texts = clusters.map((_, i) => i);
  const over = (of: keyof Damage) =>
    meanOf(
      { subject },
      texts,
      damage.map((one) => one[of]),
      level,
    );
  const spread = (of: keyof Damage) =>
    spreadOf(
      controls.map((one) => one[of]),
      level,
    );
  const measures = (of: typeof over) => ({
    ...{ kl: of("kl"), cross_entropy: of("crossEntropy"), agreement: of("agrees") },
  });
  return {
    ...measures(over),
    controls: controls.length === 0 ? null : { sets: controls.length, ...measures(spread) },
  };
}

/** Only the first set is searched for again. */
function stabilityOf(
  { tested: { stability }, found }: Searched,
  set: number,
): Pick<SetRecord, "chosen_again" | "stability"> {
  if (set > 0 || stability === null) return { chosen_again: null, stability: null };
  const { resamples, overlap, chosen } = stability;
  return {
    chosen_again: found.pooled.sets[0]!.features.map((feature) => chosen.get(feature) ?? 0),
    stability: { resamples, overlap: Number.isFinite(overlap) ? overlap : null },
  };
}
