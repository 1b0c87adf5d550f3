/** Minimal sets of a group of prompts, or of one: which prompts refuse, what the ceiling can do, and what the search then finds. */
import type { FeatureSet, Subject } from "../subject/subject.ts";
import type { Tally } from "../trial/tally.ts";
import { judgedOf, scoresOf, type Trial } from "../trial/trial.ts";
import { type ConfirmedSets, confirmedSets, type SearchLimits } from "./confirmed.ts";

export type AnatomyOutcome =
  | "found"
  | "not in this dictionary"
  | "only broken text"
  | "no refusal to take apart";

/** A pooled set flips if it reaches this share of the prompts that comply when all candidates are ablated. */
export const shareOfCeiling = 0.9;

/** Where a group of prompts stands before any search. */
export interface Standing {
  /** Prompts whose clean answer refuses. Only they are searched. */
  refusing: readonly number[];
  clean: Tally;
  /** All candidates ablated, over the refusing prompts; `below`: scores below the boundary. */
  ceiling: Tally & { below: number };
  /** Prompts that a pooled set must flip. */
  needed: number;
}

export async function standingOf(
  subject: Subject,
  prompts: readonly number[],
  universe: FeatureSet,
  boundary: number,
): Promise<Standing> {
  const free = (of: readonly number[]) => ({ prompts: of, around: (): FeatureSet => [] });
  const [clean] = await judgedOf(subject, free(prompts), [[]]);
  const refusing = prompts.filter((_, i) => clean!.kinds[i] === "refused");
  const [all] = await judgedOf(subject, free(refusing), [universe]);
  const [scores] = await scoresOf(subject, free(refusing), [universe]);
  const below = scores!.filter((score) => score < boundary).length;
  // Where the ceiling derails more answers than it flips, a part of it may still flip. Then the score says how many it could be, and
  // a few lucky answers are no flip: at least half of the prompts count.
  const { complied, broken, evaded } = all!.tally;
  const most =
    complied > 0 && complied >= broken + evaded ? complied : Math.max(below, Math.ceil(refusing.length / 2));
  return {
    refusing,
    clean: clean!.tally,
    ceiling: { ...all!.tally, below },
    needed: Math.max(1, Math.ceil(shareOfCeiling * most)),
  };
}

export interface TakenApart extends ConfirmedSets {
  outcome: AnatomyOutcome;
  standing: Standing;
}

/**
 * @param prompts harmful prompts by index, all of one split @param universe the candidates that may be ablated
 * @param search `boundary`: the score below which judged answers do not refuse ({@link learnBoundary})
 */
export async function takeApart(
  subject: Subject,
  prompts: readonly number[],
  universe: FeatureSet,
  search: { boundary: number; decoderCosine: Float64Array | null; limits: SearchLimits },
): Promise<TakenApart> {
  const standing = await standingOf(subject, prompts, universe, search.boundary);
  const nothing: ConfirmedSets = { sets: [], refuted: [], exhaustive: true, lowered: 0 };
  if (standing.refusing.length === 0) return { ...nothing, outcome: "no refusal to take apart", standing };
  const trial: Trial = {
    prompts: standing.refusing,
    around: () => [],
    boundary: search.boundary,
    needed: standing.needed,
  };
  const found = await confirmedSets(subject, trial, universe, search);
  return { ...found, outcome: outcomeOf(found, standing), standing };
}

/** Broken text stands for itself: it is neither a flip, nor does it show that the dictionary lacks the refusal. */
function outcomeOf({ sets, refuted }: ConfirmedSets, { ceiling }: Standing): AnatomyOutcome {
  if (sets.length > 0) return "found";
  const broken = [ceiling, ...refuted.map(({ judged }) => judged)].some(
    (t) => t.broken > 0 && t.broken >= t.refused,
  );
  return broken ? "only broken text" : "not in this dictionary";
}
