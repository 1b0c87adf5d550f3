/** What a training run is told: sizes, rates, shares. Defaults that do not depend on the data are `usualPlan` and `usualOf`. */
import { badInput } from "../../../core/errors.ts";
import type { Rows } from "../../code/rows.ts";

export const objectiveNames = ["topk", "batchtopk", "jumprelu"] as const;
export type ObjectiveName = (typeof objectiveNames)[number];

interface CommonPlan {
  d_sae: number;
  steps: number;
  /** Tokens a step. */
  batch: number;
  seed: string;
  /** Adam's peak rate; by the rule in train.ts when not given. */
  rate?: number;
  /** AdamW's: the share of itself that a tensor loses at a step, times the rate. */
  weightDecay: number;
  /** Weight of mean |pre-activation|, see objectives/l1.ts. 0 turns it off. */
  l1Weight: number;
  /** Share of the steps over which the rate rises, and over which it falls to 0 at the end. */
  warmup: number;
  decay: number;
  /** Tokens without firing after which a feature counts as dead; one pass over the data when not given. */
  deadAfterTokens?: number;
  /** Share of the rows kept aside, on which the result is measured. */
  heldOut: number;
  /** Tokens of a norm above this multiple of the median norm are left out of training. */
  maxNormMultiple: number;
}

export interface TopKPlan extends CommonPlan {
  objective: "topk" | "batchtopk";
  /** Active features a token: at most (topk), or on average over a batch (batchtopk). */
  k: number;
  /** Weight of the auxiliary loss for dead features. 0 turns it off. */
  auxWeight: number;
}

export interface JumpReLUPlan extends CommonPlan {
  objective: "jumprelu";
  /** λ, what the count of active features weighs, and the share of the steps over which it rises to that. */
  sparsity: number;
  sparsityWarmup: number;
  /** L0 that the thresholds are drawn to; the fewer the better where not given. */
  targetL0?: number;
  /** Width of the kernel, of rows of mean norm √d_in. */
  bandwidth: number;
  /** Features of a token that are above the thresholds at the start, on average; those of the target where there is one. */
  startL0: number;
  /** The thresholds' rate as a multiple of the others'. */
  thresholdRate: number;
}

export type TrainingPlan = TopKPlan | JumpReLUPlan;

/** What does not depend on the data; objective, d_sae, steps and seed do, and k or sparsity. */
export const usualPlan = {
  batch: 1024,
  weightDecay: 0,
  l1Weight: 0,
  warmup: 0.05,
  decay: 0.2,
  heldOut: 0.1,
  maxNormMultiple: 10,
} as const satisfies Partial<CommonPlan>;

/** The same of one objective's own. */
export const usualOf = {
  // SAELens' own. The paper's 1/32 is for runs of billions of tokens; on thousands it revived next to nothing.
  topk: { auxWeight: 1 },
  batchtopk: { auxWeight: 1 },
  // Thresholds move slowly, so they begin where they let through about as many features as they are to in the end: 600 steps
  // on SmolLM2's activations with 6,144 features come to 36 for a target of 32 with an FVU of 0.28 (TopK 0.27 on the same rows),
  // where on other rows they ended at 339 from 0.1, and at an FVU of 0.46 from 1. Behind thresholds that begin high a kernel of
  // 0.05 left features dead.
  jumprelu: { sparsityWarmup: 0.1, bandwidth: 0.5, startL0: 64, thresholdRate: 10 },
} as const;

/** @throws FathomError naming what of the plan cannot be followed on these rows */
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

/** Share of the peak rate: up over the first steps, down to nearly nothing over the last. */
export function schedule(step: number, { steps, warmup, decay }: TrainingPlan): number {
  const up = warmup * steps;
  const down = decay * steps;
  return Math.min(1, up > 0 ? (step + 1) / up : 1, down > 0 ? (steps - step) / down : 1);
}
