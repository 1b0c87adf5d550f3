/**
 * BatchTopK (Bussmann et al., arXiv 2412.06410): the k·B largest features of a batch of B tokens, so that a token that
 * needs more has more. Afterwards a token has no batch: a feature is active above the running mean of the smallest that
 * was, which makes it a JumpReLU SAE with one threshold, as SAELens saves it.
 */
import { topKPlaces, topPlaces } from "../../code/places.ts";
import type { TopKPlan } from "../state/training-plan.ts";
import { auxiliary } from "./auxiliary.ts";
import type { Objective } from "./objective.ts";

type Settings = Pick<TopKPlan, "k" | "batch" | "d_sae" | "auxWeight">;

export function batchTopK({ k, batch, d_sae, auxWeight }: Settings, d_in: number): Objective {
  return {
    own: {},
    choose: (pre) => topPlaces(pre, k * batch),
    // As many as a token of a batch has on average.
    chooseAlone: (pre) => topKPlaces(pre, k),
    terms: [auxiliary(auxWeight, { d_in, d_sae })],
    finish: ({ threshold }, scale) => ({
      kind: "jumprelu",
      k: null,
      threshold: new Float32Array(d_sae).fill(threshold / scale),
    }),
  };
}
