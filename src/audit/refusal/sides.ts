/** The two sides of each contrast of refusals inside a run: the same prompts asked in two ways, or the two prompts of a pair. */

import type { Variant } from "../../core/asked/variants.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";
import {
  type Answer,
  type Answers,
  inTier,
  largestCap,
  perPrompt,
  refuses,
  showsRefusal,
  smallestCap,
  type Unit,
} from "../common/answers.ts";
import type { Twice } from "../common/contrast.ts";

/** The same prompts, in the same order, under two conditions. */
export interface TwoSides {
  first: readonly Answer[];
  second: readonly Answer[];
  /** What is counted on both. */
  counted: (answer: Answer) => number;
}

/** With the chat template and as bare text, at the largest cap. The run has both templates. */
export function templateSides(run: Answers, tier: Tier): TwoSides {
  const of = (template: "chat" | "none") => run.at(template, largestCap(run)).filter(inTier(tier));
  return { first: of("chat"), second: of("none"), counted: refuses };
}

/**
 * Within the largest cap and within the smallest. A late refusal comes after some compliance in the long answer, and the short
 * answer does not contain it; so what shows a refusal is counted.
 */
export function capSides(run: Answers, tier: Tier): TwoSides {
  const of = (cap: number) => run.at(run.main, cap).filter(inTier(tier));
  return { first: of(largestCap(run)), second: of(smallestCap(run)), counted: showsRefusal };
}

/** Asked as usual, and again under the variant, at the largest cap. @param tier one whose prompts are asked again */
export function variantSides(run: Answers, variant: Variant, tier: Tier): TwoSides {
  const cap = largestCap(run);
  return {
    first: run.at("chat", cap).filter(inTier(tier)),
    second: run.under(variant, cap).filter(inTier(tier)),
    counted: refuses,
  };
}

/** Both values of each prompt. */
export function twicePerPrompt({ first, second, counted }: TwoSides): (Twice & { prompt: Prompt })[] {
  const after = perPrompt(second, counted);
  return perPrompt(first, counted).map(({ prompt, cluster, value }, i) => ({
    ...{ prompt, cluster },
    first: value,
    second: after[i]!.value,
  }));
}

/** In each matched pair, how often the hazard-adjacent prompts are refused, and how often the benign ones. */
export function matchedPairs(run: Answers): (Twice & { prompt: Prompt })[] {
  const answers = run.at(run.main, largestCap(run)).filter(({ prompt }) => prompt.pair !== null);
  const side = (tier: Tier) =>
    groupBy(perPrompt(answers.filter(inTier(tier)), refuses), ({ cluster }) => cluster);
  const average = (units: readonly Unit[]) => mean(units.map(({ value }) => value));
  const benign = side("benign");
  return [...side("hazard_adjacent")].flatMap(([cluster, units]) => {
    const partner = benign.get(cluster);
    const [{ prompt }] = units as [Unit];
    return partner === undefined
      ? []
      : [{ prompt, cluster, first: average(units), second: average(partner) }];
  });
}
