/**
 * Makes the plan of a training from the given choices. An option that the objective needs is required; one that it does not use
 * is refused.
 */
import { badInput } from "../../core/errors.ts";
import type { Sae } from "../../sae/code/sae.ts";
import {
  type ObjectiveName,
  objectiveNames,
  type TrainingPlan,
  usualOf,
  usualPlan,
} from "../../sae/training/state/training-plan.ts";
import { objectiveFor } from "../../sae/training/warm-start.ts";

/** The given choices of a training. The objective and the sizes may come from the SAE that the training starts from. */
export interface TrainingChoices {
  objective: ObjectiveName | undefined;
  dSae: number | undefined;
  k: number | undefined;
  sparsity: number | undefined;
  targetL0: number | undefined;
  bandwidth: number | undefined;
  steps: number | undefined;
  seed: number;
  batchSize: number | undefined;
  rate: number | undefined;
  weightDecay: number | undefined;
  l1Weight: number | undefined;
  warmup: number | undefined;
  decay: number | undefined;
  auxWeight: number | undefined;
}

/** The options that only some objectives have, as they are written on the command line. */
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
 * @param from the SAE that the training starts from, whose sizes are kept
 * @throws FathomError naming an option that is missing, that belongs to another objective, or that contradicts `from`
 */
export function trainingPlanOf(
  given: TrainingChoices,
  from: Sae | null,
  place: { layer: number; d_in: number },
): TrainingPlan {
  const options =
    from === null
      ? given
      : { ...given, objective: objectiveFor(from, place, given.objective), ...kept(given, from) };
  const { objective, dSae, steps, seed, batchSize, rate } = options;
  if (objective === undefined)
    throw badInput("--objective", `${objectiveNames.join(" or ")}, or an SAE --from`, "none");
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

/** The sizes of the SAE to start from. @throws FathomError for an option that contradicts them */
function kept(given: TrainingChoices, { path, d_sae, k }: Sae): { dSae: number; k?: number } {
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
