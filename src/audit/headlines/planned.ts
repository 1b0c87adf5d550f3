/**
 * Before a run: the smallest effect that each headline on refusals would find. The tests are those of the analyses, at the level that the
 * hierarchy leaves each of them. What the model will do is not known, so each number says what it assumes.
 */

import { isAskedUnder, ofKind, type Variant } from "../../core/asked/variants.ts";
import { contentOf } from "../../core/cluster.ts";
import type { About } from "../../core/records/about.ts";
import { idOf } from "../../core/records/finding-id.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import { groupBy } from "../../stats/group.ts";
import {
  binomialPower,
  fewestUnits,
  fisherPower,
  mcnemarPower,
  pairsThatDiffer,
  smallestEffect,
} from "../../stats/power.ts";
import { inTier } from "../common/answers.ts";
import {
  intervalLevel,
  largestSmallChange,
  plannedPower,
  smallestCell,
  toleratedShare,
} from "../common/choices.ts";
import { percent, smallChange } from "../common/say.ts";

/** What is known of a run before its first answer. */
export interface PlannedRun {
  prompts: readonly Prompt[];
  templates: readonly ("chat" | "none")[];
  caps: readonly number[];
  variants: readonly Variant[];
}

export interface SmallestEffect {
  /** The headline's id. */
  headline: string;
  /** The id of the finding that it rests on. */
  finding: string;
  /** The smallest difference of shares that is found with this power; null: none is. */
  effect: number | null;
  power: number;
  /** Units that are compared. Of two groups of prompts, those of the smaller one. */
  n: number;
  of: string;
  /** How many questions are corrected together. The level is that of Holm's first step, the strictest. */
  tests: number;
  /** How many units would find 20 points; null if these do, if nobody would ask so many, or if the gate stays closed. */
  needed: number | null;
  /** What the numbers assume of the model. */
  assumes: string;
  sentence: string;
}

/**
 * What is assumes: the model refuses `refused` of the hazard-adjacent prompts and `toleratedShare` of the benign ones; in this share of
 * the pairs one random number decides both answers. bench/headlines.ts makes its runs so.
 */
const refused = 0.8;
export const sharedDraws = 0.5;

/** Nobody asks more units than this. */
const mostUnits = 10_000;

/** A comparison that a run will make. */
interface Comparison {
  headline: Extract<About, { kind: "headline" }>;
  finding: About;
  n: number;
  /** The power of a difference, in this many units at this level. */
  powerOf: (difference: number, units: number, alpha: number) => number;
  /** The largest difference that there can be. */
  most: number;
  /** Says a difference, e.g. "hazards refused 11 points more", and that none is found. */
  say: (points: string) => string;
  nothing: string;
  units: string;
  /** Said behind the number of units, e.g. of the other group. */
  beside?: string;
  assumes: string;
}

/** @returns in the order of the hierarchy; one for each finding that a headline on refusals rests on */
export function smallestEffects(run: PlannedRun): SmallestEffect[] {
  const refusing = refusingOf(run);
  const surviving = survivingOf(run);
  const [pairs] = refusing;
  const measured = (of: readonly Comparison[]) => of.filter(({ n }) => n >= smallestCell);
  const alphaOf = (of: readonly Comparison[]) => (1 - intervalLevel) / Math.max(1, measured(of).length);
  const opens =
    pairs.n < smallestCell ? 0 : pairs.powerOf(refused - toleratedShare, pairs.n, alphaOf(refusing));
  return [
    ...refusing.map((one) => seen(one, measured(refusing).length, 1)),
    ...surviving.map((one) => seen(one, measured(surviving).length, opens)),
  ];
}

/** @param opens the power of the question that this one waits for */
function seen(one: Comparison, tests: number, opens: number): SmallestEffect {
  const { n, most, units: of, beside = "", assumes } = one;
  const alpha = (1 - intervalLevel) / Math.max(1, tests);
  const powerOf = (difference: number, units: number) =>
    units < smallestCell ? 0 : opens * one.powerOf(difference, units, alpha);
  const effect = smallestEffect((difference) => powerOf(difference, n), most, plannedPower);
  const isEnough = effect !== null && effect <= largestSmallChange;
  const needed =
    isEnough || opens < plannedPower
      ? null
      : fewestUnits((units) => powerOf(largestSmallChange, units), mostUnits, plannedPower);
  const have = `${n} ${of}${beside}`;
  const more =
    needed === null
      ? ""
      : `; about ${needed} ${of}${beside === "" ? "" : ", and of the others in proportion,"} are needed for ${smallChange}`;
  const sees =
    opens < plannedPower
      ? `${one.nothing}, because too few matched pairs tell whether the model refuses hazards at all`
      : effect === null
        ? `${one.nothing}, with ${have}${more}`
        : `${one.say(pointsOf(effect))}, with ${have}${more}`;
  return {
    headline: idOf(one.headline),
    finding: idOf(one.finding),
    ...{ effect, power: plannedPower, n, of, tests, needed, assumes },
    sentence: `${sees}. Assumed: ${assumes}.`,
  };
}

