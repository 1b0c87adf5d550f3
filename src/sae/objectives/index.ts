/** The objectives by name. */
import type { TrainingPlan } from "../training-plan.ts";
import { batchTopK } from "./batchtopk.ts";
import type { Objective } from "./objective.ts";
import { topk } from "./topk.ts";

/** Of a plan that `checkPlan` has passed. */
export function objectiveOf({ objective, k, batch, d_sae }: TrainingPlan, d_in: number): Objective {
  switch (objective) {
    case "topk":
      return topk(k, d_in, d_sae);
    case "batchtopk":
      return batchTopK(k, batch, d_in, d_sae);
  }
}
