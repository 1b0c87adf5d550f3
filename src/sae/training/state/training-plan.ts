/**
 * The settings of a training run: sizes, rates, shares. `usualPlan` and `usualOf` hold the defaults that do not
 * depend on the data.
 */
import { badInput } from "../../../core/errors.ts";
import type { Rows } from "../../code/rows.ts";

export const objectiveNames = ["topk", "batchtopk", "jumprelu"] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

interface CommonPlan {
  d_sae: number;
  steps: number;
  /** Tokens per step. */
  batch: number;
  seed: string;
  /** Adam's peak rate. Default: the rule in `training.ts`. */
  rate?: number;
  /** AdamW's weight decay: at each step a tensor shrinks by this share of itself times the rate. */
  weightDecay: number;
  /** Weight of mean |pre-activation|, see objectives/l1.ts. 0 turns it off. */
  l1Weight: number;
  /** Share of the steps over which the rate rises at the start. */
  warmup: number;
  /** Share of the steps over which the rate falls to 0 at the end. */
  decay: number;
  /** A feature counts as dead after this many tokens without firing. Default: one pass over the data. */
  deadAfterTokens?: number;
  /** Share of the rows that are held out; the result is measured on them. */
  heldOut: number;
  /** Tokens of a norm above this multiple of the median norm are left out of training. */
  maxNormMultiple: number;
}

export interface TopKPlan extends CommonPlan {
  objective: "topk" | "batchtopk";
  /** Active features per token: at most (topk), or on average over a batch (batchtopk). */
  k: number;
  /** Weight of the auxiliary loss for dead features. 0 turns it off. */
  auxWeight: number;
}

export interface JumpReLUPlan extends CommonPlan {
  objective: "jumprelu";
  /** λ, the weight of the count of active features. */
  sparsity: number;
  /** Share of the steps over which that weight rises from 0. */
  sparsityWarmup: number;
  /** The L0 that the thresholds are pulled to. If not given, the loss prefers fewer features without limit. */
  targetL0?: number;
  /** Width of the kernel, for rows of mean norm √d_in. */
  bandwidth: number;
  /** Mean number of features per token that are above the thresholds at the start. `targetL0` replaces it if given. */
  startL0: number;
  /** The rate of the thresholds as a multiple of the rate of the other tensors. */
  thresholdRate: number;
}

export type TrainingPlan = TopKPlan | JumpReLUPlan;

/** Defaults that do not depend on the data. Objective, d_sae, steps, seed and k or sparsity have none here. */
export const usualPlan = {
  batch: 1024,
  weightDecay: 0,
  l1Weight: 0,
  warmup: 0.05,
  decay: 0.2,
  heldOut: 0.1,
  maxNormMultiple: 10,
} as const satisfies Partial<CommonPlan>;

/** Defaults of the settings that belong to one objective. */
export const usualOf = {
  // SAELens's value. The paper's 1/32 is for runs of billions of tokens; with thousands of tokens it revived almost
  // no feature.
  topk: { auxWeight: 1 },
  batchtopk: { auxWeight: 1 },
  // Thresholds move slowly, so they start where they let through about as many features as they should at the end.
  // With this start, 600 steps on SmolLM2's activations with 6,144 features reach an L0 of 36 for a target of 32,
  // with an FVU of 0.28 (TopK: 0.27 on the same rows). On other rows, thresholds that start at 0.1 ended at an L0 of
  // 339, and those that start at 1 at an FVU of 0.46. With thresholds that start high, a kernel of 0.05 left features
  // dead.
  jumprelu: { sparsityWarmup: 0.1, bandwidth: 0.5, startL0: 64, thresholdRate: 10 },
} as const;

/** @throws FathomError that names the setting of the plan that is not possible with these rows */
export function checkPlan(rows: Pick<Rows, "name" | "count">, plan: TrainingPlan): void {
  const demand = (
    name: string,
    value: number | undefined,
    fits: (value: number) => boolean,
    expected: string,
  ) => {
    if (value !== undefined && !fits(value))
      throw badInput(`SAE training plan ${name}`, expected, String(value));
  };
  const whole = (value: number) => Number.isSafeInteger(value) && value >= 1;
  const positive = (value: number) => value > 0 && Number.isFinite(value);
  const notNegative = (value: number) => value >= 0 && Number.isFinite(value);
  const share = (value: number) => value >= 0 && value < 1;
  for (const name of ["d_sae", "steps", "batch"] as const)
    demand(name, plan[name], whole, "a whole number from 1");
  for (const name of ["warmup", "decay", "heldOut"] as const)
    demand(name, plan[name], share, "a share from 0 to below 1");
  demand("weightDecay", plan.weightDecay, share, "a share from 0 to below 1");
  demand("l1Weight", plan.l1Weight, notNegative, "a number from 0");
  demand("maxNormMultiple", plan.maxNormMultiple, (value) => value > 1, "a number above 1");
  for (const name of ["rate", "deadAfterTokens"] as const)
    demand(name, plan[name], positive, "a number above 0");
  if (plan.objective === "jumprelu") {
    for (const name of ["sparsity", "targetL0", "bandwidth", "startL0", "thresholdRate"] as const)
      demand(name, plan[name], positive, "a number above 0");
    demand("sparsityWarmup", plan.sparsityWarmup, share, "a share from 0 to below 1");
    demand("targetL0", plan.targetL0, (value) => value <= plan.d_sae, `at most d_sae = ${plan.d_sae}`);
  } else {
    demand("k", plan.k, whole, "a whole number from 1");
    demand("k", plan.k, (k) => k <= plan.d_sae, `at most d_sae = ${plan.d_sae}`);
    demand("auxWeight", plan.auxWeight, notNegative, "a number from 0");
  }
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

/** The rate at a step as a share of the peak rate: rises over the first steps and falls to nearly 0 over the last. */
export function schedule(step: number, { steps, warmup, decay }: TrainingPlan): number {
  const up = warmup * steps;
  const down = decay * steps;
  return Math.min(1, up > 0 ? (step + 1) / up : 1, down > 0 ? (steps - step) / down : 1);
}
