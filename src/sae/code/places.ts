/**
 * Features as the places where they are active: k per token, with k ≪ d_sae. The places can be laid out among zeros, or
 * decoded directly. Decoding gathers k decoder rows per token and sums them with their weights, which costs far less than
 * the product over all features. The gradient of the active features is computed the same way. The gradient of W_dec is
 * not part of the graph (place-gradients.ts).
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

/** The chosen values of pre [B, d_sae]: k per token [B, k], or P of all tokens together [P]. */
export interface Places {
  values: Value;
  /** For [B, k], feature indices; for [P], positions in `pre` flattened to [B · d_sae]. */
  indices: Value;
}

/**
 * The k largest of each row. If several values tie for the k-th place, the feature with the lower index is taken.
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

/**
 * ReLU of the chosen values at their places, and zeros elsewhere. If fewer are positive, fewer are active.
 * @returns the shape of `pre`
 */
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
    // The gathered rows are an output because the gradient needs them again.
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
