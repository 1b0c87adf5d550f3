/** The refusal score of a next-token distribution (Arditi et al., arXiv 2406.11717): one formula for engine and analyses. */

/** Keeps the score finite when a probability is 0 or 1 (the ε of the authors' code). */
const epsilon = 1e-8;

/**
 * log(p + ε) − log(1 − p + ε), where p is the summed probability of the tokens. Computed in float64.
 * @param logProbabilities [tokens], natural logarithms
 */
export function logOdds(logProbabilities: ArrayLike<number>): number {
  let p = 0;
  for (let i = 0; i < logProbabilities.length; i++) p += Math.exp(logProbabilities[i]!);
  // Rounding may leave a sum of 1 + 1e-7.
  p = Math.min(p, 1);
  return Math.log(p + epsilon) - Math.log(1 - p + epsilon);
}
