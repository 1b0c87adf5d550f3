/** What the stages of a search share. */
import type { SearchLimits } from "../../../anatomy/minimal/confirmed.ts";
import type { Candidate, FeatureSet, SubjectPrompt } from "../../../anatomy/subject/subject.ts";
import { answerKind } from "../../../anatomy/trial/tally.ts";
import type { Random } from "../../../core/random.ts";
import type { TokenRole } from "../../../core/records/anatomy/features.ts";
import type { FeaturePool } from "../candidates/feature-pool.ts";
import type { AnatomyPlan } from "../plan/plan.ts";
import type { ModelSubject } from "../subject/model-subject.ts";

export interface Stage {
  subject: ModelSubject;
  plan: Pick<AnatomyPlan, "sizes" | "calipers" | "greedy_filter">;
  /** [candidates] cosine of the decoder row with the direction. */
  decoderCosine: Float64Array;
  /** What controls are drawn from. */
  pool: FeaturePool;
  /** The same model and prompts with other candidates; whoever opens it closes it. */
  open: (candidates: readonly Candidate[]) => Promise<ModelSubject>;
  /** All candidates. */
  universe: FeatureSet;
  /** The role of each token of a prompt. */
  roles: (prompt: number) => readonly TokenRole[];
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

/** Those whose clean answer refuses. */
export async function refusingOf({ subject }: Stage, prompts: readonly number[]): Promise<number[]> {
  const judged = await subject.judged(prompts.map((prompt) => ({ prompt, off: [] })));
  return prompts.filter((_, i) => answerKind(judged[i]!) === "refused");
}
