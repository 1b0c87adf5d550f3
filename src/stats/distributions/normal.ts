/** The standard normal distribution: the functions that intervals need. */

/**
 * P(Z ≤ x), absolute error below 1e-15. Uses the series of Marsaglia (2004, "Evaluating the normal distribution").
 * Beyond ±8 the result is 0 or 1 in double precision.
 */
export function normalCdf(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let term = x;
  let sum = x;
  for (let k = 3; sum + term !== sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Finds x with P(Z ≤ x) = p by bisection, for p in [1e-12, 1 − 1e-12]. @throws RangeError for other p */
export function normalQuantile(p: number): number {
  if (!(p >= 1e-12 && p <= 1 - 1e-12))
    throw new RangeError(`normalQuantile: expected p in [1e-12, 1 - 1e-12], got ${p}`);
  let low = -8;
  let high = 8;
  for (let middle = 0; high - low > 1e-14; ) {
    middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Half-width of a two-sided interval in standard errors: 1.96 for level 0.95. */
export function criticalValue(level: number): number {
  return normalQuantile(1 - (1 - level) / 2);
}
