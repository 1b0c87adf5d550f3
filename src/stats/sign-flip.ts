/**
 * Tests of paired differences without assuming a distribution: if the true difference is 0, each difference is as likely to have the other
 * sign (Fisher 1935; Pesarin & Salmaso 2010, chapter 1). Differences must be independent: average those of one cluster first.
 */
import type { Random } from "../core/random.ts";
import { exceedance } from "./resample.ts";

/** Up to this many differences all 2^n sign patterns are counted, above it a random sample of them. */
const mostCounted = 14;

export interface SignFlips {
  /** Random patterns where not all are counted. */
  resamples: number;
  random: Random;
}

/**
 * One-sided p that the mean of the differences [n] is this large or larger, if it is 0 in truth. It cannot be below 2^-n. 1 if n = 0.
 */
export function signFlipTest(differences: readonly number[], { resamples, random }: SignFlips): number {
  const n = differences.length;
  const observed = differences.reduce((sum, d) => sum + d, 0);
  const size = Math.abs(differences.reduce((sum, d) => sum + Math.abs(d), 0));
  if (size === 0) return 1;
  if (n > mostCounted) {
    const draws = Array.from({ length: resamples }, () =>
      differences.reduce((sum, d) => sum + (random.uniform() < 0.5 ? d : -d), 0),
    );
    return exceedance(observed, draws);
  }
  // Sums in a different order differ in the last bits, but equal values must count as ties.
  const least = observed - 1e-12 * size;
  let reached = 0;
  for (let pattern = 0; pattern < 2 ** n; pattern++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (pattern >> i) & 1 ? -differences[i]! : differences[i]!;
    if (sum >= least) reached++;
  }
  return reached / 2 ** n;
}

/**
 * Two one-sided tests (Schuirmann 1987): p that |mean of the differences| is `margin` or more in truth. A small p means that the
 * difference is negligible, which a large p of {@link signFlipTest} does not.
 * @param margin above 0 @throws RangeError otherwise
 */
export function equivalenceTest(differences: readonly number[], margin: number, flips: SignFlips): number {
  if (!(margin > 0)) throw new RangeError(`equivalenceTest: expected a margin above 0, got ${margin}`);
  const above = differences.map((d) => margin + d);
  const below = differences.map((d) => margin - d);
  return Math.max(signFlipTest(above, flips), signFlipTest(below, flips));
}
