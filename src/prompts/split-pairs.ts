/**
 * Splits matched pairs for an anatomy, where the prompts do not say it themselves. A pair is never divided: a direction that was
 * fitted on a request would be tested on nearly the same words.
 */
import { random } from "../core/random.ts";
import type { Split } from "../core/records/prompt.ts";
import { groupedFolds } from "../stats/folds.ts";

/** One part per fold: 4/7 of the pairs to fit, 1/7 to validate, 2/7 to test. The order spreads a small category over the parts. */
const parts: readonly Split[] = ["fit", "test", "fit", "validate", "fit", "test", "fit"];

/** With fewer pairs, a part would be empty. */
export const fewestPairs = parts.length;

/**
 * @param pairs [n], each with its own name; the pairs of a category are spread evenly over the parts
 * @returns [n], the part of each pair; depends on names, categories, their order and the seed
 * @throws RangeError for fewer than `fewestPairs` pairs
 */
export function splitPairs(
  pairs: readonly { name: string; category: string }[],
  seed: number | string,
): Split[] {
  if (pairs.length < fewestPairs)
    throw new RangeError(`splitPairs: expected ${fewestPairs} pairs at least, found ${pairs.length}`);
  return groupedFolds(
    pairs.map(({ name }) => name),
    pairs.map(({ category }) => category),
    parts.length,
    random(seed).split("anatomy split"),
  ).map((fold) => parts[fold]!);
}
