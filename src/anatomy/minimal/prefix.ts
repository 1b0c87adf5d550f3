/** The shortest beginning of a ranking that flips, by bisection. */
import { setOf } from "../subject/feature-set.ts";
import type { FeatureSet } from "../subject/subject.ts";
import type { Flips } from "../trial/trial.ts";

/**
 * A bisection ends when its bounds are this close, as a share of the upper one. Later rankings and the certificate remove the rest, so exact
 * bounds would cost runs for nothing.
 */
const precision = 0.1;

/**
 * @param ranking candidates, best first @param flips false for the empty set
 * @returns a flipping prefix; null if the whole ranking does not flip and no half, quarter, … of it does
 */
export async function flippingPrefix(ranking: readonly number[], flips: Flips): Promise<FeatureSet | null> {
  const prefix = (length: number) => setOf(ranking.slice(0, length));
  const whole = await flips([prefix(ranking.length)]);
  let high = whole[0] === true ? ranking.length : 0;
  if (high === 0) {
    // Features at the end of the ranking work against the refusal: with them ablated, the rest may not be enough.
    const lengths = [];
    for (let length = ranking.length >> 1; length > 0; length >>= 1) lengths.push(length);
    const answers = await flips(lengths.map(prefix));
    high = lengths.find((_, i) => answers[i]) ?? 0;
  }
  if (high === 0) return null;
  // A second ranking often gains nothing. One run at the upper end shows it.
  let middle = Math.floor((1 - precision) * high);
  for (let low = 0; high - low > Math.max(1, precision * high); ) {
    const [flipped] = await flips([prefix(middle)]);
    if (flipped === true) high = middle;
    else low = middle;
    // The geometric middle: minimal sets are small beside the ranking.
    middle = Math.max(low + 1, Math.min(high - 1, Math.round(Math.sqrt(Math.max(1, low) * high))));
  }
  return prefix(high);
}
