/**
 * Decides whether a contrastive term did anything. Compares the separation of held-out prompts by an SAE trained with the
 * term, by one trained without it, and by one trained with it on tiers assigned at random. All are trained on the same rows in
 * the same order from the same start. The interval is over prompts, with matched prompts taken together, and over seeds if
 * there are several.
 */

import { formatProbability } from "../../core/format.ts";
import type { Random } from "../../core/random.ts";
import type {
  ArmFigures,
  ContrastiveVerdict,
  Gain,
  SeedFigures,
} from "../../core/records/contrastive-verdict.ts";
import type { Finding } from "../../core/records/finding.ts";
import { identified } from "../../core/records/finding-id.ts";
import type { Tier } from "../../core/records/prompt.ts";
import { meanOverReplicates } from "../../stats/replicates.ts";
import { permutationTest } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { Quality } from "../measure/quality/quality.ts";
import { isNearestOwn, type Placed, separationOf, smallestGain } from "./separation.ts";
import { sentenceOf } from "./verdict-words.ts";

const level = 0.95;
const resamples = 2000;

/** The figures of one trained SAE: the cosines of held-out prompts, and its quality on held-out tokens. */
export interface Arm {
  placed: readonly Placed[];
  quality: Quality;
}

/** The trainings of one seed. All have the same held-out prompts in the same order. */
export interface SeedArms {
  seed: string;
  with: Arm;
  without: Arm;
  random: Arm | null;
}

/** @param seeds at least one; either all have a training with random tiers, or no seed has one */
export function contrastiveVerdict(seeds: readonly SeedArms[], random: Random): ContrastiveVerdict {
  const over = (lower: (of: SeedArms) => Arm) => gainOf(seeds, ({ with: arm }) => arm, lower);
  const gain = over(({ without }) => without);
  const tiers = new Map(seeds.flatMap(({ with: arm }) => arm.placed.map(({ id, tier }) => [id, tier])));
  const ids = [...tiers.keys()];
  const chance = permutationTest({
    observed: gain.estimate,
    draw: (stream) => {
      const shuffled = stream.shuffle([...tiers.values()]);
      const dealt = new Map(ids.map((id, at) => [id, shuffled[at]!]));
      return mean(seeds.map((of) => mean(differences(of.with, of.without, ({ id }) => dealt.get(id)!))));
    },
    side: "two-sided",
    resamples,
    level,
    random: random.split("chance"),
  });
  const hasRandom = seeds.every((of) => of.random !== null);
  const overRandom = hasRandom ? over((of) => of.random!) : null;
  const control = hasRandom
    ? {
        kind: "the same training with tiers assigned at random among its prompts, against a training without the term",
        ...gainOf(
          seeds,
          (of) => of.random!,
          ({ without }) => without,
        ),
      }
    : {
        kind: "tiers assigned at random to the held-out prompts",
        estimate: chance.mean,
        interval: chance.interval,
      };
  const status = statusOf(gain, overRandom, chance.p);
  const finding: Finding = {
    ...identified({ kind: "contrastive_term" }),
    group: "training",
    question: "Did the contrastive term move the tiers apart on prompts that it was not trained on?",
    estimate: status === "undetermined" ? null : gain.estimate,
    unit: "cosine",
    interval: gain.interval,
    level,
    n: ids.length,
    method: `mean gain in separation (cosine with the own tier's mean over the training prompts, minus the mean of the cosines with the other tiers'), training with the term minus training without it; t interval over matched prompts${seeds.length > 1 ? ` and ${seeds.length} seeds` : ", of one seed"}; tiers assigned at random to the held-out prompts: p ${formatProbability(chance.p)}`,
    control,
    status,
    sentence: "",
  };
  const figures = seeds.map(figuresOfSeed);
  const told = { status, gain, overRandom, seeds: figures, tiers: [...new Set(tiers.values())] };
  const sentence = sentenceOf(told);
  return { finding: { ...finding, sentence }, over_random: overRandom, seeds: figures };
}

function gainOf(
  seeds: readonly SeedArms[],
  upper: (of: SeedArms) => Arm,
  lower: (of: SeedArms) => Arm,
): Gain {
  const measured = seeds.map((of) => {
    const gains = differences(upper(of), lower(of), ({ tier }) => tier);
    return upper(of).placed.map(({ cluster }, at) => ({ cluster, value: gains[at]! }));
  });
  return meanOverReplicates(measured, level);
}

/** Per prompt: its separation by one SAE minus that by another. @param tierOf the tier that counts as the prompt's own */
function differences(upper: Arm, lower: Arm, tierOf: (prompt: Placed) => Tier): number[] {
  return upper.placed.map(
    (placed, at) => separationOf(placed, tierOf(placed)) - separationOf(lower.placed[at]!, tierOf(placed)),
  );
}

/**
 * "not found": an interval (over no term, or over the term with random tiers) lies wholly below the smallest gain that
 * counts, even if it is above 0. "found": both intervals are above 0, and the permutation test agrees.
 */
function statusOf(gain: Gain, overRandom: Gain | null, p: number): Finding["status"] {
  const intervals = [gain, ...(overRandom === null ? [] : [overRandom])].map(({ interval }) => interval);
  if (intervals.some((interval) => interval !== null && interval[1] < smallestGain)) return "not found";
  const above = intervals.every((interval) => interval !== null && interval[0] > 0);
  return above && p <= 1 - level ? "found" : "undetermined";
}

function figuresOfSeed({ seed, with: withTerm, without, random }: SeedArms): SeedFigures {
  const { placed, quality } = withTerm;
  return {
    seed,
    prompts: placed.length,
    tokens: quality.tokens - quality.massive.count,
    with: figuresOf(withTerm),
    without: figuresOf(without),
    random: random === null ? null : figuresOf(random),
  };
}

function figuresOf({ placed, quality }: Arm): ArmFigures {
  return {
    separation: mean(placed.map((prompt) => separationOf(prompt, prompt.tier))),
    nearest_own: placed.filter(isNearestOwn).length,
    unexplained: 1 - quality.varianceExplained.ordinary,
  };
}
