/** The beta distribution, whose tails are those of the binomial and of Student's t. */
import { logGamma } from "./gamma.ts";

/**
 * P(X ≤ x) of the beta distribution, which is the regularized incomplete beta function I_x(a, b), by its continued fraction
 * (Abramowitz & Stegun 26.5.8).
 * @param rest 1 − x, for callers that know it more precisely than the subtraction
 * @throws RangeError unless a and b are above 0
 */
export function betaCdf(x: number, a: number, b: number, rest = 1 - x): number {
  if (!(a > 0 && b > 0)) throw new RangeError(`betaCdf: expected a and b above 0, got ${a} and ${b}`);
  if (x <= 0) return 0;
  if (rest <= 0) return 1;
  const logFactor = a * Math.log(x) + b * Math.log(rest) - logBeta(a, b);
  // The continued fraction converges fast only on one side of the mean.
  return x < (a + 1) / (a + b + 2)
    ? (Math.exp(logFactor) / a) * continuedFraction(x, a, b)
    : 1 - (Math.exp(logFactor) / b) * continuedFraction(rest, b, a);
}

/** Finds x with P(X ≤ x) = p by bisection. @param p in [0, 1] */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`betaQuantile: expected p in [0, 1], got ${p}`);
  let [low, high] = [0, 1];
  for (let middle = 0.5; middle > low && middle < high; middle = (low + high) / 2) {
    if (betaCdf(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Evaluated forwards (modified Lentz method). */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1, change = 0; Math.abs(change - 1) > 1e-15 && m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    change = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change *= c * d;
    }
    product *= change;
  }
  return product;
}
