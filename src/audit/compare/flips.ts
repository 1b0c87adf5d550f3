/** Lists the answers whose refusal is there in one run and not in the other. */
import type { Flip } from "../../core/results/comparison.ts";
import { type Answer, largestCap, refuses } from "../common/answers.ts";
import type { Sides } from "./changes.ts";

/** A flip with both answers, base first. */
export interface FoundFlip extends Flip {
  answers: [Answer, Answer];
}

/** At the largest cap, in the order of the templates, then of the prompts; first those that lost their refusal. */
export function flipsOf({ of, base, other }: Sides): FoundFlip[] {
  const cap = largestCap(base);
  const all = base.templates.flatMap((template) => {
    const after = other.at(template, cap);
    return base.at(template, cap).flatMap((before, i): FoundFlip[] => {
      const now = after[i]!;
      if (refuses(before) === refuses(now)) return [];
      const { prompt, observation, verdict } = before;
      return [
        {
          of,
          prompt_id: prompt.id,
          condition: { template, seed: observation.condition.seed, cap },
          from: verdict.outcome,
          to: now.verdict.outcome,
          answers: [before, now],
        },
      ];
    });
  });
  return [...all.filter(({ from }) => from === "refuse"), ...all.filter(({ from }) => from !== "refuse")];
}
