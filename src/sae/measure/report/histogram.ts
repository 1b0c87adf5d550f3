/** Counts in bins of equal width. */
import type { Bin } from "../../../core/records/sae-report.ts";

/**
 * @param values any numbers; those outside of [from, to] go into the first or last bin
 * @param bins number of bins of equal width over [from, to], at least one; the last bin includes its end
 */
export function histogram(
  values: Iterable<number>,
  { from, to, bins }: { from: number; to: number; bins: number },
): Bin[] {
  const width = (to - from) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const at = Math.floor((value - from) / width);
    counts[Math.min(bins - 1, Math.max(0, at))]!++;
  }
  return counts.map((count, i) => ({ from: from + i * width, to: from + (i + 1) * width, count }));
}

/**
 * Counts whole numbers, from the smallest to the largest. Each has a bin of its own if there are few; else bins hold
 * several numbers, so that there are at most `mostBins`.
 */
export function countHistogram(values: Uint32Array, mostBins: number): Bin[] {
  let [least, most] = [Infinity, 0];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  if (values.length === 0) return [];
  const size = Math.ceil((most - least + 1) / mostBins);
  const bins = Math.ceil((most - least + 1) / size);
  return histogram(values, { from: least, to: least + bins * size, bins });
}
