/** Ridge regression in closed form, without intercept, for few columns. */
import { inverse, Matrix, SingularValueDecomposition } from "ml-matrix";

export interface Ridge {
  /** [p, q]: row i maps input i to the q outputs. */
  coefficients: number[][];
  /** Condition number of XᵀX + λI in the 2-norm. */
  conditionNumber: number;
}

/**
 * Computes (XᵀX + λI)⁻¹ XᵀY.
 * @param x [n, p] @param y [n, q] @param lambda ≥ 0
 * @throws RangeError if the system is singular to double precision, or if n = 0
 */
export function ridge(
  x: readonly (readonly number[])[],
  y: readonly (readonly number[])[],
  lambda: number,
): Ridge {
  if (x.length === 0 || x.length !== y.length)
    throw new RangeError(`ridge: expected equally many rows, at least one, got ${x.length} and ${y.length}`);
  const p = x[0]!.length;
  const q = y[0]!.length;
  const gram = zeros(p, p);
  const cross = zeros(p, q);
  x.forEach((row, n) => {
    for (let i = 0; i < p; i++) {
      for (let j = 0; j < p; j++) gram[i]![j]! += row[i]! * row[j]!;
      for (let j = 0; j < q; j++) cross[i]![j]! += row[i]! * y[n]![j]!;
    }
  });
  for (let i = 0; i < p; i++) gram[i]![i]! += lambda;
  const system = new Matrix(gram);
  const singular = new SingularValueDecomposition(system).diagonal;
  const least = Math.min(...singular);
  const conditionNumber = least === 0 ? Infinity : Math.max(...singular) / least;
  if (!(conditionNumber < 1 / Number.EPSILON))
    throw new RangeError(`ridge: expected a regular system, got condition number ${conditionNumber}`);
  return { coefficients: inverse(system).mmul(new Matrix(cross)).to2DArray(), conditionNumber };
}

function zeros(rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
}
