/** Draws a token at a temperature. */
import type { Random } from "../../../core/random.ts";

/** A token this many nats below the best one is so improbable that float32 could not add its probability to the sum. */
const negligible = 30;

/** A draw from softmax(logits / temperature). @param logits [vocab] */
export function sampleToken(logits: Float32Array, temperature: number, rng: Random): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  const top = logits[best]!;
  const tokens: number[] = [];
  const cumulative: number[] = [];
  let total = 0;
  const floor = top - negligible * temperature;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! < floor) continue;
    total += Math.exp((logits[i]! - top) / temperature);
    tokens.push(i);
    cumulative.push(total);
  }
  const draw = rng.uniform() * total;
  const at = cumulative.findIndex((sum) => draw < sum);
  // Rounding can put the draw at the very end of the range.
  return tokens[at === -1 ? tokens.length - 1 : at]!;
}
