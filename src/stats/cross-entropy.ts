/** −log softmax(logits)[target] of logits [V], in nats. Sums are in float64. NaN if a logit is NaN. */
export function crossEntropy(logits: ArrayLike<number>, target: number): number {
  let top = -Infinity;
  for (let i = 0; i < logits.length; i++) if (!(logits[i]! <= top)) top = logits[i]!;
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - top);
  return Math.log(total) + top - logits[target]!;
}
