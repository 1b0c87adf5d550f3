/** How well a score separates two classes. */

/**
 * The area under the ROC curve: the probability that a positive has a higher score than a negative. Equal scores count
 * half (Mann & Whitney 1947).
 * @param positives, negatives scores in any order
 * @returns NaN if a class is empty
 */
export function auc(positives: readonly number[], negatives: readonly number[]): number {
  if (positives.length === 0 || negatives.length === 0) return NaN;
  const below = Float64Array.from(negatives).sort();
  let wins = 0;
  for (const score of positives)
    wins += (countBelow(below, score, true) + countBelow(below, score, false)) / 2;
  return wins / (positives.length * negatives.length);
}

/** How many of the sorted values are below the bound, or at most as large. */
function countBelow(sorted: Float64Array, bound: number, strictly: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle]!;
    if (strictly ? value < bound : value <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
