/** How often a paired comparison finds a difference that is there, and how many pairs it needs. */
import { logGamma } from "./distributions/gamma.ts";
import { criticalValue, normalQuantile } from "./distributions/normal.ts";
import { type Interval, mcnemarMidP } from "./proportion.ts";

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
  let power = 0;
  for (let d = 1; d <= n; d++) {
    let reached = 0;
    // From the most extreme table on, until one does not reject.
    for (let k = d; 2 * k > d && mcnemarMidP(k, d - k) < alpha; k--) reached += binomial(k, d, share);
    power += binomial(d, n, discordant) * reached;
  }
  return power;
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
