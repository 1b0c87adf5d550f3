/**
 * Finds features that are near duplicates: for each decoder row, the other row with the largest cosine. All pairs of 16,384
 * features are 134 million cosines. They are computed block by block, and per row only the largest is kept.
 */
import type { Random } from "../../../core/random.ts";
import { Graph } from "../../../graph/build/graph.ts";
import { matmul } from "../../../graph/ops/ops.ts";
import { Tensor } from "../../../model/ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../../model/ort/session.ts";
import { studentTail } from "../../../stats/distributions/student.ts";
import { blocks, type Matrix } from "../../code/matrix.ts";
import { unitRows } from "../../code/unit-rows.ts";

/** Rows multiplied at once: 2,048 × 2,048 cosines are 16 MB. */
const blockRows = 2048;
/**
 * If more multiplications are needed, only a sample of features is examined. 16,384 features of width 2,304 need 2³⁹,
 * a minute on one core.
 */
const mostProducts = 2 ** 40;

export interface Redundancy {
  /** [d_sae] index of the nearest other row; −1 if it was not searched for or does not exist. */
  nearest: Int32Array;
  /** [d_sae] the cosine with it; NaN where `nearest` is −1. */
  cosine: Float32Array;
  /** Features whose nearest one was searched for: all that have a direction, or a sample of those. */
  measured: number[];
  /** Number of features whose decoder row is not all zeros. */
  directed: number;
}

/**
 * @param W_dec [d_sae, d_in]
 * @param most how many multiplications all cosines together may take
 */
export async function redundancy(
  W_dec: Matrix,
  draw: Random,
  options: SessionOptions = {},
  most = mostProducts,
): Promise<Redundancy> {
  const [d_sae, d_in] = W_dec.shape;
  const nearest = new Int32Array(d_sae).fill(-1);
  const cosine = new Float32Array(d_sae).fill(NaN);
  const directed = directedRows(W_dec);
  const fits = Math.floor(most / (d_sae * d_in));
  const measured =
    directed.length <= fits
      ? directed
      : draw
          .shuffle(directed)
          .slice(0, Math.max(1, fits))
          .sort((a, b) => a - b);
  const isDirected = new Uint8Array(d_sae);
  for (const feature of directed) isDirected[feature] = 1;

  const session = await openWeightless(productGraph(d_in), options);
  try {
    for (let at = 0; at < measured.length; at += blockRows) {
      const asked = measured.slice(at, at + blockRows);
      const rows = W_dec.take(0, asked);
      unitRows(rows, d_in);
      for (const { from, size, values } of blocks(W_dec, 0, blockRows * d_in)) {
        // Rows of zeros become NaN; they are skipped below (isDirected).
        unitRows(values, d_in);
        const products = await session.run({
          a: new Tensor("float32", rows, [asked.length, d_in]),
          b: new Tensor("float32", values, [size, d_in]),
        });
        const cosines = products["cosines"]!.data as Float32Array;
        for (const [i, feature] of asked.entries())
          for (let j = 0; j < size; j++) {
            const other = from + j;
            const value = cosines[i * size + j]!;
            if (other === feature || isDirected[other] === 0) continue;
            if (nearest[feature] !== -1 && !(value > cosine[feature]!)) continue;
            nearest[feature] = other;
            cosine[feature] = value;
          }
      }
    }
  } finally {
    await session.release();
  }
  return { nearest, cosine, measured, directed: directed.length };
}

/** The pairs of a feature and its nearest one with the largest cosines; each pair is listed once. */
export function closestPairs({ nearest, cosine, measured }: Redundancy, most: number) {
  const pairs = new Map<string, { features: [number, number]; cosine: number }>();
  for (const feature of measured) {
    const other = nearest[feature]!;
    if (other < 0) continue;
    const features: [number, number] = feature < other ? [feature, other] : [other, feature];
    pairs.set(features.join(), { features, cosine: cosine[feature]! });
  }
  return [...pairs.values()]
    .sort((a, b) => b.cosine - a.cosine || a.features[0] - b.features[0])
    .slice(0, most);
}

/**
 * The median of the largest cosine among this many random directions: the control of `nearest`. The cosine of two random
 * directions in d dimensions is t/√(t² + d − 1), where t follows Student's distribution with d − 1 degrees of freedom
 * (Muirhead 1982, 1.5.7).
 */
export function randomNearest(directions: number, d: number): number | null {
  if (directions < 2 || d < 2) return null;
  const tail = 1 - 0.5 ** (1 / (directions - 1));
  let [low, high] = [-1, 1];
  for (let i = 0; i < 60; i++) {
    const c = (low + high) / 2;
    if (studentTail(c * Math.sqrt((d - 1) / (1 - c * c)), d - 1) > tail) low = c;
    else high = c;
  }
  return (low + high) / 2;
}

/** a [A, d] and b [B, d] → cosines [A, B] of rows of norm 1 */
function productGraph(d: number): Graph {
  const graph = new Graph();
  const [a, b] = [graph.input("a", "float32", ["A", d]), graph.input("b", "float32", ["B", d])];
  graph.output("cosines", matmul(a, b, { transB: true }));
  return graph;
}

function directedRows(W_dec: Matrix): number[] {
  const width = W_dec.shape[1];
  const found: number[] = [];
  for (const { from, size, values } of blocks(W_dec, 0, blockRows * width))
    for (let i = 0; i < size; i++)
      if (values.subarray(i * width, (i + 1) * width).some((value) => value !== 0)) found.push(from + i);
  return found;
}
