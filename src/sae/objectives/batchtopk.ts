/**
 * BatchTopK (Bussmann et al., arXiv 2412.06410): the k·B largest features of a batch of B tokens, so that a token that
 * needs more has more. Afterwards a token has no batch: a feature is active above the running mean of the smallest that
 * was, which makes it a JumpReLU SAE with one threshold, as SAELens saves it.
 */
import type { Value } from "../../graph/graph.ts";
import {
  fillLike,
  greater,
  neg,
  relu,
  reshape,
  scatterElements,
  topK,
  where,
} from "../../graph/ops/index.ts";
import { topKActivation } from "../graphs.ts";
import type { TopKPlan } from "../training-plan.ts";
import { auxiliary } from "./auxiliary.ts";
import type { Activated, Objective } from "./objective.ts";

type Settings = Pick<TopKPlan, "k" | "batch" | "d_sae" | "auxWeight">;

/** Above every feature. */
const huge = 1e30;

export function batchTopK({ k, batch, d_sae, auxWeight }: Settings, d_in: number): Objective {
  return {
    own: {},
    activate: (pre) => batchTopKActivation(pre, k * batch),
    // As many as a token of a batch has on average.
    alone: (pre) => topKActivation(pre, k),
    terms: [auxiliary(auxWeight, { d_in, d_sae })],
    finish: ({ threshold }, scale) => ({
      kind: "jumprelu",
      k: null,
      threshold: new Float32Array(d_sae).fill(threshold / scale),
    }),
  };
}

/** The `count` largest of all of pre [B, d_sae], then ReLU. */
function batchTopKActivation(pre: Value, count: number): Activated {
  const flat = reshape(pre, [-1]);
  const { values, indices } = topK(flat, count);
  const active = relu(values);
  const features = scatterElements(fillLike(flat, 0), indices, active, { axis: 0, reduction: "none" });
  const positive = where(greater(active, 0), active, huge);
  const smallest = reshape(neg(topK(neg(positive), 1).values), []);
  return {
    features: reshape(features, pre.dims),
    active: null,
    smallest: where(greater(smallest, huge / 2), 0, smallest),
  };
}
