/**
 * features · W_dec where a token has k active of d_sae features: the k rows of each token are gathered and weighed, which
 * at k ≪ d_sae is a small part of the product over all of them; so is the gradient of the active features. The gradient of
 * W_dec is left a product over all: adding up gathered rows where they came from is one thread's work in ONNX Runtime.
 */
import type { Operator, Value } from "../graph/graph.ts";
import {
  fillLike,
  greater,
  matmul,
  reshape,
  scatterElements,
  squeeze,
  unsqueeze,
  where,
} from "../graph/ops/index.ts";

export interface Active {
  /** [B, k], 0 where a place was not used. */
  values: Value;
  /** [B, k], of which features. */
  indices: Value;
}

const sparseDecodeOperator: Operator = {
  kind: "sparseDecode",
  emit({ inputs: [, values, indices, W_dec], outputs: [decoded, rows] }, onnx) {
    onnx.into([rows!], "Gather", [W_dec!, indices!], { axis: 0 });
    const product = onnx.node("MatMul", [onnx.node("Unsqueeze", [values!, onnx.ints([1])]), rows!]);
    onnx.into([decoded!], "Squeeze", [product, onnx.ints([1])]);
  },
  gradient({ inputs: [features], outputs: [, rows], cotangent, wanted }) {
    const ofValues = () => squeeze(matmul(rows!, unsqueeze(cotangent, [2])), [2]);
    return [
      undefined,
      wanted[1] ? ofValues() : undefined,
      undefined,
      wanted[3] ? matmul(features!, cotangent, { transA: true }) : undefined,
    ];
  },
};

/**
 * @param features [B, d_sae], `active` laid out; used for the gradient of W_dec
 * @param W_dec [d_sae, d_in]
 * @returns [B, d_in]; the gradient of the features goes to `active.values`
 */
export function sparseDecode(features: Value, { values, indices }: Active, W_dec: Value): Value {
  const { dtype, dims } = W_dec;
  const types = [
    { dtype, dims: [features.dims[0]!, dims[1]!] },
    // The gathered rows, which the gradient needs again.
    { dtype, dims: [...indices.dims, dims[1]!] },
  ];
  return W_dec.graph.apply(sparseDecodeOperator, [features, values, indices, W_dec], {}, types)[0]!;
}

/** How many tokens have each feature. @param like [d_sae], for the shape @returns [d_sae] */
export function firedOf({ values, indices }: Active, like: Value): Value {
  const ones = where(greater(values, 0), fillLike(values, 1), 0);
  return scatterElements(fillLike(like, 0), reshape(indices, [-1]), reshape(ones, [-1]), {
    axis: 0,
    reduction: "add",
  });
}
