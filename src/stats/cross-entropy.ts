/** −log softmax(logits)[target] of logits [V], nats; sums are taken in float64. NaN when a logit is. */
export function crossEntropy(logits: ArrayLike<number>, target: number): number {
  let top = -Infinity;
  for (let i = 0; i < logits.length; i++) if (!(logits[i]! <= top)) top = logits[i]!;
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - top);
  return Math.log(total) + top - logits[target]!;
}
