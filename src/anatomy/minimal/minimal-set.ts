/** One minimal set: ceiling, ranking, bisection, ranking again where everything of the prefix is ablated, certificate. */
import { ranked } from "../ranking/ranking.ts";
import { setOf, union, without } from "../subject/feature-set.ts";
import type { FeatureSet } from "../subject/subject.ts";
import type { Flips } from "../trial/trial.ts";
import { oneMinimal } from "./certificate.ts";
import { flippingPrefix } from "./prefix.ts";

/** What the search may ask. */
export interface Look {
  flips: Flips;
  /** [candidates]: estimated effects of ablation, from the clean run to the run without `to`. Rankings are counted from 0. */
  effects: (to: FeatureSet, ranking: number) => Promise<Float64Array>;
  /** [candidates] or null; see {@link ranked}. */
  decoderCosine: Float64Array | null;
}

export interface MinimalSet {
  features: FeatureSet;
  /** Sizes on the way: the universe, the prefix after each ranking, the certified set. */
  trail: number[];
}

/** Each further ranking costs a backward pass; after four the prefix of every circuit and model that we know stays the same. */
const mostRankings = 4;
/** A ranking that shortens the prefix by less than this share ends the rankings. */
const leastGain = 0.1;

/** @returns null if not even the whole universe flips, nor the part of it that helps */
export async function minimalSet(universe: FeatureSet, look: Look): Promise<MinimalSet | null> {
  const trail = [universe.length];
  let set = universe;
  let order: readonly number[] = universe;
  for (let ranking = 0; ranking < mostRankings && set.length > 1; ranking++) {
    order = ranked(await look.effects(set, ranking), set, look.decoderCosine);
    const next = await flippingPrefix(order, look.flips);
    if (next === null) return null;
    const gain = 1 - next.length / set.length;
    set = next;
    trail.push(set.length);
    if (gain < leastGain) break;
  }
  if (trail.length === 1 && (await look.flips([set]))[0] !== true) return null; // A universe of one feature, or none.
  const features = await oneMinimal(
    order.filter((f) => set.includes(f)),
    look.flips,
  );
  return { features, trail: [...trail, features.length] };
}

export interface MinimalSets {
  sets: MinimalSet[];
  /** No other minimal set exists, if ablating more never brings the refusal back. False if the search ended at its limits. */
  exhaustive: boolean;
}

/**
 * Alternative minimal sets. A minimal set that is not found yet lacks a member of each one found, so the search starts again without
 * such members (the hitting-set tree of Reiter 1987), first without a whole found set.
 * @param limits the most sets, and the most searches
 */
export async function minimalSets(
  universe: FeatureSet,
  look: Look,
  limits: { sets: number; searches: number },
): Promise<MinimalSets> {
  const sets: MinimalSet[] = [];
  const tried = new Set<string>();
  const queue: FeatureSet[] = [[]];
  for (let searches = 0; queue.length > 0; ) {
    const excluded = queue.shift()!;
    if (tried.has(excluded.join())) continue;
    tried.add(excluded.join());
    let found = sets.find(({ features }) => features.every((f) => !excluded.includes(f)));
    if (found === undefined) {
      const rest = without(universe, excluded);
      if (sets.length > 0 && (await look.flips([rest]))[0] !== true) continue;
      if (searches++ >= limits.searches || sets.length >= limits.sets) return { sets, exhaustive: false };
      const fresh = await minimalSet(rest, look);
      if (fresh === null) continue;
      found = fresh;
      sets.push(found);
      queue.unshift(union(excluded, found.features));
    }
    for (const member of found.features) queue.push(setOf([...excluded, member]));
  }
  return { sets, exhaustive: true };
}
