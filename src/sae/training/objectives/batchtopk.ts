/**
 * BatchTopK (Bussmann et al., arXiv 2412.06410): keeps the k·B largest features of a batch of B tokens, so that a
 * token that needs more features has more. After training there is no batch. A feature is then active above a
 * threshold: the running mean of the smallest active feature of each batch. This makes it a JumpReLU SAE with one
 * threshold, as SAELens saves it.
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
    // k: as many as a token of a batch has on average.
    chooseAlone: (pre) => topKPlaces(pre, k),
    terms: [auxiliary(auxWeight, { d_in, d_sae })],
    finish: ({ threshold }, scale) => ({
      kind: "jumprelu",
      k: null,
      threshold: new Float32Array(d_sae).fill(threshold / scale),
    }),
  };
}
