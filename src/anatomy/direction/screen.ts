/**
 * Which candidates are measured first. A first-order estimate of each candidate's bypass costs one backward pass for all of
 * them. So the candidates with the lowest estimates are measured, and more only if none of these can be chosen.
 */
import { type CandidatePlace, type DirectionFilters, isTooDeep } from "./choose.ts";

/**
 * @param estimates [candidates] estimated bypass
 * @param share of the candidates that are not too deep, which make one round; at least one candidate
 * @returns rounds of indices, the lowest estimates first; candidates that are too deep are in none
 */
export function screeningRounds(
  candidates: readonly CandidatePlace[],
  estimates: readonly number[],
  options: { filters: DirectionFilters; layers: number; share: number },
): number[][] {
  const { filters, layers, share } = options;
  const order = [...candidates.keys()]
    .filter((i) => !isTooDeep(candidates[i]!, filters, layers))
    .sort((a, b) => estimates[a]! - estimates[b]! || a - b);
  const size = Math.max(1, Math.ceil(share * order.length));
  return Array.from({ length: Math.ceil(order.length / size) }, (_, round) =>
    order.slice(round * size, (round + 1) * size),
  );
}
