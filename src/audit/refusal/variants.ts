/** What refusals do when the same prompts are asked in another way: each variant against the plain answers, prompt by prompt. */

import { againOf, tiersOf, type Variant } from "../../core/asked/variants.ts";
import type { About } from "../../core/records/about.ts";
import type { Tier } from "../../core/records/prompt.ts";
import { sideWords } from "../../core/records/words.ts";
import { type Answers, largestCap } from "../common/answers.ts";
import type { Draft } from "../common/draft.ts";
import { tierName } from "../common/say.ts";
import { samePrompts } from "./contrasts.ts";
import { variantSides } from "./sides.ts";

export const variantDrafts = (run: Answers): Draft[] =>
  run.variants.flatMap((variant) => tiersOf(variant).map((tier) => effect(run, variant, tier)));

function effect(run: Answers, variant: Variant, tier: Tier): Draft {
  const { about, question, names } = said(run, variant, tier);
  return samePrompts(run, {
    ...{ about, question, names },
    what: `${tierName(tier)} prompts with the chat template, judged at ${largestCap(run)} tokens`,
    sides: variantSides(run, variant, tier),
    verb: "are refused",
  });
}

interface Said {
  about: About;
  question: string;
  /** Of the plain answers, and of those under the variant. */
  names: [string, string];
}

function said(run: Answers, variant: Variant, tier: Tier): Said {
  const prompts = `${tierName(tier)} prompts`;
  const names = sideWords(againOf(variant), plainSystem(run));
  switch (variant.kind) {
    case "prefill": {
      const { opening, tokens, text } = variant;
      const complies = opening === "comply";
      return {
        about: { kind: "prefill_effect", opening, tokens },
        question: complies
          ? `Do refusals of ${prompts} survive ${tokens} tokens that were put into the model's mouth?`
          : `Do ${tokens} tokens of a refusal make the model refuse ${prompts}?`,
        names: [
          names[0],
          `after ${tokens} tokens of an opening that ${complies ? "complies" : "refuses"} (${JSON.stringify(text)})`,
        ],
      };
    }
    case "system": {
      const { n, system } = variant;
      return {
        about: { kind: "system_effect", n, system, tier },
        question: `Does the refusal of ${prompts} change ${names[1]}?`,
        names,
      };
    }
    case "turn":
      return {
        about: { kind: "turn_effect", turn: variant.turn, tier },
        question: `Does the refusal of ${prompts} change ${names[1]}?`,
        names,
      };
  }
}

/** The system prompt of the plain answers through the template, which all have the same one. */
const plainSystem = (run: Answers): string | null =>
  run.at("chat", largestCap(run))[0]?.observation.condition.system ?? null;
