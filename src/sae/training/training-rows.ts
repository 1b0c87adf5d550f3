/** Which rows are trained on and which are kept to measure on, in what order, and what the loss needs to know of them. */
import { badInput } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import { pickRows, type Rows } from "../code/rows.ts";
import { normsOf } from "../measure/quality/quality.ts";
import { geometricMedian } from "./geometric-median.ts";
import type { TrainingPlan } from "./state/training-plan.ts";

/** Which rows to train on, which to measure on, and how many are in neither for their norm. */
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
  // What is measured is measured with its outliers: quality says both figures.
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

/** Rows that b_dec's start is taken from: a geometric median passes over them a few dozen times. */
const medianRows = 2 ** 14;

/** The geometric median of the rows, of a sample where they are many. @returns [d] */
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

/** Mean ‖s·x − μ‖², V of the loss. */
export function meanSquaredDistance(rows: Rows, mean: Float64Array, scale: number): number {
  let total = 0;
  for (let row = 0; row < rows.count; row++) {
    const x = rows.read(row, row + 1);
    for (let i = 0; i < mean.length; i++) total += (scale * x[i]! - mean[i]!) ** 2;
  }
  if (total > 0) return total / rows.count;
  throw badInput(rows.name, "activations that differ from one another", "the same numbers in every row");
}

/** `batch` of the numbers at a time: every one once in a new order, then again; a rest that fills no batch is left for another pass. */
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
