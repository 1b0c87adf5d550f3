/**
 * Student's t distribution: the functions that one-sided p values and intervals need. The far tail has full relative
 * precision.
 */
import { betaCdf } from "./beta.ts";

/**
 * P(T > t) with df degrees of freedom, by the incomplete beta function (Abramowitz & Stegun 26.7.1).
 * @param df a whole number from 1 @throws RangeError otherwise
 */
export function studentTail(t: number, df: number): number {
  if (!Number.isSafeInteger(df) || df < 1)
    throw new RangeError(`studentTail: expected df a whole number from 1, got ${df}`);
  if (t < 0) return 1 - studentTail(-t, df);
  return betaCdf(df / (df + t * t), df / 2, 1 / 2, (t * t) / (df + t * t)) / 2;
}

/**
 * Finds t with P(T > t) = tail by bisection.
 * @param tail above 0, below ½ @param df a whole number from 1 @throws RangeError otherwise
 */
export function studentCritical(tail: number, df: number): number {
  if (!(tail > 0 && tail < 1 / 2))
    throw new RangeError(`studentCritical: expected a tail above 0 and below 1/2, got ${tail}`);
  let [low, high] = [0, 1];
  while (studentTail(high, df) > tail) high *= 2;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (studentTail(middle, df) > tail) low = middle;
    else high = middle;
  }
  return high;
}
