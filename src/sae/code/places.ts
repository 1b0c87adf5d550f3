/**
 * Features as the places where they are active, k ≪ d_sae a token: laid out among zeros, or decoded without. Decoding
 * gathers and weighs k decoder rows a token, a small part of the product over all features, and so does the gradient of the
 * active features; that of W_dec is not the graph's (place-gradients.ts).
 */
import type { Operator, Value } from "../../graph/build/graph.ts";
import {
  fillLike,
  matmul,
  relu,
  reshape,
  scatterElements,
  squeeze,
  topK,
  unsqueeze,
} from "../../graph/ops/ops.ts";
import { held } from "./held.ts";

/** What of pre [B, d_sae] was chosen: k of each token [B, k], or P of all tokens together [P]. */
export interface Places {
  values: Value;
  /** Features, or for [P] places in pre laid out flat. */
  indices: Value;
}

/**
 * The k largest of each row. Of equal values at the k-th place the feature with the lower index is taken.
 * @param pre [N, d_sae]
 */
export function topKPlaces(pre: Value, k: number): Places {
  const { values, indices } = topK(pre, k);
  return { values, indices };
}

/** The `count` largest of all rows together. @param pre [N, d_sae] */
export function topPlaces(pre: Value, count: number): Places {
  const { values, indices } = topK(reshape(pre, [-1]), count);
  return { values, indices };
}

/** What was chosen after ReLU, zeros elsewhere: fewer are active where fewer are positive. @returns as `pre` */
export function laidOut(pre: Value, { values, indices }: Places): Value {
  const active = relu(values);
  if (indices.dims.length === 2)
    return scatterElements(fillLike(pre, 0), indices, active, { axis: 1, reduction: "none" });
  const flat = fillLike(reshape(pre, [-1]), 0);
  return reshape(scatterElements(flat, indices, active, { axis: 0, reduction: "none" }), pre.dims);
}

/**
 * @param pre [B, d_sae], for the shape @param W_dec [d_sae, d_in], through which no gradient passes
 * @returns [B, d_in]; its gradient goes to the values of the places
 */
export function decodePlaces(pre: Value, places: Places, W_dec: Value): Value {
  const decoder = held(W_dec);
  if (places.indices.dims.length !== 2) return matmul(laidOut(pre, places), decoder);
  const { dtype, dims } = decoder;
  const types = [
    { dtype, dims: [pre.dims[0]!, dims[1]!] },
    // The gathered rows, which the gradient needs again.
    { dtype, dims: [...places.indices.dims, dims[1]!] },
  ];
  const inputs = [relu(places.values), places.indices, decoder];
  return decoder.graph.apply(sparseDecodeOperator, inputs, {}, types)[0]!;
}

const sparseDecodeOperator: Operator = {
  kind: "sparseDecode",
  emit({ inputs: [values, indices, W_dec], outputs: [decoded, rows] }, onnx) {
    onnx.into([rows!], "Gather", [W_dec!, indices!], { axis: 0 });
    const product = onnx.node("MatMul", [onnx.node("Unsqueeze", [values!, onnx.ints([1])]), rows!]);
    onnx.into([decoded!], "Squeeze", [product, onnx.ints([1])]);
  },
  gradient({ outputs: [, rows], cotangent }) {
    return [squeeze(matmul(rows!, unsqueeze(cotangent, [2])), [2]), undefined, undefined];
  },
};
