/** Lists the answers whose refusal is there in one run and not in the other. */

import { otherSystemIn } from "../../core/asked/variants.ts";
import type { Flip } from "../../core/results/comparison.ts";
import { type Answer, type Answers, largestCap, refuses } from "../common/answers.ts";
import type { Sides } from "./changes.ts";

/** A flip with both answers, base first. */
export interface FoundFlip extends Flip {
  answers: [Answer, Answer];
}

/** At the largest cap, in the order of the templates and the variants, then of the prompts; first those that lost their refusal. */
export function flipsOf({ of, base, other }: Sides): FoundFlip[] {
  const cap = largestCap(base);
  const asked: ((run: Answers) => readonly Answer[])[] = [
    ...base.templates.map((template) => (run: Answers) => run.at(template, cap)),
    ...base.variants.map((variant) => (run: Answers) => run.under(variant, cap)),
  ];
  const all = asked.flatMap((answersOf) => {
    const after = answersOf(other);
    return answersOf(base).flatMap((before, i): FoundFlip[] => {
      const now = after[i]!;
      if (refuses(before) === refuses(now)) return [];
      const { prompt, observation, verdict } = before;
      const { template, seed, prefill, turn } = observation.condition;
      const other_system = otherSystemIn(observation.condition, base.variants);
      return [
        {
          of,
          prompt_id: prompt.id,
          condition: { template, seed, prefill, turn, other_system, cap },
          from: verdict.outcome,
          to: now.verdict.outcome,
          answers: [before, now],
        },
      ];
    });
  });
  return [...all.filter(({ from }) => from === "refuse"), ...all.filter(({ from }) => from !== "refuse")];
}
