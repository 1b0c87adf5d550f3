/** Sets of candidates: arrays of indices, ascending and without repeats, so that equal sets are equal arrays. */
import type { FeatureSet } from "./subject.ts";

export const setOf = (features: Iterable<number>): FeatureSet => [...new Set(features)].sort((a, b) => a - b);

export const union = (...sets: readonly FeatureSet[]): FeatureSet => setOf(sets.flat());

/** The members of `set` that are not in `gone`. */
export function without(set: FeatureSet, gone: Iterable<number>): FeatureSet {
  const out = new Set(gone);
  return set.filter((feature) => !out.has(feature));
}

export const keyOf = (set: FeatureSet): string => set.join(",");