/** Whether the model refuses hazards more than their benign partners, and whether it over-refuses. The first opens the gate. */
function refusingOf({ prompts, templates, caps }: PlannedRun): [Comparison, Comparison] {
  const benign = ofTier(prompts, "benign").length;
  return [
    {
      headline: { kind: "headline", claim: "refuses" },
      finding: { kind: "discrimination" },
      n: pairsOf(prompts),
      powerOf: (difference, pairs, alpha) =>
        mcnemarPower(pairsThatDiffer(toleratedShare + difference, toleratedShare, sharedDraws), pairs, alpha),
      most: 1 - toleratedShare,
      say: (points) => `hazards refused ${points} more than their benign partners`,
      nothing: "no difference between hazards and their benign partners",
      units: "matched pairs",
      assumes: `${percent(toleratedShare)} of benign prompts are refused, and one draw decides both answers in ${percent(sharedDraws)} of the pairs`,
    },
    {
      headline: { kind: "headline", claim: "over_refuses" },
      finding: {
        kind: "refusal_rate",
        tier: "benign",
        template: templates.includes("chat") ? "chat" : "none",
        cap: Math.max(...caps),
      },
      n: benign,
      powerOf: (difference, units, alpha) =>
        binomialPower(toleratedShare + difference, units, toleratedShare, alpha),
      most: 1 - toleratedShare,
      say: (points) =>
        `benign prompts refused ${points} more often than the tolerated ${percent(toleratedShare)}`,
      nothing: "no over-refusal",
      units: "benign prompts",
      assumes: "prompts are answered independently",
    },
  ];
}

/** What refusals survive: the template, short answers, framings, prefills. */
function survivingOf({ prompts, templates, caps, variants }: PlannedRun): Comparison[] {
  const hazards = ofTier(prompts, "hazard_adjacent");
  const twice = (under: "template" | "short" | "prefill", finding: About, what: string): Comparison => {
    // A short answer is the beginning of the long one, so it only loses refusals.
    const shared = under === "short" ? 1 : sharedDraws;
    return {
      headline: { kind: "headline", claim: "survives", under },
      finding,
      n: hazards.length,
      powerOf: (loss, units, alpha) =>
        mcnemarPower(pairsThatDiffer(refused, refused - loss, shared), units, alpha),
      most: refused,
      say: (points) => `a loss of ${points} ${what}`,
      nothing: `no loss ${what}`,
      units: "hazard-adjacent prompts",
      assumes: `${percent(refused)} of them are refused${shared === 1 ? ", and short answers only lose refusals" : `, and one draw decides both answers to ${percent(shared)} of them`}`,
    };
  };
  const byFraming = groupBy(hazards, ({ framing }) => framing);
  const direct = byFraming.get("direct")?.length ?? 0;
  const framings = [...byFraming].filter(([framing]) => framing !== "direct");
  return [
    ...(templates.length < 2
      ? []
      : [
          twice(
            "template",
            { kind: "template_effect", tier: "hazard_adjacent" },
            "without the chat template",
          ),
        ]),
    ...(new Set(caps).size < 2
      ? []
      : [
          twice(
            "short",
            { kind: "cap_effect", tier: "hazard_adjacent" },
            `within ${Math.min(...caps)} tokens`,
          ),
        ]),
    ...framings.map(([framing, own]): Comparison => {
      const [less, more] = [Math.min(own.length, direct), Math.max(own.length, direct)];
      const ratio = less === 0 ? 1 : more / less;
      const isLess = own.length <= direct;
      return {
        headline: { kind: "headline", claim: "survives", under: "framing" },
        finding: { kind: "framing_effect", framing },
        n: less,
        powerOf: (loss, units, alpha) => {
          const others = Math.round(units * ratio);
          const [inFraming, asked] = isLess ? [units, others] : [others, units];
          return fisherPower({ rate: refused, n: asked }, { rate: refused - loss, n: inFraming }, alpha);
        },
        most: refused,
        say: (points) => `a loss of ${points} in the ${framing} framing`,
        nothing: `no loss in the ${framing} framing`,
        units: isLess ? `hazard-adjacent prompts in that framing` : "direct hazard-adjacent prompts",
        beside: isLess ? ` and ${direct} direct ones` : ` and ${own.length} in that framing`,
        assumes: `${percent(refused)} of the direct ones are refused, and prompts are answered independently`,
      };
    }),
    ...ofKind("prefill", variants)
      .filter(
        (prefill) => prefill.opening === "comply" && prompts.some((prompt) => isAskedUnder(prefill, prompt)),
      )
      .map(({ opening, tokens }) =>
        twice(
          "prefill",
          { kind: "prefill_effect", opening, tokens },
          `after ${tokens} tokens of an opening that complies`,
        ),
      ),
  ];
}

/** One prompt of each content. */
const ofTier = (prompts: readonly Prompt[], tier: Tier): Prompt[] => {
  const own = prompts.filter((prompt) => inTier(tier)({ prompt }));
  return [...groupBy(own, contentOf).values()].map(([first]) => first!);
};

function pairsOf(prompts: readonly Prompt[]): number {
  const paired = (tier: Tier) =>
    new Set(ofTier(prompts, tier).flatMap(({ pair }) => (pair === null ? [] : [pair])));
  const benign = paired("benign");
  return [...paired("hazard_adjacent")].filter((pair) => benign.has(pair)).length;
}

/** Rounded up, because a smaller difference is not found. */
const pointsOf = (difference: number): string => `${Math.ceil(100 * difference - 1e-9)} points`;
