/** Basic summaries: mean, variance, quantiles. Conventions are NumPy's: quantiles are linear (type 7). */

/** Arithmetic mean of values [n]. @throws RangeError when n = 0. */
export function mean(values: readonly number[]): number {
  needValues("mean", values, 1);
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * Variance of values [n].
 * @param ddof 1 divides by n − 1 (a sample), 0 by n (a population, as BioRefusalAudit's tables do).
 * @throws RangeError when n ≤ ddof.
 */
export function variance(values: readonly number[], ddof: 0 | 1): number {
  needValues("variance", values, ddof + 1);
  const center = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - center) ** 2;
  return sum / (values.length - ddof);
}

/** Square root of {@link variance}, in the unit of the values. */
export function standardDeviation(values: readonly number[], ddof: 0 | 1): number {
  return Math.sqrt(variance(values, ddof));
}

/** Quantile q ∈ [0, 1] of values [n] in any order, by linear interpolation. @throws RangeError when n = 0. */
export function quantile(values: readonly number[], q: number): number {
  needValues("quantile", values, 1);
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: expected q in [0, 1], got ${q}`);
  const sorted = Float64Array.from(values).sort();
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function needValues(where: string, values: readonly number[], least: number): void {
  if (values.length < least)
    throw new RangeError(`${where}: expected at least ${least} values, got ${values.length}`);
}
