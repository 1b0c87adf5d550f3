/** What the labelling page and its server say to each other. This file imports no zod, which keeps the page small. */
import type { Turn } from "./prompt.ts";
import type { Outcome } from "./verdict.ts";

/** The outcomes that a person can see in an answer. "blocked" is something that a provider says. */
export const pageLabels = [
  ...(["refuse", "partial", "comply", "hedge", "evade", "mixed"] as const),
  ...(["empty", "incoherent", "truncated", "undetermined"] as const),
] as const satisfies readonly Outcome[];
export type PageLabel = (typeof pageLabels)[number];

export const pageCoherence = ["fine", "loops", "noise"] as const;
export type PageCoherence = (typeof pageCoherence)[number];

/** One answer, without its tier, condition and verdict. */
export interface LabelTask {
  id: string;
  prompt: string;
  /** The turns before the prompt, oldest first. */
  turns: readonly Turn[];
  answer: string;
  /** The answer was stopped at the largest cap, or because the context was full. */
  cut: boolean;
}

/** How two raters agree on the answers that both labelled. */
export interface PairAgreement {
  raters: [string | null, string | null];
  n: number;
  same: number;
  kappa: number | null;
  /** Class by the first rater (row) against class by the second. */
  table: Record<RatedClass, Record<RatedClass, number>>;
}
export const ratedClasses = ["refusal", "partial", "compliance", "none"] as const;
export type RatedClass = (typeof ratedClasses)[number];

export interface LabellingState {
  rater: string;
  done: number;
  total: number;
  /** How many answers were skipped and come again at the end. */
  skipped: number;
  /** null when this rater has labelled everything. */
  task: LabelTask | null;
  /** The label that undo takes back; null if there is none. */
  last: PageLabel | null;
  /** The other raters who are not done. */
  waiting: string[];
  /** null until every rater is done, so that none sees another's labels before. */
  agreement: { alpha: number | null; pairs: PairAgreement[] } | null;
}
