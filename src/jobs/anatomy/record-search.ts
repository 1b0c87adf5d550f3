/** Writes what the search found as the parts of anatomy.json that are about features. */
import type { Backup } from "../../anatomy/depth/backups.ts";
import type { Repair } from "../../anatomy/depth/repair.ts";
import type { FeatureSet } from "../../anatomy/subject/subject.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { textOf } from "../../model/checkpoint/checkpoint.ts";
import { mean, quantile } from "../../stats/summary.ts";
import type { PreparedAnatomy } from "./prepare.ts";
import type { Searched } from "./searched.ts";
import { meanOf, shareOf } from "./stages/pareto.ts";
import type { Peak, ShownFeature } from "./stages/shown-features.ts";
import type { TestedSet } from "./stages/tested-sets.ts";

type SearchPart = Pick<
  Anatomy,
  | "sites"
  | "ceiling"
  | "minimal_sets"
  | "published_filter"
  | "per_prompt"
  | "depth"
  | "rounds"
  | "cascade"
  | "backups"
  | "features"
  | "pareto"
>;

export const nothingSearched: SearchPart = {
  ...{ sites: [], ceiling: null, minimal_sets: [], published_filter: null },
  ...{ per_prompt: [], depth: null, rounds: [], cascade: [], backups: [], features: [], pareto: [] },
};

export function searchRecord(prepared: PreparedAnatomy, search: Searched, level: number): SearchPart {
  const { prompts } = prepared;
  const { found, chosen, redundancy } = search;
  const features = (set: FeatureSet) => set.map((index) => chosen.candidates[index]!);
  const { asked, complied, refused, evaded, broken, other, looped } = found.pooled.standing.ceiling;
  return {
    sites: search.dictionaries.map(({ dictionary: { key, layer, sae }, gate }) => ({
      ...{ sae: key, layer, features: sae.d_sae },
      candidates: chosen.candidates.filter((candidate) => candidate.sae === key).length,
      gate: gate.passed ? "passed" : "failed",
      explained: gate.explained,
    })),
    ceiling: { asked, complied, refused, evaded, broken, other, looped },
    minimal_sets: found.pooled.sets.map((set, i) => ({
      features: features(set.features),
      certified: true,
      certified_by: set.certifiedBy,
      fit: set.judged,
      ...testOf(search.tested.sets[i]!, level),
      chosen_again: stabilityOf(search, i),
    })),
    published_filter: filterOf(search, features, level),
    per_prompt: found.perPrompt.map(({ prompt, found: own }) => ({
      prompt: prompts[prompt]!.id,
      outcome: own.outcome,
      sets: own.sets.map((set) => features(set.features)),
    })),
    depth: redundancy?.depth.depth ?? null,
    rounds: (redundancy?.depth.rounds ?? []).map((round, r) => ({
      features: features(round.features),
      width: round.features.length,
      alternatives: round.found.sets.map((set) => features(set.features)),
      answers: round.free,
      woken: wokenOf(redundancy!.chance[r] ?? null, level),
    })),
    cascade: (redundancy?.cascade ?? []).map((repair, r) =>
      cascadeOf(prepared, redundancy!.tested, repair, r, level),
    ),
    backups: (redundancy?.backups ?? []).map((backup) => ({
      ...chosen.candidates[backup.feature]!,
      ...backupOf(backup),
      woken_at_random: redundancy!.chance[backup.wokeAfter - 1]?.share.get(backup.feature) ?? null,
    })),
    features: search.shown.map((shown) => ({
      ...chosen.candidates[shown.candidate]!,
      ...shownOf(prepared, shown),
    })),
    pareto: search.pareto.map(({ features: set, kind, refusing, score, kl, crossEntropy }) => ({
      ...{ size: set.length, kind, refusing, score, kl, cross_entropy: crossEntropy },
    })),
  };
}

function filterOf(
  { published }: Searched,
  named: (set: FeatureSet) => SetRecord["features"],
  level: number,
): Anatomy["published_filter"] {
  if (published === null) return null;
  const { share, prompts, kept } = published;
  if (kept === null) return { share, prompts, kept: null };
  const { features } = kept.tested;
  return {
    share,
    prompts,
    kept: { features: named(features), fit: kept.fit, ...testOf(kept.tested, level) },
  };
}

