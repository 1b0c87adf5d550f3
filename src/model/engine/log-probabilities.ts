/** Log probabilities of a step, computed in float64 from the head's float32 logits. */
import type { StepLogProbabilities } from "./generation.ts";

/**
 * The log-softmax of the logits, in nats, at the chosen token and at the most probable tokens.
 * @param logits [vocab] finite
 * @param count how many of the most probable tokens; of equal ones the lower id comes first
 */
export function stepLogProbabilities(
  logits: Float32Array,
  chosen: number,
  count: number,
): StepLogProbabilities {
  const best = mostProbable(logits, Math.max(1, count));
  const highest = logits[best[0]!]!;
  const logSum = logSumOver(logits, highest);
  const of = (id: number) => logits[id]! - highest - logSum;
  return {
    chosen: of(chosen),
    top: best.slice(0, count).map((id) => ({ id, logProbability: of(id) })),
  };
}

/**
 * log Σ exp(logit − highest) of the logits [vocab], in float64. So a log probability is (logit − highest) − this. In float32 a
 * probability near 1 would lose its distance from 1, and with it the log-odds.
 * @param highest the largest logit
 */
export function logSumOver(logits: Float32Array, highest: number): number {
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  return Math.log(sum);
}

/**
 * −log softmax of each row at the token that follows, in nats.
 * @param logits [tokens, vocab] finite @param best [tokens] the most probable token of each row
 * @param next the tokens that follow, for the first rows: a text's last token has none
 */
export function nextTokenLosses(
  logits: Float32Array,
  best: Int32Array,
  next: readonly number[],
): Float32Array<ArrayBuffer> {
  const size = logits.length / best.length;
  return Float32Array.from(next, (id, i) => {
    const row = logits.subarray(i * size, (i + 1) * size);
    const highest = row[best[i]!]!;
    return logSumOver(row, highest) - (row[id]! - highest);
  });
}

/** The ids of the largest logits, the largest first. */
function mostProbable(logits: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    if (best.length === count && logits[id]! <= logits[best[count - 1]!]!) continue;
    let at = Math.min(best.length, count - 1);
    while (at > 0 && logits[best[at - 1]!]! < logits[id]!) {
      best[at] = best[at - 1]!;
      at--;
    }
    best[at] = id;
  }
  return best;
}
