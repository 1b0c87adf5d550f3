/** How far one next-token distribution is from another, from their logits. */

export interface LogitComparison {
  /** KL(p ‖ q), in nats; 0 if they are the same. */
  kl: number;
  /** Whether the most probable token is the same. */
  agrees: boolean;
}

/**
 * Compares the softmax of two arrays of logits [V]. A common offset of the logits makes no difference. Sums are in float64.
 * @throws RangeError unless both have the same length V > 0
 */
export function compareLogits(p: ArrayLike<number>, q: ArrayLike<number>): LogitComparison {
  const size = p.length;
  if (size === 0 || size !== q.length)
    throw new RangeError(`compareLogits: expected two times as many logits, got ${size} and ${q.length}`);
  const [bestP, bestQ] = [indexOfLargest(p), indexOfLargest(q)];
  const [topP, topQ] = [p[bestP]!, q[bestQ]!];
  let [sumP, sumQ, cross] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    const weight = Math.exp(p[i]! - topP);
    sumP += weight;
    sumQ += Math.exp(q[i]! - topQ);
    cross += weight * (p[i]! - topP - (q[i]! - topQ));
  }
  // Rounding may give −1e-17 if they are the same.
  return { kl: Math.max(0, cross / sumP - Math.log(sumP) + Math.log(sumQ)), agrees: bestP === bestQ };
}

/** A distribution that many others are compared with. Its exponentials are taken once. */
export class Reference {
  readonly #log: Float32Array;
  readonly #probability: Float32Array;

  /** @param logProbabilities [V] natural; the array is kept */
  constructor(logProbabilities: Float32Array) {
    this.#log = logProbabilities;
    this.#probability = logProbabilities.map(Math.exp);
  }

  /**
   * KL(this ‖ other) = Σ p · (log p − log q), in nats; 0 if they are the same. Sums are in float64.
   * @param other [V] natural log probabilities
   * @throws RangeError unless both have the same length
   */
  klTo(other: Float32Array): number {
    const size = this.#log.length;
    if (other.length !== size)
      throw new RangeError(`klTo: expected ${size} log probabilities, got ${other.length}`);
    let kl = 0;
    for (let i = 0; i < size; i++) kl += this.#probability[i]! * (this.#log[i]! - other[i]!);
    // Rounding may give −1e-8 if they are nearly the same.
    return Math.max(0, kl);
  }
}

function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
