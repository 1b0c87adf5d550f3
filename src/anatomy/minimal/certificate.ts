/**
 * The certificate of a minimal set: no member can be put back. It is 1-minimal (Zeller & Hildebrandt 2002, "delta debugging"): a smaller
 * set that lacks several members may still exist where features work against each other.
 */
import { setOf, without } from "../subject/feature-set.ts";
import type { FeatureSet } from "../subject/subject.ts";
import type { Flips } from "../trial/trial.ts";

/** Above this size, halves are tried first: leaving each member out alone costs a run per member. */
const manyMembers = 64;

/** This share of the set, from the weak end of its ranking, is tried before all are: a full pass after each removal would cost more. */
const weakShare = 1 / 4;

/**
 * @param ranking the members of a set that flips, strongest first
 * @returns a subset that flips and of which no member can be left out
 */
export async function oneMinimal(ranking: readonly number[], flips: Flips): Promise<FeatureSet> {
  let kept = setOf(ranking);
  if (kept.length > manyMembers) kept = await drop(kept, [...ranking].reverse(), flips);
  const weak = ranking.filter((f) => kept.includes(f)).slice(-Math.ceil(weakShare * kept.length));
  kept = await drop(kept, await removable(kept, weak, flips), flips);
  for (;;) {
    const loose = await removable(kept, kept, flips);
    if (loose.length === 0) return kept;
    kept = await drop(kept, loose, flips);
  }
}

/** The members that can be left out alone. */
async function removable(
  kept: FeatureSet,
  members: readonly number[],
  flips: Flips,
): Promise<readonly number[]> {
  const alone = await flips(members.map((member) => without(kept, [member])));
  return members.filter((_, i) => alone[i]);
}

/** Leaves out as many of `members` as it can: all together, or else each half in turn. */
async function drop(kept: FeatureSet, members: readonly number[], flips: Flips): Promise<FeatureSet> {
  if (members.length === 0) return kept;
  const rest = without(kept, members);
  const [flipped] = await flips([rest]);
  if (flipped === true) return rest;
  if (members.length === 1) return kept;
  const half = members.length >> 1;
  return drop(await drop(kept, members.slice(0, half), flips), members.slice(half), flips);
}
