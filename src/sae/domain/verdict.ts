/**
 * Whether a contrastive term did anything: the separation of held-out prompts by an SAE trained with it, against one
 * trained without it on the same rows in the same order from the same start. The interval is over prompts, matched ones
 * drawn together; other seeds of the training would differ by more than it says.
 */
import type { Finding } from "../../core/finding.ts";
import { formatNumber, formatProbability } from "../../core/format.ts";
import type { Tier } from "../../core/prompt.ts";
import type { Random } from "../../core/random.ts";
import { tierWords } from "../../core/words.ts";
import { bootstrap, permutationTest } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { Quality } from "../quality.ts";
import { isNearestOwn, type Placed, separationOf } from "./separation.ts";

/** A gain in separation below this is as good as none: a twentieth of what lies between the same and nothing in common. */
const smallest = 0.05;

const level = 0.95;
const resamples = 2000;

/** An SAE as it held the prompts apart, and as it rebuilds tokens kept aside. */
export interface Arm {
  placed: readonly Placed[];
  quality: Quality;
}

export type ArmFigures = {
  /** Mean over the held-out prompts. */
  separation: number;
  /** Held-out prompts that lie nearest to their own tier. */
  nearest_own: number;
  /** Fraction of variance unexplained, of ordinary tokens. */
  unexplained: number;
};

export type Verdict = {
  finding: Finding;
  with: ArmFigures;
  without: ArmFigures;
  /** Tokens that `unexplained` is of. */
  tokens: number;
};

/** @param without of the same held-out prompts, in the same order */
export function contrastiveVerdict(withTerm: Arm, without: Arm, random: Random): Verdict {
  const items = withTerm.placed.map((placed, at) => ({ placed, before: without.placed[at]! }));
  const tiers = items.map(({ placed }) => placed.tier);
  const gain = ({ placed, before }: (typeof items)[number], tier: Tier = placed.tier) =>
    separationOf(placed, tier) - separationOf(before, tier);
  const estimate = mean(items.map((item) => gain(item)));
  const interval = bootstrap({
    items,
    cluster: ({ placed }) => placed.cluster,
    statistic: (drawn) => mean(drawn.map((item) => gain(item))),
    resamples,
    level,
    random: random.split("bootstrap"),
  });
  const chance = permutationTest({
    observed: estimate,
    draw: (stream) => {
      const dealt = stream.shuffle(tiers);
      return mean(items.map((item, at) => gain(item, dealt[at])));
    },
    side: "two-sided",
    resamples,
    level,
    random: random.split("chance"),
  });
  const status = statusOf(estimate, interval, chance.p);
  const figures = { with: figuresOf(withTerm), without: figuresOf(without) };
  const finding: Finding = {
    id: "training.contrastive",
    group: "training",
    question: "Did the contrastive term hold the tiers of prompts apart that it was not trained on?",
    estimate: status === "undetermined" ? null : estimate,
    unit: "cosine",
    interval,
    level,
    n: items.length,
    method: `mean gain in separation (cosine with the own tier's mean over the training prompts, less the others'), with the term less without; bootstrap of matched prompts; tiers dealt at random: p = ${formatProbability(chance.p)}`,
    control: {
      kind: "tiers dealt at random to the held-out prompts",
      estimate: chance.mean,
      interval: chance.interval,
    },
    status,
    sentence: "",
  };
  const tokens = withTerm.quality.tokens - withTerm.quality.massive.count;
  const words = [...new Set(tiers)].map((tier) => tierWords[tier].toLowerCase());
  return {
    finding: { ...finding, sentence: sentenceOf(finding, figures, words, tokens) },
    ...figures,
    tokens,
  };
}

/** Not found: the interval leaves no room for a gain that counts, certain as a smaller one may be. Found: it and chance agree. */
function statusOf(estimate: number, interval: Finding["interval"], p: number): Finding["status"] {
  if (interval === null) return "undetermined";
  const [low, high] = interval;
  if (high < smallest) return "not found";
  return estimate > 0 && low > 0 && p <= 1 - level ? "found" : "undetermined";
}

function figuresOf({ placed, quality }: Arm): ArmFigures {
  return {
    separation: mean(placed.map((prompt) => separationOf(prompt, prompt.tier))),
    nearest_own: placed.filter(isNearestOwn).length,
    unexplained: 1 - quality.varianceExplained.ordinary,
  };
}

function sentenceOf(
  { status, interval, n }: Finding,
  figures: Pick<Verdict, "with" | "without">,
  tiers: readonly string[],
  tokens: number,
): string {
  const { with: after, without: before } = figures;
  const names = `${tiers.slice(0, -1).join(", ")} and ${tiers.at(-1)}`;
  const range = interval === null ? "no interval" : `95% interval ${interval.map(signed).join(" to ")}`;
  const change = `separation ${formatNumber(after.separation)} with it, ${formatNumber(before.separation)} without; gain ${signed(after.separation - before.separation)}, ${range}`;
  const claim = {
    found: `The contrastive term drew ${names} prompts apart that it was not trained on (${change}).`,
    "not found":
      interval !== null && interval[1] < 0
        ? `The contrastive term did the opposite on prompts that it was not trained on: ${names} lie closer together (${change}).`
        : `The contrastive term did nothing on ${names} prompts that it was not trained on (${change}; below ${smallest} counts as nothing).`,
    undetermined: `Whether the contrastive term did anything on ${names} prompts that it was not trained on is undetermined (${change}).`,
  }[status];
  return `${claim} Of the ${n} prompts ${after.nearest_own} lie nearest to their own tier with it, ${before.nearest_own} without. Variance unexplained is ${formatNumber(after.unexplained)} with it, ${formatNumber(before.unexplained)} without, on ${tokens} tokens.`;
}

const signed = (value: number): string => `${value > 0 ? "+" : ""}${formatNumber(value)}`;
