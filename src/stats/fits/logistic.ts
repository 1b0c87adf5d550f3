/** Logistic regression whose standard errors allow for clusters, such as matched pairs of prompts. */

import { EigenvalueDecomposition, inverse, Matrix } from "ml-matrix";
import { chiSquareTail } from "../distributions/gamma.ts";

export interface Logistic {
  /** [p] log odds per unit of each column. */
  coefficients: number[];
  /** [p, p] the usual covariance, which takes rows for independent. */
  covariance: number[][];
  /** [p, p] the sandwich that only takes clusters for independent (Liang & Zeger 1986), times G/(G − 1) · (n − 1)/(n − p). */
  clustered: number[][];
  /** Twice the difference of two nested fits is χ² (likelihood-ratio test), if rows are independent. */
  logLikelihood: number;
}

/** Newton's method gives up after this many steps; regular data need fewer than ten. */
const mostSteps = 50;
/** Fitted log odds beyond this mean that a column separates the outcomes, so that the maximum is at infinity. */
const largestLogOdds = 30;

/**
 * The maximum-likelihood fit by Newton's method.
 * @param x [n, p], with a column of ones for the intercept @param y [n], 0 or 1 @param clusters [n], the cluster of each row
 * @returns null if there is no finite maximum (the columns separate the outcomes) or the columns are collinear
 * @throws RangeError for unequal lengths, or fewer than two clusters
 */
export function logisticRegression(
  x: readonly (readonly number[])[],
  y: readonly number[],
  clusters: readonly string[],
): Logistic | null {
  const n = x.length;
  if (n === 0 || y.length !== n || clusters.length !== n)
    throw new RangeError(
      `logisticRegression: expected equally many rows, outcomes and clusters, got ${n}, ${y.length} and ${clusters.length}`,
    );
  const groups = new Set(clusters).size;
  if (groups < 2) throw new RangeError(`logisticRegression: expected at least 2 clusters, got ${groups}`);
  const design = new Matrix(x.map((row) => [...row]));
  const p = design.columns;
  let beta = Matrix.zeros(p, 1);
  for (let step = 0; step < mostSteps; step++) {
    const { score, information } = derivatives(design, y, beta);
    const bread = inverseOf(information);
    if (bread === null) return null;
    const change = bread.mmul(score);
    beta = beta.add(change);
    if (
      design
        .mmul(beta)
        .to1DArray()
        .some((eta) => !(Math.abs(eta) < largestLogOdds))
    )
      return null;
    if (Math.max(...change.to1DArray().map(Math.abs)) < 1e-12)
      return fitted(design, y, clusters, groups, beta);
  }
  return null;
}

/**
 * The likelihood-ratio test of the columns that the larger model has and the smaller one lacks, if rows are independent.
 * @param df how many columns
 */
export function likelihoodRatio(
  larger: Logistic,
  smaller: Logistic,
  df: number,
): { statistic: number; p: number } {
  const statistic = Math.max(0, 2 * (larger.logLikelihood - smaller.logLikelihood));
  return { statistic, p: chiSquareTail(statistic, df) };
}

function derivatives(design: Matrix, y: readonly number[], beta: Matrix) {
  const rates = design.mmul(beta).to1DArray().map(sigmoid);
  const residuals = Matrix.columnVector(rates.map((rate, i) => y[i]! - rate));
  const weighted = design.clone().mulColumnVector(rates.map((rate) => rate * (1 - rate)));
  const transposed = design.transpose();
  return { score: transposed.mmul(residuals), information: transposed.mmul(weighted), residuals };
}

function fitted(
  design: Matrix,
  y: readonly number[],
  clusters: readonly string[],
  groups: number,
  beta: Matrix,
): Logistic | null {
  const { information, residuals } = derivatives(design, y, beta);
  const bread = inverseOf(information);
  if (bread === null) return null;
  const [n, p] = [design.rows, design.columns];
  const sums = new Map<string, number[]>();
  clusters.forEach((cluster, i) => {
    const sum = sums.get(cluster) ?? new Array<number>(p).fill(0);
    for (let j = 0; j < p; j++) sum[j]! += residuals.get(i, 0) * design.get(i, j);
    sums.set(cluster, sum);
  });
  const scores = new Matrix([...sums.values()]);
  const meat = scores.transpose().mmul(scores);
  const correction = (groups / (groups - 1)) * ((n - 1) / (n - p));
  return {
    coefficients: beta.to1DArray(),
    covariance: bread.to2DArray(),
    clustered: bread.mmul(meat).mmul(bread).mul(correction).to2DArray(),
    logLikelihood: design
      .mmul(beta)
      .to1DArray()
      .reduce((sum, eta, i) => sum - Math.log1p(Math.exp(y[i] === 1 ? -eta : eta)), 0),
  };
}

/** null if the matrix, which is symmetric, is singular to double precision. */
function inverseOf(information: Matrix): Matrix | null {
  const values = new EigenvalueDecomposition(information, { assumeSymmetric: true }).realEigenvalues;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least > most * leastPart ? inverse(information) : null;
}

/** Eigenvalues further apart than this leave too few digits to invert. */
const leastPart = 2 ** -43;
const sigmoid = (eta: number): number => 1 / (1 + Math.exp(-eta));
