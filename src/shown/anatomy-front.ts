/** The Pareto front of an anatomy: sets that no other set beats in size, in refusals and in cost at once. */
import type { Anatomy } from "../core/records/anatomy.ts";

type Point = Anatomy["pareto"][number];

const goals = ({ size, refusing, kl }: Point): (number | null)[] => [size, refusing.estimate, kl.estimate];

/** @returns whether each point is on the front; a point without an estimate never is */
export function onFront(points: readonly Point[]): boolean[] {
  const all = points.map(goals);
  return all.map((own) => !own.includes(null) && !all.some((other) => beats(other, own)));
}

/** No worse in anything and better in something; smaller is better everywhere. */
function beats(other: readonly (number | null)[], own: readonly (number | null)[]): boolean {
  return (
    !other.includes(null) &&
    other.every((value, i) => value! <= own[i]!) &&
    other.some((value, i) => value! < own[i]!)
  );
}
