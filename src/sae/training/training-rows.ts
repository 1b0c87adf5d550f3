/**
 * Divides rows into those to train on and those to measure on, orders them in batches, and computes the figures that
 * the loss needs.
 */
import { badInput } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import { pickRows, type Rows } from "../code/rows.ts";
import { normsOf } from "../measure/quality/quality.ts";
import { geometricMedian } from "./geometric-median.ts";
import type { TrainingPlan } from "./state/training-plan.ts";

/**
 * @returns `kept`: the rows to train on; `aside`: the rows to measure on; `left`: how many are in neither, for their
 *   large norm
 */
export function deal(
  rows: Rows,
  plan: TrainingPlan,
  draw: Random,
): { kept: Int32Array; aside: Int32Array; left: number } {
  const norms = normsOf(rows);
  const broken = norms.findIndex((norm) => !Number.isFinite(norm));
  if (broken >= 0) throw badInput(`${rows.name} row ${broken}`, "finite numbers", "NaN or Infinity");
  const limit = plan.maxNormMultiple * norms.toSorted()[Math.floor(rows.count / 2)]!;
  const order = draw.shuffle([...norms.keys()]);
  const kept = Math.floor(rows.count * (1 - plan.heldOut));
  // Only rows to train on lose their outliers. The held-out rows keep them, because quality reports figures with and
  // without.
  const ordinary = order.slice(0, kept).filter((row) => norms[row]! <= limit);
  if (ordinary.length < plan.batch)
    throw badInput(
      rows.name,
      `a batch of ${plan.batch} rows of ordinary norm`,
      String(ordinary.length),
      "a smaller batch",
    );
  return {
    kept: Int32Array.from(ordinary),
    aside: Int32Array.from(order.slice(kept)),
    left: kept - ordinary.length,
  };
}

/** Most rows from which the start of b_dec is computed: a geometric median reads them a few dozen times. */
const medianRows = 2 ** 14;

/** The geometric median of the rows, or of a sample if there are many. @returns [d] */
export function medianOf(rows: Rows, draw: Random): Float64Array {
  const all = Array.from({ length: rows.count }, (_, row) => row);
  const some = rows.count > medianRows ? draw.shuffle(all).slice(0, medianRows) : all;
  return geometricMedian(pickRows(rows, Int32Array.from(some)).read(0, some.length), rows.width);
}

/** Mean ‖x‖. */
export function meanNorm(rows: Rows): number {
  const mean = normsOf(rows).reduce((sum, norm) => sum + norm, 0) / rows.count;
  if (mean > 0) return mean;
  throw badInput(rows.name, "activations that are not all zero", "zeros");
}

/** V of the loss: the mean of ‖s·x − μ‖². */
export function meanSquaredDistance(rows: Rows, mean: Float64Array, scale: number): number {
  let total = 0;
  for (let row = 0; row < rows.count; row++) {
    const x = rows.read(row, row + 1);
    for (let i = 0; i < mean.length; i++) total += (scale * x[i]! - mean[i]!) ** 2;
  }
  if (total > 0) return total / rows.count;
  throw badInput(rows.name, "activations that differ from one another", "the same numbers in every row");
}

/**
 * Yields batches without end. Each pass goes through all numbers in a new random order. If the last numbers of a pass
 * do not fill a batch, they are left out of that pass.
 */
export function* endlessBatches(
  numbers: Int32Array,
  batch: number,
  draw: Random,
): Generator<Int32Array, never> {
  const all = [...numbers];
  for (;;) {
    const order = Int32Array.from(draw.shuffle(all));
    for (let at = 0; at + batch <= order.length; at += batch) yield order.subarray(at, at + batch);
  }
}
