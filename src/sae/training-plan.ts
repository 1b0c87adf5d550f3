/** What a training run is told: sizes, rates, shares. Defaults that do not depend on the data are `usualPlan`. */
import { badInput } from "../core/errors.ts";
import type { Rows } from "./rows.ts";

export const objectiveNames = ["topk", "batchtopk"] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

export interface TrainingPlan {
  objective: ObjectiveName;
  d_sae: number;
  /** Active features a token: at most (topk), or on average over a batch (batchtopk). */
  k: number;
  steps: number;
  /** Tokens a step. */
  batch: number;
  seed: string;
  /** Adam's peak rate; by the rule in train.ts when not given. */
  rate?: number;
  /** Share of the steps over which the rate rises, and over which it falls to 0 at the end. */
  warmup: number;
  decay: number;
  /** Weight of the auxiliary loss, see `usualPlan`. 0 turns it off. */
  auxWeight: number;
  /** Tokens without firing after which a feature counts as dead; one pass over the data when not given. */
  deadAfterTokens?: number;
  /** Share of the rows kept aside, on which the result is measured. */
  heldOut: number;
  /** Tokens of a norm above this multiple of the median norm are left out of training. */
  maxNormMultiple: number;
}

/** What does not depend on the data; objective, d_sae, k, steps and seed do. */
export const usualPlan = {
  batch: 1024,
  warmup: 0.05,
  decay: 0.2,
  // SAELens' own. The paper's 1/32 is for runs of billions of tokens; on thousands it revived next to nothing.
  auxWeight: 1,
  heldOut: 0.1,
  maxNormMultiple: 10,
} as const satisfies Partial<TrainingPlan>;

/** @throws FathomError naming what of the plan cannot be followed on these rows */
export function checkPlan(rows: Pick<Rows, "name" | "count">, plan: TrainingPlan): void {
  const demand = (name: keyof TrainingPlan, fits: boolean, expected: string) => {
    if (!fits) throw badInput(`SAE training plan ${name}`, expected, String(plan[name]));
  };
  for (const name of ["d_sae", "k", "steps", "batch"] as const)
    demand(name, Number.isSafeInteger(plan[name]) && plan[name] >= 1, "a whole number from 1");
  demand("k", plan.k <= plan.d_sae, `at most d_sae = ${plan.d_sae}`);
  for (const name of ["warmup", "decay", "heldOut"] as const)
    demand(name, plan[name] >= 0 && plan[name] < 1, "a share from 0 to below 1");
  demand("auxWeight", plan.auxWeight >= 0 && Number.isFinite(plan.auxWeight), "a number from 0");
  demand("maxNormMultiple", plan.maxNormMultiple > 1, "a number above 1");
  demand("rate", plan.rate === undefined || plan.rate > 0, "a number above 0");
  demand(
    "deadAfterTokens",
    plan.deadAfterTokens === undefined || plan.deadAfterTokens > 0,
    "a number above 0",
  );
  const kept = Math.floor(rows.count * (1 - plan.heldOut));
  if (kept < plan.batch)
    throw badInput(
      rows.name,
      `at least a batch of ${plan.batch} rows to train on`,
      String(kept),
      "a smaller batch",
    );
  if (rows.count - kept < 2)
    throw badInput("SAE training plan heldOut", "at least 2 rows kept aside", String(rows.count - kept));
}

export function peakRate({ rate, d_sae }: Pick<TrainingPlan, "rate" | "d_sae">): number {
  return rate ?? 2e-4 * Math.sqrt(2 ** 14 / d_sae);
}

/** Share of the peak rate: up over the first steps, down to nearly nothing over the last. */
export function schedule(step: number, { steps, warmup, decay }: TrainingPlan): number {
  const up = warmup * steps;
  const down = decay * steps;
  return Math.min(1, up > 0 ? (step + 1) / up : 1, down > 0 ? (steps - step) / down : 1);
}
