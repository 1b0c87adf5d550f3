/** TopK (Gao et al., arXiv 2406.04093): keeps the k largest features of each token. */
import { topKPlaces } from "../../code/places.ts";
import type { TopKPlan } from "../state/training-plan.ts";
import { auxiliary } from "./auxiliary.ts";
import type { Objective } from "./objective.ts";

type Settings = Pick<TopKPlan, "k" | "d_sae" | "auxWeight">;

export function topk({ k, d_sae, auxWeight }: Settings, d_in: number): Objective {
  return {
    own: {},
    choose: (pre) => topKPlaces(pre, k),
    terms: [auxiliary(auxWeight, { d_in, d_sae })],
    finish: () => ({ kind: "topk", k, threshold: null }),
  };
}
