/** TopK (Gao et al., arXiv 2406.04093): the k largest features of each token. */
import { laidOut, topKActive } from "../graphs.ts";
import type { TopKPlan } from "../training-plan.ts";
import { auxiliary } from "./auxiliary.ts";
import type { Objective } from "./objective.ts";

type Settings = Pick<TopKPlan, "k" | "d_sae" | "auxWeight">;

export function topk({ k, d_sae, auxWeight }: Settings, d_in: number): Objective {
  return {
    own: {},
    activate(pre) {
      const active = topKActive(pre, k);
      return { features: laidOut(pre, active), active, smallest: null };
    },
    terms: [auxiliary(auxWeight, { d_in, d_sae })],
    finish: () => ({ kind: "topk", k, threshold: null }),
  };
}
