/** Splits items into folds and keeps each group together: prompts of one pair are never in two folds. */
import type { Random } from "../core/random.ts";
import { groupBy } from "./group.ts";

/**
 * Deals groups into k folds, evenly within each stratum.
 * @param groups [n], the group of each item
 * @param strata [n], the stratum of each item; a group belongs to the stratum of its first item
 * @returns [n], the fold of each item, 0 ≤ fold < k. Some folds are empty when there are fewer groups than folds.
 */
export function groupedFolds(
  groups: readonly string[],
  strata: readonly string[],
  k: number,
  random: Random,
): number[] {
  const stratumOf = new Map<string, string>();
  groups.forEach((group, i) => {
    if (!stratumOf.has(group)) stratumOf.set(group, strata[i]!);
  });
  const members = groupBy(stratumOf.keys(), (group) => stratumOf.get(group)!);
  const foldOf = new Map<string, number>();
  // Each stratum continues at the fold where the last one stopped, so that small strata do not all go to fold 0.
  for (const inStratum of members.values())
    for (const group of random.shuffle(inStratum)) foldOf.set(group, foldOf.size % k);
  return groups.map((group) => foldOf.get(group)!);
}
