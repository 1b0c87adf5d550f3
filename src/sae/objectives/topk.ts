/** TopK (Gao et al., arXiv 2406.04093): the k largest features of each token. */
import { topKActivation } from "../graphs.ts";
import { auxiliary } from "./auxiliary.ts";
import type { Objective } from "./objective.ts";

export function topk(k: number, d_in: number, d_sae: number): Objective {
  return {
    own: {},
    activate: (pre) => ({ features: topKActivation(pre, k), smallest: null }),
    terms: [auxiliary(d_in, d_sae)],
    finish: () => ({ kind: "topk", k, threshold: null }),
  };
}
