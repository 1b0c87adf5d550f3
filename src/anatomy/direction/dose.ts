/** A score as a function of how much of a vector is added. */
import type { Interval } from "../../stats/proportion.ts";
import { type Measured, meanOverReplicates } from "../../stats/replicates.ts";

export interface DosePoint {
  /** How many times the vector is added; 1 is the difference of means. */
  dose: number;
  /** Mean score over prompts. */
  estimate: number;
  /** Over clusters of prompts; null with fewer than two. */
  interval: Interval | null;
}

/** @param scores [doses][prompts] of the same prompts */
export function doseCurve(
  doses: readonly number[],
  scores: readonly (readonly Measured[])[],
  level: number,
): DosePoint[] {
  return doses.map((dose, i) => ({ dose, ...meanOverReplicates([scores[i]!], level) }));
}
