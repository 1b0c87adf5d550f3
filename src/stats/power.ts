/** How often a comparison of rates finds a difference that is there, how small a difference it finds, and how many units it needs. */
import { betaCdf } from "./distributions/beta.ts";
import { logGamma } from "./distributions/gamma.ts";
import { criticalValue, normalQuantile } from "./distributions/normal.ts";
import { binomialTails, type Interval, mcnemarMidP } from "./proportion.ts";

/**
 * Power of McNemar's mid-p test: the probability that p < alpha and the first side is the larger one, summed over all tables.
 * @param firstOnly, secondOnly probabilities that a pair succeeds on one side only @param n number of pairs
 * @throws RangeError unless the probabilities are at least 0 and sum to at most 1
 */
export function mcnemarPower(
  { firstOnly, secondOnly }: { firstOnly: number; secondOnly: number },
  n: number,
  alpha: number,
): number {
  const discordant = firstOnly + secondOnly;
  if (!(firstOnly >= 0 && secondOnly >= 0 && discordant <= 1))
    throw new RangeError(
      `mcnemarPower: expected probabilities that sum to at most 1, got ${firstOnly} and ${secondOnly}`,
    );
  if (discordant === 0) return 0;
  const share = firstOnly / discordant;
  const [from, to] = likely(n, discordant);
  let power = 0;
  /** The least number of pairs on the first side, of d that differ, that rejects; d + 1 if none does. It never falls with d. */
  let least = Math.floor(from / 2) + 1;
  for (let d = Math.max(1, from); d <= to; d++) {
    while (least <= d && mcnemarMidP(least, d - least) >= alpha) least++;
    power += binomial(d, n, discordant) * tailFrom(least, d, share);
  }
  return power;
}

/**
 * Power of the exact binomial test that a rate lies above `against`, one-sided and doubled: the probability that p < alpha.
 * @param rate the true rate, from 0 to 1 @param against in (0, 1)
 */
export function binomialPower(rate: number, n: number, against: number, alpha: number): number {
  let least = Math.ceil(n * against);
  while (least <= n && 2 * binomialTails(least, n, against).above >= alpha) least++;
  return tailFrom(least, n, rate);
}

/**
 * Power of Fisher's exact test, two-sided: the probability that p < alpha and the first rate is the larger one, summed over all
 * tables of two independent groups.
 */
export function fisherPower(
  a: { rate: number; n: number },
  b: { rate: number; n: number },
  alpha: number,
): number {
  const logFactorials = [0];
  for (let i = 1; i <= a.n + b.n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  const logChoose = (n: number, k: number) => logFactorials[n]! - logFactorials[k]! - logFactorials[n - k]!;
  /** P(first ≥ k) if the successes are dealt to the two groups at random. */
  const dealt = (first: number, second: number) => {
    const marked = first + second;
    const all = logChoose(a.n + b.n, marked);
    let sum = 0;
    for (let k = first; k <= Math.min(marked, a.n); k++)
      sum += Math.exp(logChoose(a.n, k) + logChoose(b.n, marked - k) - all);
    return sum;
  };
  const [from, to] = likely(b.n, b.rate);
  let power = 0;
  /** The least number in the first group that rejects. It never falls with the number in the second. */
  let least = 0;
  for (let second = from; second <= to; second++) {
    while (least <= a.n && (least * b.n <= second * a.n || 2 * dealt(least, second) >= alpha)) least++;
    power += binomial(second, b.n, b.rate) * tailFrom(least, a.n, a.rate);
  }
  return power;
}

/**
 * The shares of pairs that succeed on one side only. In `shared` of the pairs one random number decides both answers; in the others each
 * answer has its own.
 */
export function pairsThatDiffer(
  first: number,
  second: number,
  shared: number,
): { firstOnly: number; secondOnly: number } {
  const both = shared * Math.min(first, second) + (1 - shared) * first * second;
  return { firstOnly: first - both, secondOnly: second - both };
}

/** Effects are found to this precision. */
const step = 0.001;

/**
 * The smallest effect that is found with the power that is wanted.
 * @param powerOf must not fall as the effect grows @param most the largest effect that there can be
 * @returns null if even that is not found
 */
export function smallestEffect(
  powerOf: (effect: number) => number,
  most: number,
  wanted: number,
): number | null {
  let [low, high] = [0, Math.floor(most / step + 1e-9)];
  if (powerOf(high * step) < wanted) return null;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (powerOf(middle * step) >= wanted) high = middle;
    else low = middle;
  }
  return high * step;
}

/**
 * About the fewest units that give the power that is wanted. Exact tests have steps, so one unit more may have a little less power.
 * @returns null if more than `most` are needed
 */
export function fewestUnits(powerOf: (units: number) => number, most: number, wanted: number): number | null {
  let high = 1;
  while (powerOf(high) < wanted) {
    if (high >= most) return null;
    high = Math.min(most, high * 2);
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (powerOf(middle) >= wanted) high = middle;
    else low = middle;
  }
  return high;
}

/** P(X ≥ k) of n trials. */
function tailFrom(k: number, n: number, p: number): number {
  if (k > n) return 0;
  if (k <= 0) return 1;
  if (p <= 0 || p >= 1) return p <= 0 ? 0 : 1;
  return betaCdf(p, k, n - k + 1);
}

/** The counts of n trials outside which less than 1e-20 lies. */
function likely(n: number, p: number): [from: number, to: number] {
  const reach = 12 * Math.sqrt(n * p * (1 - p)) + 60;
  return [Math.max(0, Math.floor(n * p - reach)), Math.min(n, Math.ceil(n * p + reach))];
}

function binomial(k: number, n: number, p: number): number {
  if (p <= 0 || p >= 1) return (p <= 0 ? k === 0 : k === n) ? 1 : 0;
  return Math.exp(
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  );
}

/**
 * How many units a comparison needs in all so that a two-sided test at `alpha` tells its estimate from `bound` with this power, if
 * the estimate stays as it is. The spread of one unit is taken from the width of the interval, which falls with √n.
 * @param measured an estimate over n units with its interval at `level`
 * @returns Infinity if the estimate is the bound
 */
export function unitsToTell(
  measured: { estimate: number; interval: Interval; level: number; n: number },
  bound: number,
  { alpha, power }: { alpha: number; power: number },
): number {
  const { estimate, interval, level, n } = measured;
  // Intervals of rates are not symmetric: the side that faces the bound counts.
  const side = bound < estimate ? estimate - interval[0] : interval[1] - estimate;
  const ofOne = (side / criticalValue(level)) * Math.sqrt(n);
  const reach = normalQuantile(1 - alpha / 2) + normalQuantile(power);
  return Math.ceil(((reach * ofOne) / (estimate - bound)) ** 2);
}
