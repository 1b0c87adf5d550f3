/** Pools features over ranges of tokens, for example over an answer, without holding the features of every token. */
import { badInput } from "../../core/errors.ts";
import type { Pooling } from "../../core/records/pooling.ts";
import type { Rows } from "./rows.ts";
import type { SaeSession } from "./sae-session.ts";

/** Rows from (included) to (excluded). */
export type RowRange = readonly [from: number, to: number];

/**
 * Per range of rows: the mean or the largest features, or the features of its last row. Ranges may overlap and come in
 * any order.
 * @returns [ranges, d_sae]
 * @throws FathomError for a range that is empty (a mean of nothing) or leaves the rows
 */
export async function pool(
  session: SaeSession,
  rows: Rows,
  ranges: readonly RowRange[],
  pooling: Pooling,
): Promise<Float32Array<ArrayBuffer>> {
  const { d_sae } = session.sae;
  for (const [at, [from, to]] of ranges.entries()) {
    const inside =
      Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to > from && to <= rows.count;
    if (!inside)
      throw badInput(`${rows.name} range ${at}`, `at least one row within 0…${rows.count}`, `${from}…${to}`);
  }
  // float64, because hundreds of rows are added one by one and float32 would lose digits.
  const pooled = ranges.map(() => new Float64Array(d_sae).fill(pooling === "max" ? -Infinity : 0));
  const take = takers[pooling];
  await session.encodeRows(rows, ({ from: first, features }) => {
    const last = first + features.length / d_sae;
    for (const [at, [from, to]] of ranges.entries())
      for (let row = Math.max(from, first); row < Math.min(to, last); row++)
        take(pooled[at]!, features.subarray((row - first) * d_sae, (row - first + 1) * d_sae));
  });
  const values = new Float32Array(ranges.length * d_sae);
  for (const [at, [from, to]] of ranges.entries())
    values.set(pooling === "mean" ? pooled[at]!.map((sum) => sum / (to - from)) : pooled[at]!, at * d_sae);
  return values;
}

/** Adds a row's features [d_sae] to the pooled result of the rows before it. A mean is kept as a sum until the end. */
const takers: Record<Pooling, (pooled: Float64Array, features: Float32Array) => void> = {
  mean: (pooled, features) => {
    for (let i = 0; i < pooled.length; i++) pooled[i] = pooled[i]! + features[i]!;
  },
  max: (pooled, features) => {
    for (let i = 0; i < pooled.length; i++) pooled[i] = Math.max(pooled[i]!, features[i]!);
  },
  last: (pooled, features) => {
    pooled.set(features);
  },
};
