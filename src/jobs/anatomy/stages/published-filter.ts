/** The published filter beside our search: the set that it keeps, and how that does in the same tests. */
import { filterOrders, greedyFilter } from "../../../anatomy/minimal/greedy-filter.ts";
import { ranked } from "../../../anatomy/ranking/ranking.ts";
import type { Tally } from "../../../anatomy/trial/tally.ts";
import { judgedOf } from "../../../anatomy/trial/trial.ts";
import { boundaryOf, type FoundSets } from "./minimal-sets.ts";
import { free, type Stage } from "./stage.ts";
import { type TestedSet, testedSet } from "./tested-sets.ts";

export interface FilteredSet {
  /** Relative fall of P(refusal) by which it keeps a block. */
  share: number;
  /** Fitting prompts over which P is averaged. */
  prompts: number;
  /** null if it keeps no feature. */
  kept: { fit: Tally; tested: TestedSet } | null;
}

/** @returns null where it was not asked for, or nothing refuses */
export async function publishedFilter(stage: Stage, found: FoundSets): Promise<FilteredSet | null> {
  const { subject, universe, decoderCosine, plan, random } = stage;
  const { refusing } = found.pooled.standing;
  const share = plan.greedy_filter;
  if (share === null || refusing.length === 0) return null;
  // Each of its many steps reads all these prompts.
  const prompts = refusing.slice(0, plan.sizes.control_prompts);
  // Published: candidates by the cosine of the decoder row with the direction.
  const ranking = ranked(new Float64Array(subject.candidates.length), universe, decoderCosine);
  const features = await greedyFilter(subject, free(prompts), filterOrders(ranking, random), share);
  const about = { share, prompts: prompts.length };
  if (features.length === 0) return { ...about, kept: null };
  const [fit] = await judgedOf(subject, free(refusing), [features]);
  const tested = await testedSet(stage, features, { found, boundary: boundaryOf(found) });
  return { ...about, kept: { fit: fit!.tally, tested } };
}
