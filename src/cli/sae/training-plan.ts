/** The plan of `fathom sae train` from its options: what an objective needs is asked for, what it has no use for refused. */
import { badInput } from "../../core/errors.ts";
import { trainDefaults } from "../../library/defaults.ts";
import type { Sae } from "../../sae/code/sae.ts";
import {
  type ObjectiveName,
  objectiveNames,
  type TrainingPlan,
  usualOf,
  usualPlan,
} from "../../sae/training/state/training-plan.ts";

export interface PlanOptions {
  objective?: ObjectiveName;
  dSae?: number;
  k?: number;
  sparsity?: number;
  targetL0?: number;
  bandwidth?: number;
  steps?: number;
  seed: number;
  batchSize?: number;
  rate?: number;
  weightDecay?: number;
  l1Weight?: number;
  /** A preset's, of which there are no options. */
  warmup?: number;
  decay?: number;
  auxWeight?: number;
}

/** The options that some objectives have and others have not, as they are written. */
const optionOf = {
  k: "--k",
  sparsity: "--sparsity",
  targetL0: "--target-l0",
  bandwidth: "--bandwidth",
} as const;
type OwnOption = keyof typeof optionOf;

const ofTopK = { needs: ["k"], takes: ["k"] } as const;
const own: Record<ObjectiveName, { needs: readonly OwnOption[]; takes: readonly OwnOption[] }> = {
  topk: ofTopK,
  batchtopk: ofTopK,
  jumprelu: { needs: ["sparsity"], takes: ["sparsity", "targetL0", "bandwidth"] },
};

/**
 * @param from the SAE that training begins with, whose sizes are kept
 * @throws FathomError naming the option that is missing, that is another objective's, or that `from` says otherwise
 */
export function planOf(given: PlanOptions, from: Sae | null): TrainingPlan {
  const options = { ...given, ...(from === null ? {} : kept(given, from)) };
  const { objective = trainDefaults.objective, dSae, steps, seed, batchSize, rate } = options;
  if (dSae === undefined)
    throw badInput("--d-sae", "a number of features, an SAE --from, or a --preset", "none");
  if (steps === undefined) throw badInput("--steps", "a number, or a --preset", "none");
  const { needs, takes } = own[objective];
  for (const name of needs)
    if (options[name] === undefined) throw badInput(optionOf[name], `a number, for ${objective}`, "none");
  for (const name of Object.keys(optionOf) as OwnOption[])
    if (options[name] !== undefined && !takes.includes(name))
      throw badInput(optionOf[name], `none for ${objective}`, String(options[name]), usersOf(name));
  const common = {
    ...usualPlan,
    batch: batchSize ?? usualPlan.batch,
    weightDecay: options.weightDecay ?? usualPlan.weightDecay,
    l1Weight: options.l1Weight ?? usualPlan.l1Weight,
    ...(rate === undefined ? {} : { rate }),
    d_sae: dSae,
    steps,
    seed: String(seed),
    warmup: options.warmup ?? usualPlan.warmup,
    decay: options.decay ?? usualPlan.decay,
  };
  if (objective !== "jumprelu") {
    const auxWeight = options.auxWeight ?? usualOf[objective].auxWeight;
    return { ...common, objective, auxWeight, k: options.k! };
  }
  const { sparsity, targetL0, bandwidth } = options;
  return {
    ...common,
    ...usualOf.jumprelu,
    objective,
    sparsity: sparsity!,
    ...(targetL0 === undefined ? {} : { targetL0 }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
  };
}

/** What an SAE says of itself; said otherwise on the command line, it is refused. */
function kept(given: PlanOptions, { path, d_sae, k }: Sae): { dSae: number; k?: number } {
  const sizes = { dSae: ["--d-sae", d_sae], k: ["--k", k] } as const;
  for (const [name, [option, value]] of Object.entries(sizes)) {
    const asked = given[name as keyof typeof sizes];
    if (asked !== undefined && value !== null && asked !== value)
      throw badInput(option, `${value}, as ${path} has it`, String(asked), `leave ${option} out`);
  }
  return { dSae: d_sae, ...(k === null ? {} : { k }) };
}

function usersOf(name: OwnOption): string {
  return `--objective ${objectiveNames.filter((objective) => own[objective].takes.includes(name)).join(" or ")}`;
}
