/** Minimal sets of a group of prompts, or of one: which prompts refuse, what the ceiling can do, and what the search then finds. */
import { estimate, gradientOf, ranked } from "../ranking/ranking.ts";
import { setOf } from "../subject/feature-set.ts";
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
  { boundary, decoderCosine }: { boundary: number; decoderCosine: Float64Array | null },
): Promise<Standing> {
  const free = (of: readonly number[]) => ({ prompts: of, around: (): FeatureSet => [] });
  const [clean] = await judgedOf(subject, free(prompts), [[]]);
  const refusing = prompts.filter((_, i) => clean!.kinds[i] === "refused");
  const [all] = await judgedOf(subject, free(refusing), [universe]);
  const [scores] = await scoresOf(subject, free(refusing), [universe]);
  const below = scores!.filter((score) => score < boundary).length;
  const { complied, broken, evaded } = all!.tally;
  const derails = complied === 0 || complied < broken + evaded;
  // A few lucky answers are no flip: at least half of the prompts count.
  const most = derails
    ? Math.max(await mostByPart(subject, refusing, universe, decoderCosine), Math.ceil(refusing.length / 2))
    : complied;
  return {
    refusing,
    clean: clean!.tally,
    ceiling: { ...all!.tally, below },
    needed: Math.max(1, Math.ceil(shareOfCeiling * most)),
  };
}

/** Prompts that stand for all where only the number that can comply is wanted. */
const sampled = 12;

/**
 * How many of the prompts can comply, where ablating everything derails the answers: the most that comply under the first half, quarter, …
 * of the ranking.
 */
async function mostByPart(
  subject: Subject,
  refusing: readonly number[],
  universe: FeatureSet,
  decoderCosine: Float64Array | null,
): Promise<number> {
  if (refusing.length === 0) return 0;
  const free = { prompts: refusing, around: (): FeatureSet => [] };
  const { effect } = await estimate(gradientOf(subject, free), universe);
  const order = ranked(effect, universe, decoderCosine);
  const parts: FeatureSet[] = [];
  for (let size = order.length >> 1; size > 0; size >>= 1) parts.push(setOf(order.slice(0, size)));
  const judged = await judgedOf(subject, { ...free, prompts: refusing.slice(0, sampled) }, parts);
  const shares = judged.map(({ tally: { complied, asked } }) => complied / asked);
  return Math.round(Math.max(0, ...shares) * refusing.length);
}

export interface TakenApart extends ConfirmedSets {
  outcome: AnatomyOutcome;
  standing: Standing;
}

/**
 * @param prompts harmful prompts by index, all of one split @param universe the candidates that may be ablated
 * @param search `boundary`: the score below which judged answers do not refuse (searchBoundary)
 */
export async function takeApart(
  subject: Subject,
  prompts: readonly number[],
  universe: FeatureSet,
  search: { boundary: number; decoderCosine: Float64Array | null; limits: SearchLimits },
): Promise<TakenApart> {
  const standing = await standingOf(subject, prompts, universe, search);
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
