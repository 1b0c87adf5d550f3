/**
 * Which candidates are measured in full. First-order estimates of the bypass cost one backward pass for all candidates, and
 * leave out the worst half. A pilot measures the others' bypass on a few prompts. The best share by the pilot is measured on all
 * prompts, and after that every candidate that the pilot cannot tell from the chosen one. Of each, only what the choice depends on
 * is measured.
 */
import { mean, variance } from "../../stats/summary.ts";
import { type CandidatePlace, type DirectionFilters, isTooDeep } from "./choose.ts";

/** A pilot leaves nobody out if there are no more candidates than this. */
const fewCandidates = 40;
/** Standard errors of the paired difference within which a candidate may still be the better one. */
const doubt = 2;
/** Score differences below this are rounding: candidates of neighbouring layers may be almost the same direction. */
const rounding = 1e-3;

/** @returns indices of the candidates that the depth filter leaves, the lowest estimated bypass first */
export function byEstimate(
  candidates: readonly CandidatePlace[],
  estimates: readonly number[],
  filters: DirectionFilters,
  layers: number,
): number[] {
  return [...candidates.keys()]
    .filter((i) => !isTooDeep(candidates[i]!, filters, layers))
    .sort((a, b) => estimates[a]! - estimates[b]! || a - b);
}

/** How many of `count` candidates, the best by estimate, a pilot measures. */
export function pilotSize(count: number): number {
  return Math.min(count, Math.max(fewCandidates, Math.ceil(count / 2)));
}

/** How many of `count` prompts a pilot reads: an eighth, and at least four. */
export function pilotPrompts(count: number): number {
  return Math.min(count, Math.max(4, Math.ceil(count / 8)));
}

/**
 * Whether a candidate's estimate leaves open that it passes the `induce` filter: it lies below by at most three times the
 * largest error of the estimates so far. Where these are good, candidates that cannot pass need not be measured.
 * @param measured estimate and measured value of other candidates
 */
export function mayInduce(
  estimate: number,
  leastInduce: number,
  measured: readonly { estimate: number; induce: number }[],
): boolean {
  const worst = Math.max(0, ...measured.map((one) => Math.abs(one.estimate - one.induce)));
  return estimate + 3 * worst >= leastInduce;
}

/**
 * Whether the pilot leaves open that a candidate's bypass is lower than the chosen one's.
 * @param candidate, chosen [prompts] scores of the same pilot prompts under the ablation of each
 */
export function mayBeat(candidate: readonly number[], chosen: readonly number[]): boolean {
  const differences = candidate.map((score, i) => score - chosen[i]!);
  const error = differences.length > 1 ? Math.sqrt(variance(differences, 1) / differences.length) : Infinity;
  return mean(differences) <= doubt * error + rounding;
}
