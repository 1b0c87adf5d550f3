/** What the stages of a search share. */
import type { Traits } from "../../../anatomy/controls/matched.ts";
import type { SearchLimits } from "../../../anatomy/minimal/confirmed.ts";
import type { FeatureSet, SubjectPrompt } from "../../../anatomy/subject/subject.ts";
import type { Random } from "../../../core/random.ts";
import type { AnatomyPlan } from "../plan/plan.ts";
import type { ModelSubject } from "../subject/model-subject.ts";

export interface Stage {
  subject: ModelSubject;
  plan: Pick<AnatomyPlan, "sizes" | "calipers">;
  traits: Traits;
  /** All candidates. */
  universe: FeatureSet;
  random: Random;
  /** Confidence level of every interval. */
  level: number;
}

/** Indices of the prompts of a part and a side. */
export function promptsOf(
  { subject }: Pick<Stage, "subject">,
  split: SubjectPrompt["split"],
  side: SubjectPrompt["side"],
): number[] {
  return subject.prompts.flatMap((prompt, i) => (prompt.split === split && prompt.side === side ? [i] : []));
}

/** The fitting prompts of a side that a search uses, spread evenly over all. */
export function searchedPrompts({ subject, plan }: Stage, side: SubjectPrompt["side"]): number[] {
  const all = promptsOf({ subject }, "fit", side);
  const count = Math.min(all.length, plan.sizes.search_prompts);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

export function limitsOf({ plan: { sizes } }: Stage): SearchLimits {
  return { sets: sizes.sets, searches: sizes.searches, measured: sizes.measured };
}

/** Nothing is ablated besides the set in question. */
export const free = (prompts: readonly number[]) => ({ prompts, around: (): FeatureSet => [] });
