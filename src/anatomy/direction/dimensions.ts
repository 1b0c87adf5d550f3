/**
 * How many dimensions a refusal has. A direction is removed, the next is fitted under its removal, and so on. A dimension
 * counts while its removal lowers the score by more than the removal of random directions does.
 */
import { quantile } from "../../stats/summary.ts";

export interface Removal {
  /** Mean score of harmful prompts before and after the removal. */
  before: number;
  after: number;
  /** The same after the removal of each random direction in its place. */
  random: readonly number[];
}

/** Whether the removal lowers the score by more than all but a share 1 - level of the random ones. */
export function lowersMore({ before, after, random }: Removal, level: number): boolean {
  const falls = random.map((score) => before - score);
  return before - after > quantile(falls, level);
}

/** How many removals count, from the first on. */
export function dimensionsOf(removals: readonly Removal[], level: number): number {
  const end = removals.findIndex((removal) => !lowersMore(removal, level));
  return end === -1 ? removals.length : end;
}
