/**
 * Rates and their differences. The intervals stay inside [0, 1] and do not collapse to a point at 0 or n successes, where
 * refusal rates often are.
 */
import { betaCdf, betaQuantile } from "./distributions/beta.ts";
import { criticalValue } from "./distributions/normal.ts";

export type Interval = [low: number, high: number];

/**
 * Wilson's score interval of a rate (Wilson 1927).
 * @param successes may be a fraction: the sum, over n independent units, of the rate within each unit.
 * @throws RangeError unless 0 ≤ successes ≤ n and n > 0.
 */
export function wilson(successes: number, n: number, level: number): Interval {
  needRate("wilson", successes, n);
  const z = criticalValue(level);
  const rate = successes / n;
  const center = (rate + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n));
  // Rounding may leave 1e-17 where the exact bound is 0 or 1.
  return [successes === 0 ? 0 : Math.max(0, center - half), successes === n ? 1 : Math.min(1, center + half)];
}

/**
 * The exact interval of a rate (Clopper & Pearson 1934). It holds the truth at least as often as the level says, and is wider
 * than Wilson's.
 * @param successes may be a fraction, as in {@link wilson}: the beta distribution has no gaps between whole numbers.
 * @throws RangeError unless 0 ≤ successes ≤ n and n > 0.
 */
export function clopperPearson(successes: number, n: number, level: number): Interval {
  needRate("clopperPearson", successes, n);
  const tail = (1 - level) / 2;
  return [
    successes === 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    successes === n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
  ];
}

/**
 * Exact one-sided p values of a rate against `rate`, the tests that {@link clopperPearson} inverts: `above` is small if the true
 * rate is larger than `rate`, `below` if it is smaller.
 * @param rate in (0, 1) @param successes may be a fraction
 */
export function binomialTails(successes: number, n: number, rate: number): { above: number; below: number } {
  needRate("binomialTails", successes, n);
  return {
    above: successes === 0 ? 1 : betaCdf(rate, successes, n - successes + 1),
    below: successes === n ? 1 : betaCdf(1 - rate, n - successes, successes + 1, rate),
  };
}

function needRate(where: string, successes: number, n: number): void {
  if (!(n > 0 && successes >= 0 && successes <= n))
    throw new RangeError(`${where}: expected 0 <= successes <= n and n > 0, got ${successes} of ${n}`);
}

/** Interval of rate(a) − rate(b) for two independent groups (Newcombe 1998, Statistics in Medicine 17:873, method 10). */
export function newcombe(
  a: { successes: number; n: number },
  b: { successes: number; n: number },
  level: number,
): Interval {
  const p = a.successes / a.n;
  const q = b.successes / b.n;
  const [pLow, pHigh] = wilson(a.successes, a.n, level);
  const [qLow, qHigh] = wilson(b.successes, b.n, level);
  return [p - q - Math.hypot(p - pLow, qHigh - q), p - q + Math.hypot(pHigh - p, q - qLow)];
}

/** How often each of two measurements of the same units succeeded. */
export interface PairedCounts {
  both: number;
  firstOnly: number;
  secondOnly: number;
  neither: number;
}

/** @param first, second whether each of two measurements of the same units [n] succeeded */
export function pairedCounts(first: readonly boolean[], second: readonly boolean[]): PairedCounts {
  const counts = { both: 0, firstOnly: 0, secondOnly: 0, neither: 0 };
  first.forEach((a, i) => {
    counts[a ? (second[i]! ? "both" : "firstOnly") : second[i]! ? "secondOnly" : "neither"]++;
  });
  return counts;
}

/**
 * Interval of rate(first) − rate(second) over the same units (Newcombe 1998, Statistics in Medicine 17:2635, method 10:
 * Wilson bounds, combined with a continuity-corrected φ).
 */
export function pairedNewcombe(counts: PairedCounts, level: number): Interval {
  const { both, firstOnly, secondOnly, neither } = counts;
  const n = both + firstOnly + secondOnly + neither;
  const first = (both + firstOnly) / n;
  const second = (both + secondOnly) / n;
  const [firstLow, firstHigh] = wilson(both + firstOnly, n, level);
  const [secondLow, secondHigh] = wilson(both + secondOnly, n, level);
  const product = (both + firstOnly) * (secondOnly + neither) * (both + secondOnly) * (firstOnly + neither);
  const determinant = both * neither - firstOnly * secondOnly;
  const corrected = determinant > 0 ? Math.max(determinant - n / 2, 0) : determinant;
  const phi = product === 0 ? 0 : corrected / Math.sqrt(product);
  const half = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  const difference = first - second;
  return [
    difference - half(first - firstLow, secondHigh - second),
    difference + half(firstHigh - first, second - secondLow),
  ];
}

/** McNemar's exact two-sided p: compares the discordant pairs with a fair coin. 1 if no pair is discordant. */
export function mcnemarExact(firstOnly: number, secondOnly: number): number {
  return Math.min(1, 2 * fairCoin(firstOnly, secondOnly).tail);
}

/**
 * McNemar's mid-p: the exact p with half the probability of the observed table. The exact test rejects a true null far less often
 * than its level; this one comes close to the level and hardly ever passes it (Fagerland, Lydersen & Laake 2013, BMC Med Res
 * Methodol 13:91). 1 if no pair is discordant.
 */
export function mcnemarMidP(firstOnly: number, secondOnly: number): number {
  const { tail, last } = fairCoin(firstOnly, secondOnly);
  return Math.min(1, 2 * tail - last);
}

/** P(X ≤ least) and P(X = least) of the discordant pairs, if either side is as likely. */
function fairCoin(firstOnly: number, secondOnly: number): { tail: number; last: number } {
  const n = firstOnly + secondOnly;
  const least = Math.min(firstOnly, secondOnly);
  // P(X = k) from P(X = k − 1), in logarithms, because 2^-n underflows beyond 1,074 pairs.
  let logTerm = -n * Math.LN2;
  let tail = 0;
  let last = 0;
  for (let k = 0; k <= least; k++) {
    last = Math.exp(logTerm);
    tail += last;
    logTerm += Math.log((n - k) / (k + 1));
  }
  return { tail, last };
}

/**
 * Fisher's exact p that rate(a) exceeds rate(b) by chance. A permutation test of the two groups approaches this
 * value, but cannot go below 1 / draws.
 * @param side "two-sided" doubles the smaller tail.
 */
export function fisherExact(
  a: { successes: number; n: number },
  b: { successes: number; n: number },
  side: "two-sided" | "greater",
): number {
  const marked = a.successes + b.successes;
  const total = a.n + b.n;
  const logAll = logChoose(total, a.n);
  const probability = (k: number) =>
    Math.exp(logChoose(marked, k) + logChoose(total - marked, a.n - k) - logAll);
  let greater = 0;
  let less = 0;
  for (let k = Math.max(0, a.n - (total - marked)); k <= Math.min(marked, a.n); k++) {
    if (k >= a.successes) greater += probability(k);
    if (k <= a.successes) less += probability(k);
  }
  return Math.min(1, side === "greater" ? greater : 2 * Math.min(greater, less));
}

/** log of the binomial coefficient "n over k", as the sum of the logarithms of its factors. */
function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(k, n - k); i++) sum += Math.log((n - i + 1) / i);
  return sum;
}
