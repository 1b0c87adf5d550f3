/**
 * A linear separator with a margin loss: the L2-regularized squared hinge, min ½‖w‖² + Σ cᵢ · max(0, 1 − yᵢ w·xᵢ)².
 * It has exactly one solution, even if there are many more columns than rows. The dual is solved by coordinate
 * descent in a fixed order (Hsieh et al. 2008, ICML, algorithm 1 without random order; liblinear's L2-loss SVC), so
 * there is no randomness and no step size.
 */

/** Most passes over the rows. If thousands are needed, the costs are far too large for the lengths of the rows. */
const mostPasses = 10_000;

export interface MarginProblem {
  /** [n][d], rows. For an intercept, add a column of ones; it is regularized like the others. */
  x: readonly Float64Array[];
  /** [n], 1 or −1; both must occur. */
  y: readonly (1 | -1)[];
  /** [n], positive: the cost of a margin violation by each row. */
  cost: readonly number[];
  /** Descent stops when no optimality condition of the dual is violated by more than this, in units of the margin. */
  tolerance: number;
}

/**
 * @returns w [d]
 * @throws RangeError for unequal lengths, no rows, one class only, a cost that is not positive, or no convergence
 */
export function fitMargin({ x, y, cost, tolerance }: MarginProblem): Float64Array {
  if (x.length === 0 || x.length !== y.length || x.length !== cost.length)
    throw new RangeError(
      `fitMargin: expected equally many rows, labels and costs, at least one, got ${x.length}, ${y.length}, ${cost.length}`,
    );
  if (!y.includes(1) || !y.includes(-1)) throw new RangeError("fitMargin: expected rows of both classes");
  if (!cost.every((c) => c > 0 && Number.isFinite(c)))
    throw new RangeError("fitMargin: expected positive, finite costs");
  const w = new Float64Array(x[0]!.length);
  const alpha = new Float64Array(x.length);
  // The squared loss adds 1 / (2c) to the diagonal of the dual's matrix, so every row has a curvature above 0.
  const ridge = cost.map((c) => 1 / (2 * c));
  const curvature = x.map((row, i) => dot(row, row) + ridge[i]!);
  for (let pass = 0; pass < mostPasses; pass++) {
    let worst = 0;
    for (let i = 0; i < x.length; i++) {
      const row = x[i]!;
      const sign = y[i]!;
      const gradient = sign * dot(w, row) - 1 + ridge[i]! * alpha[i]!;
      // α must not fall below 0, so at α = 0 only a negative gradient is a violation.
      const violation = alpha[i] === 0 ? Math.min(gradient, 0) : gradient;
      worst = Math.max(worst, Math.abs(violation));
      if (violation === 0) continue;
      const next = Math.max(0, alpha[i]! - gradient / curvature[i]!);
      const step = (next - alpha[i]!) * sign;
      alpha[i] = next;
      for (let j = 0; j < row.length; j++) w[j]! += step * row[j]!;
    }
    if (worst <= tolerance) return w;
  }
  throw new RangeError(`fitMargin: no convergence to ${tolerance} in ${mostPasses} passes`);
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
