/** The objectives by name. */
import type { TrainingPlan } from "../state/training-plan.ts";
import { batchTopK } from "./batchtopk.ts";
import { jumpReLU } from "./jumprelu.ts";
import type { Objective } from "./objective.ts";
import { topk } from "./topk.ts";

export function objectiveOf(plan: TrainingPlan, d_in: number): Objective {
  switch (plan.objective) {
    case "topk":
      return topk(plan, d_in);
    case "batchtopk":
      return batchTopK(plan, d_in);
    case "jumprelu":
      return jumpReLU(plan);
  }
}
