/** Differences of mean activations, in float64 (Arditi et al., arXiv 2406.11717, section 2.3). */

/** The difference of two classes' means at one place, [d]. Rows are added one by one and not kept. */
export class DifferenceOfMeans {
  readonly #sums: readonly [Float64Array, Float64Array];
  readonly #counts: [number, number] = [0, 0];

  /** @param d d_model */
  constructor(d: number) {
    this.#sums = [new Float64Array(d), new Float64Array(d)];
  }

  /** @param side "harmful" counts positively @param row [d] */
  add(side: "harmful" | "harmless", row: Float32Array): void {
    const at = side === "harmful" ? 0 : 1;
    const sum = this.#sums[at];
    for (let i = 0; i < sum.length; i++) sum[i]! += row[i]!;
    this.#counts[at]++;
  }

  /** Mean of the harmful rows minus mean of the harmless ones, [d]. @throws RangeError if a side has no rows */
  difference(): Float64Array {
    const [n, m] = this.#counts;
    if (n === 0 || m === 0)
      throw new RangeError(`DifferenceOfMeans: expected rows of both sides, got ${n}, ${m}`);
    const [harmful, harmless] = this.#sums;
    return harmful.map((sum, i) => sum / n - harmless[i]! / m);
  }

  /** Length of the harmful rows' mean plus that of the harmless ones': what a difference is small beside. */
  scale(): number {
    const [n, m] = this.#counts;
    return norm(this.#sums[0]) / n + norm(this.#sums[1]) / m;
  }
}

export function norm(vector: ArrayLike<number>): number {
  return Math.sqrt(dot(vector, vector));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The vector at length 1. @throws RangeError for a vector without length */
export function unit(vector: Float64Array): Float64Array {
  const length = norm(vector);
  if (!(length > 0)) throw new RangeError("unit: expected a vector that is not 0");
  return vector.map((value) => value / length);
}

export const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => dot(a, b) / (norm(a) * norm(b));

/** The part of the vector that is orthogonal to every one of the orthonormal `basis`, by two passes of Gram and Schmidt. */
export function orthogonalTo(basis: readonly Float64Array[], vector: Float64Array): Float64Array {
  const rest = vector.slice();
  for (let pass = 0; pass < 2; pass++)
    for (const one of basis) {
      const along = dot(one, rest);
      for (let i = 0; i < rest.length; i++) rest[i]! -= along * one[i]!;
    }
  return rest;
}
