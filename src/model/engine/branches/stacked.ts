/** Puts the values of branches together to tensors of a batch, right-padded to T tokens, and takes them apart. */
import { Tensor } from "../../ort/ort.ts";
import type { Branch, LentRow } from "./branch.ts";

type Floats = Float32Array<ArrayBuffer>;
type Lent = Map<number, { key: Tensor; value: Tensor }>;

/**
 * The state of branches after their last block: the residuals [B, T, d], and the keys and values [B, kvHeads, T, headDim] that
 * layers above use too.
 * @param headDimOf of a layer that lends
 */
export function stacked(
  branches: readonly Branch[],
  T: number,
  { d, headDimOf }: { d: number; headDimOf: (layer: number) => number },
): { residual: Floats; lent: Lent } {
  const residual = new Float32Array(branches.length * T * d);
  for (const [row, branch] of branches.entries()) residual.set(branch.below!.residual, row * T * d);
  const lent: Lent = new Map();
  for (const layer of branches[0]!.below!.lent.keys()) {
    const side = (of: keyof LentRow) =>
      stackedHeads(
        branches.map(({ ids, below }) => ({ values: below!.lent.get(layer)![of], count: ids.length })),
        T,
        headDimOf(layer),
      );
    lent.set(layer, { key: side("key"), value: side("value") });
  }
  return { residual, lent };
}

/** @param rows [heads, count, headDim] each */
function stackedHeads(
  rows: readonly { values: Floats; count: number }[],
  T: number,
  headDim: number,
): Tensor {
  const heads = rows[0]!.values.length / rows[0]!.count / headDim;
  const out = new Float32Array(rows.length * heads * T * headDim);
  for (const [row, { values, count }] of rows.entries())
    for (let head = 0; head < heads; head++) {
      const from = head * count * headDim;
      out.set(values.subarray(from, from + count * headDim), (row * heads + head) * T * headDim);
    }
  return new Tensor("float32", out, [rows.length, heads, T, headDim]);
}

/** The first `count` tokens of a row of [B, T, width], of each the first `size` numbers: [count, size]. */
export function rowOf(
  values: Float32Array,
  {
    row,
    T,
    count,
    width,
    size = width,
  }: { row: number; T: number; count: number; width: number; size?: number },
): Floats {
  const out = new Float32Array(count * size);
  for (let t = 0; t < count; t++) {
    const from = (row * T + t) * width;
    out.set(values.subarray(from, from + size), t * size);
  }
  return out;
}

/** The first `count` tokens of a row of [B, heads, T, headDim]: [heads, count, headDim]. */
export function headsOf({ data, dims }: Tensor, { row, count }: { row: number; count: number }): Floats {
  const [, heads, T, headDim] = dims as [number, number, number, number];
  const values = data as Float32Array;
  const out = new Float32Array(heads * count * headDim);
  for (let head = 0; head < heads; head++) {
    const from = (row * heads + head) * T * headDim;
    out.set(values.subarray(from, from + count * headDim), head * count * headDim);
  }
  return out;
}
