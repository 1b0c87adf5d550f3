/** Whether two measurements put items in the same order. */
import { mean } from "./summary.ts";

/**
 * Spearman's rank correlation of x [n] and y [n]: Pearson's correlation of their ranks, equal values with the mean of their ranks.
 * NaN with fewer than two items, or if either does not vary.
 * @throws RangeError for unequal lengths
 */
export function spearman(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length)
    throw new RangeError(`spearman: expected equally many values, got ${x.length} and ${y.length}`);
  if (x.length < 2) return NaN;
  const [a, b] = [ranks(x), ranks(y)];
  const center = mean(a);
  let [xy, xx, yy] = [0, 0, 0];
  a.forEach((rank, i) => {
    const [dx, dy] = [rank - center, b[i]! - center];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  });
  return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
}

function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const out = new Array<number>(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) out[order[i]!] = (from + to + 1) / 2;
  }
  return out;
}