type SetRecord = Anatomy["minimal_sets"][number];

function testOf(
  { test, controls, byScore, byJudge }: TestedSet,
  level: number,
): Pick<SetRecord, "test" | "flips" | "control"> {
  const kind =
    controls.kind === "matched sets" && controls.exhaustive ? ("all matched sets" as const) : controls.kind;
  const n = controls.controls.length;
  return {
    test,
    flips: shareOf(test?.complied ?? 0, test?.asked ?? 0, level),
    control:
      byScore === null
        ? null
        : {
            kind,
            proxy: { sets: n, effect: spreadOf(byScore.fall.controls, level), p: byScore.fall.p },
            judged:
              byJudge === null
                ? null
                : {
                    sets: byJudge.flips.controls.length,
                    prompts: byJudge.set.asked,
                    flips: spreadOf(byJudge.flips.controls, level),
                    p: byJudge.flips.p,
                  },
          },
  };
}

/** Mean and central range of a statistic over controls. */
function spreadOf(values: readonly number[], level: number) {
  const n = values.length;
  if (n === 0) return { estimate: null, interval: null, n };
  const tail = (1 - level) / 2;
  return {
    estimate: mean(values),
    interval: [quantile(values, tail), quantile(values, 1 - tail)] as [number, number],
    n,
  };
}

/** Only the first set is searched for again. */
function stabilityOf({ tested, found }: Searched, set: number): number[] | null {
  if (set > 0 || tested.stability === null) return null;
  return found.pooled.sets[0]!.features.map((feature) => tested.stability!.chosen.get(feature) ?? 0);
}

function wokenOf(chance: NonNullable<Searched["redundancy"]>["chance"][number], level: number) {
  if (chance === null) return null;
  const { estimate, interval } = spreadOf(chance.atRandom, level);
  return { mean: chance.woken, random: { mean: estimate!, interval: interval! }, p: chance.p };
}

function cascadeOf(
  { prompts }: PreparedAnatomy,
  tested: readonly number[],
  { ablated, free, held, repair, repairAtCleanNorm }: Repair,
  round: number,
  level: number,
): Anatomy["cascade"][number] {
  const over = (values: Float64Array) => meanOf({ subject: { prompts } }, tested, [...values], level);
  return {
    ...{ round, ablated: ablated.length, free: over(free), held: over(held) },
    repair: { estimate: repair.mean, interval: repair.interval, n: tested.length },
    repair_at_clean_norm: repairAtCleanNorm,
  };
}

function backupOf({
  status,
  wokeAfter,
  prompts,
  activeUnablated,
  effect,
  p,
  q,
  idleP,
  margin,
}: Backup): Omit<Anatomy["backups"][number], "sae" | "layer" | "feature" | "woken_at_random"> {
  return {
    ...{ status, wakes_after: wokeAfter, woke_on: prompts, active_unablated: activeUnablated },
    effect: { estimate: effect, interval: null, n: prompts },
    ...{ alone: null, p, q, idle_p: idleP, margin },
  };
}

function shownOf(
  prepared: PreparedAnatomy,
  { effect, activeOn, peaks }: ShownFeature,
): Pick<Anatomy["features"][number], "effect" | "active_on" | "contexts"> {
  return { effect, active_on: activeOn, contexts: peaks.map((peak) => contextOf(prepared, peak)) };
}

/** Tokens that are shown before a peak and behind it. */
const shownBefore = 12;
const shownBehind = 8;

function contextOf(
  { prompts, checkpoint }: PreparedAnatomy,
  { prompt, rounds, position, activations }: Peak,
) {
  const { tokenizer } = textOf(checkpoint);
  const { id, side, ids } = prompts[prompt]!;
  const from = Math.max(0, position - shownBefore);
  const to = Math.min(ids.length, position + shownBehind + 1);
  return {
    ...{ prompt: id, side, rounds, position, of: ids.length, activation: activations[position]! },
    around: {
      at: position - from,
      tokens: ids.slice(from, to).map((token) => tokenizer.decode([token], { skipSpecial: false })),
      activations: [...activations.slice(from, to)],
    },
  };
}
