/**
 * The graph of one edit, in one low-rank form for all interventions:
 *
 *     x' = x + ((target(a) − a) ⊙ mask) · D,   a = act(normalize(x)·E + b),   target(a) = scale ⊙ a + offset
 *
 * All of an edit's numbers are inputs, so a session with a slot serves any edit of its form.
 *
 * A token's bits must not depend on the tokens beside it. ONNX Runtime (1.30, MLAS) sums a product of inputs in an order
 * that depends on how it divides the columns between threads, and sums a single row in an order of its own. So columns are
 * given in groups of 16, the width that it never divides, and a row of ones is multiplied too, so that no row is single.
 */
import type { Dim, Value } from "../../../graph/build/graph.ts";
import {
  add,
  concat,
  div,
  fillLike,
  gather,
  greater,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  relu,
  renameDims,
  reshape,
  scatterElements,
  slice,
  sqrt,
  sub,
  topK,
  transpose,
  unsqueeze,
  where,
} from "../../../graph/ops/ops.ts";
import type { SlotForm } from "./sites.ts";

/** Columns in one group of a matrix. */
export const groupWidth = 16;

/** SAELens adds this to the standard deviation before it divides. It does not add it when it undoes the division. */
const layerNormEpsilon = 1e-5;

/** The values of an edit in a graph. Axes: n edited features, padded to whole groups. */
export interface EditValues {
  /** x', in the shape of x. */
  edited: Value;
  /** How far each feature is edited, [B, T, n]; with `some` [E + 1, n]. */
  mask: Value;
  /** a, before the edit, [B, T, n]; with `some` [E, n]. */
  activation: Value;
  /** The largest |x' − x| of each token, [B, T]. */
  moved: Value;
}

/** Declares an input of the slot, by the name of the part. */
type Input = (part: string, dtype: "float32" | "int64" | "int32", dims: readonly Dim[]) => Value;

/**
 * With `some`, only the E tokens that the input "tokens" [E] lists are encoded and moved, by their index in [B·T]. The input "place"
 * [B·T] says where each token is among them; E for all others. So a token that no mask touches costs nothing. The mask has a last row
 * of zeros then.
 *
 * @param x [B, T, d]
 * @param named the name of each part as an input of the graph
 */
export function editGraph(
  x: Value,
  form: SlotForm,
  named: (part: string) => string,
  { some }: { some: boolean },
): EditValues {
  const { graph } = x;
  const d = x.dims[2] as number;
  const input: Input = (part, dtype, dims) => graph.input(named(part), dtype, dims);
  const R = named("rows");
  graph.neverEmpty(R);
  const ones = graph.constant(new Float32Array(d).fill(1), "float32", [1, d]);
  const all = reshape(x, [-1, d]);
  const own = some ? gather(all, input("tokens", "int32", [named("tokens")])) : all;
  const rows = renameDims(concat([own, ones], 0), [R, d]);
  const { normal, scale } = normalized(rows, form);

  const encoder = input("encoder", "float32", [named("groups"), d, groupWidth]);
  const a = activations(inGroups(normal, encoder), form, input, named);
  const n = a.dims[1]!;
  const target = add(mul(a, input("scale", "float32", [n])), input("offset", "float32", [n]));
  const mask = input("mask", "float32", some ? [R, n] : ["B", "T", n]);
  const change = mul(sub(target, a), some ? mask : withZeros(mask, R));

  const decoder = input("decoder", "float32", [Math.ceil(d / groupWidth), n, groupWidth]);
  const normalDelta = slice(inGroups(change, decoder), 1, 0, d);
  const delta = scale === null ? normalDelta : mul(normalDelta, scale);
  if (!some) {
    const edited = add(x, inTokens(delta));
    return { edited, mask, activation: inTokens(a), moved: reshape(largestOf(sub(edited, x)), ["B", "T"]) };
  }
  const place = input("place", "int32", ["B*T"]);
  const toTokens = (values: Value, dims: readonly Dim[]) =>
    reshape(renameDims(gather(values, place), ["B*T", values.dims[1]!]), dims);
  return {
    edited: add(x, toTokens(delta, ["B", "T", d])),
    mask,
    activation: slice(a, 0, 0, -1),
    moved: toTokens(largestOf(sub(add(rows, delta), rows)), ["B", "T"]),
  };
}

/** [B, T, n] → [R, n], with a row of zeros behind. */
function withZeros(mask: Value, R: Dim): Value {
  const n = mask.dims[2]!;
  const flat = reshape(mask, [-1, n]);
  return renameDims(concat([flat, fillLike(slice(flat, 0, 0, 1), 0)], 0), [R, n]);
}

/** The largest absolute value of each row, [..., 1]. Squares need fewer passes over the rows than absolute values. */
const largestOf = (values: Value): Value => sqrt(topK(mul(values, values), 1).values);

/** rows [R, K] times a matrix in groups of columns [G, K, 16] → [R, 16·G]. */
function inGroups(rows: Value, matrix: Value): Value {
  const product = transpose(matmul(unsqueeze(rows, [0]), matrix), [1, 0, 2]);
  return reshape(product, [rows.dims[0]!, -1]);
}

/** [R, n] without its last row → [B, T, n]. */
function inTokens(rows: Value): Value {
  const n = rows.dims[1]!;
  return reshape(renameDims(slice(rows, 0, 0, -1), ["B*T", n]), ["B", "T", n]);
}

/** @returns normal rows, and the factor [R, 1] that gives a change of them in units of x; null for the factor 1 */
function normalized(rows: Value, { normalize }: SlotForm): { normal: Value; scale: Value | null } {
  const d = rows.dims[1] as number;
  switch (normalize) {
    case "none":
      return { normal: rows, scale: null };
    case "layer_norm": {
      const centred = sub(rows, reduceMean(rows, [1], true));
      const scale = sqrt(div(reduceSum(mul(centred, centred), [1], true), d - 1));
      return { normal: div(centred, add(scale, layerNormEpsilon)), scale };
    }
    case "constant_norm_rescale": {
      const scale = div(sqrt(reduceSum(mul(rows, rows), [1], true)), Math.sqrt(d));
      // A row of zeros stays zeros. Padding at the site "embed" is such a row.
      return { normal: div(rows, where(greater(scale, 0), scale, 1)), scale };
    }
  }
}

/** @param product x·E [R, m] @returns the activations of the edited features [R, n] */
function activations(product: Value, form: SlotForm, input: Input, named: (part: string) => string): Value {
  const m = product.dims[1]!;
  const perFeature = (part: string) => input(part, "float32", [m]);
  const pre = add(product, perFeature("bias"));
  switch (form.rule) {
    case "threshold":
      return where(greater(pre, perFeature("threshold")), pre, 0);
    case "gated": {
      const magnitude = add(mul(product, perFeature("magnitude_scale")), perFeature("magnitude_bias"));
      return where(greater(pre, 0), relu(magnitude), 0);
    }
    case "topk":
      return gather(largest(pre, form.k!), input("chosen", "int64", [named("chosen")]), 1);
    case "groupmax": {
      const groups = reshape(pre, [pre.dims[0]!, form.k!, named("group")]);
      const all = reshape(largest(groups, 1), pre.dims);
      return gather(all, input("chosen", "int64", [named("chosen")]), 1);
    }
  }
}

/** ReLU of the k largest along the last axis, and zeros elsewhere. Of equal ones the lower index is taken. */
function largest(pre: Value, k: number): Value {
  const { values, indices } = topK(pre, k);
  const axis = pre.dims.length - 1;
  return scatterElements(fillLike(pre, 0), indices, relu(values), { axis, reduction: "none" });
}
