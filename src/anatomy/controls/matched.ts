/**
 * Control sets that look like the set in question but were not found by the search. A set of easy random features proves nothing: a control
 * has the same site, and a like norm, frequency and decoder cosine, member by member.
 */
import type { Random } from "../../core/random.ts";
import { keyOf, setOf } from "../subject/feature-set.ts";
import type { Ask, Candidate, FeatureSet } from "../subject/subject.ts";

/** What a control must share with the feature that it stands for. Arrays are [candidates]. */
export interface Traits {
  /** Mean norm of what ablating the feature takes out of the stream at a token where it is active; 0 if it never is. */
  norm: Float64Array;
  /** Share of tokens at which the feature is active. */
  frequency: Float64Array;
  /** Cosine of the decoder row with the refusal direction. */
  decoderCosine: Float64Array;
}

/** How far a control may differ from the feature that it stands for. */
export interface Calipers {
  /** Largest ratio of the two norms, from 1. */
  norm: number;
  /** Largest ratio of the two frequencies, from 1. */
  frequency: number;
  /** Largest difference of the two cosines. */
  decoderCosine: number;
}

/** The part of an ask that makes it a control. */
export type Control = Pick<Ask, "off" | "random">;

export interface Controls {
  /** "random directions" where fewer than 19 matched sets exist: the smallest p of 19 is 5%. */
  kind: "matched sets" | "random directions";
  controls: Control[];
  /** Distinct matched sets that were found. */
  matched: number;
  /** `matched` counts all that exist. */
  exhaustive: boolean;
}

/** With fewer matched sets no p value can reach 5%. */
const fewestMatched = 19;
/** Random draws per wanted set, before all sets are listed instead. */
const drawsPerSet = 30;
/** Steps after which the list of all sets is given up: the same set can be reached in very many orders. */
const mostSteps = 200_000;

/**
 * @param candidates all features that may stand in a control, whether the search may ablate them or not; `set` and `taken` count in them
 * @param set the set in question @param taken features that no control may use, such as all sets that the search found
 * @param count wanted controls; all matched sets where fewer exist
 */
export function controlsFor(
  candidates: readonly Candidate[],
  traits: Traits,
  set: FeatureSet,
  options: { taken: FeatureSet; calipers: Calipers; count: number; random: Random },
): Controls {
  const pools = set.map((member) => poolOf(candidates, traits, member, options));
  const random = options.random.split("controls");
  const { sets, exhaustive } = distinctSets(pools, options.count, random);
  if (sets.length >= fewestMatched)
    return {
      kind: "matched sets",
      controls: sets.map((off) => ({ off })),
      matched: sets.length,
      exhaustive,
    };
  const controls = Array.from({ length: options.count }, (_, draw): Control => {
    return { off: [], random: { like: set, draw } };
  });
  return { kind: "random directions", controls, matched: sets.length, exhaustive };
}

function poolOf(
  candidates: readonly Candidate[],
  { norm, frequency, decoderCosine }: Traits,
  member: number,
  { taken, calipers }: { taken: FeatureSet; calipers: Calipers },
): number[] {
  const near = (values: Float64Array, f: number, most: number) => {
    const [a, b] = [values[member]!, values[f]!];
    return a === b || (a > 0 && b > 0 && Math.max(a / b, b / a) <= most);
  };
  return candidates.flatMap(({ sae }, f) =>
    sae === candidates[member]!.sae &&
    f !== member &&
    !taken.includes(f) &&
    near(norm, f, calipers.norm) &&
    near(frequency, f, calipers.frequency) &&
    Math.abs(decoderCosine[member]! - decoderCosine[f]!) <= calipers.decoderCosine
      ? [f]
      : [],
  );
}

/** Distinct sets with one feature of each pool: `count` random ones, or all if there are not more. */
function distinctSets(
  pools: readonly (readonly number[])[],
  count: number,
  random: Random,
): { sets: FeatureSet[]; exhaustive: boolean } {
  const found = new Map<string, FeatureSet>();
  const keep = (members: readonly number[]) => {
    const set = setOf(members);
    found.set(keyOf(set), set);
  };
  if (pools.length === 0 || pools.some((pool) => pool.length === 0)) return { sets: [], exhaustive: true };
  for (let draw = 0; draw < drawsPerSet * count && found.size < count; draw++) {
    const drawn = drawOne(pools, random);
    if (drawn !== null) keep(drawn);
  }
  if (found.size >= count) return { sets: [...found.values()], exhaustive: false };
  let steps = 0;
  // Small pools first: they decide early that an order cannot be completed.
  const order = [...pools].sort((a, b) => a.length - b.length);
  const list = (members: readonly number[]): void => {
    if (steps++ >= mostSteps || found.size > count) return;
    const pool = order[members.length];
    if (pool === undefined) {
      keep(members);
      return;
    }
    for (const f of pool) if (!members.includes(f)) list([...members, f]);
  };
  list([]);
  const sets = [...found.values()];
  const exhaustive = steps < mostSteps && sets.length <= count;
  return { sets: sets.length > count ? random.shuffle(sets).slice(0, count) : sets, exhaustive };
}

/** One feature of each pool, all different; null if the random order ran out of features. */
function drawOne(pools: readonly (readonly number[])[], random: Random): number[] | null {
  const members: number[] = [];
  for (const pool of random.shuffle(pools)) {
    let drawn = pool[random.integer(pool.length)]!;
    if (members.includes(drawn)) {
      const free = pool.filter((f) => !members.includes(f));
      if (free.length === 0) return null;
      drawn = free[random.integer(free.length)]!;
    }
    members.push(drawn);
  }
  return members;
}
