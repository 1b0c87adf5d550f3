/** The sentences that state a verdict on a contrastive term. */

import { formatCount, formatNumber } from "../../core/format.ts";
import type { ArmFigures, Gain, SeedFigures } from "../../core/records/contrastive-verdict.ts";
import type { Finding } from "../../core/records/finding.ts";
import type { Tier } from "../../core/records/prompt.ts";
import { tierWords } from "../../core/records/words.ts";
import { mean } from "../../stats/summary.ts";
import { smallestGain } from "./separation.ts";

interface Told {
  status: Finding["status"];
  /** Gain over the training without the term; `overRandom`: gain over the training with random tiers. */
  gain: Gain;
  overRandom: Gain | null;
  seeds: readonly SeedFigures[];
  tiers: readonly Tier[];
}

export function sentenceOf(told: Told): string {
  const { seeds } = told;
  const average = (name: keyof ArmFigures, say: (value: number) => string) => (arms: readonly ArmFigures[]) =>
    say(mean(arms.map((arm) => arm[name])));
  const nearest = eachArm(seeds, (arms) => String(total(arms.map(({ nearest_own }) => nearest_own))));
  const held = seeds.length === 1 ? "prompts" : "prompts held out, all seeds together,";
  return [
    `${claimOf(told)} (separation ${eachArm(seeds, average("separation", cosine))}; gain ${gainWords(told.gain)}${told.overRandom === null ? "" : `, over random tiers ${gainWords(told.overRandom)}`}).`,
    scopeOf(told),
    `Of the ${total(seeds.map(({ prompts }) => prompts))} ${held} ${nearest} lie nearest to their own tier.`,
    `Variance unexplained is ${eachArm(seeds, average("unexplained", formatNumber))}, on ${formatCount(total(seeds.map(({ tokens }) => tokens)))} tokens.`,
  ].join(" ");
}

function claimOf({ status, gain, tiers }: Told): string {
  const words = tiers.map((tier) => tierWords[tier].toLowerCase());
  const prompts = `${words.slice(0, -1).join(", ")} and ${words.at(-1)} prompts that it was not trained on`;
  if (status === "found") return `The contrastive term drew ${prompts} apart`;
  if (status === "undetermined")
    return `Whether the contrastive term did anything on ${prompts} is undetermined`;
  const nothing = `less than ${smallestGain} counts as nothing`;
  const [low, high] = gain.interval!;
  if (high < 0) return `The contrastive term drew ${prompts} closer together`;
  if (high < smallestGain) return `The contrastive term did nothing on ${prompts}: ${nothing}`;
  const did = low > 0 ? "drew" : "may have drawn";
  return `The contrastive term ${did} ${prompts} apart, but no further than with tiers assigned at random in training: ${nothing}`;
}

/** States what the interval covers and what was not tried. */
function scopeOf({ overRandom, seeds }: Told): string {
  const [first] = seeds;
  const gains = seeds.map(
    ({ seed, with: arm, without }) => `${signed(arm.separation - without.separation)} (${seed})`,
  );
  const scope =
    seeds.length === 1
      ? `This is of one seed, ${first!.seed}: another start, order and split of the prompts may differ by more than the interval says.`
      : `The gain by seed is ${gains.join(", ")}; the intervals are over prompts and seeds.`;
  return overRandom === null
    ? `${scope} Whether tiers assigned at random in training do as much was not tried.`
    : scope;
}

function eachArm(seeds: readonly SeedFigures[], say: (arms: readonly ArmFigures[]) => string): string {
  const random = seeds.flatMap((of) => of.random ?? []);
  return [
    `${say(seeds.map((of) => of.with))} with it`,
    `${say(seeds.map((of) => of.without))} without`,
    ...(random.length === 0 ? [] : [`${say(random)} with random tiers`]),
  ].join(", ");
}

function gainWords({ estimate, interval }: Gain): string {
  const range = interval === null ? "no interval" : `95% interval ${interval.map(signed).join(" to ")}`;
  return `${signed(estimate)}, ${range}`;
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** To three decimals: a thousandth is far below the smallest gain that counts. */
const cosine = (value: number): string => {
  const size = Math.abs(value).toFixed(3);
  return value < 0 && Number(size) > 0 ? `−${size}` : size;
};

const signed = (value: number): string => `${Number(value.toFixed(3)) > 0 ? "+" : ""}${cosine(value)}`;
