/** What a run needs before the first answer, whether a checkpoint or an endpoint gives the answers. */
import { gridsOf } from "../../audit/common/answers.ts";
import { badInput } from "../../core/errors.ts";
import type { Prefill } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { loadPrompts, type PromptSet } from "../../prompts/load.ts";
import type { Unit } from "./answers/asker.ts";
import { requireDefined } from "./categories/plan-categories.ts";
import { elsewhere, type Manifest } from "./manifest.ts";
import type { AskingPlan, AuditPlan } from "./plan.ts";
import { choosePrompts } from "./units.ts";

/** @throws FathomError for prompts that cannot be read, or that the plan's choices do not fit */
export async function promptsOf(plan: AskingPlan): Promise<{ set: PromptSet; prompts: Prompt[] }> {
  requireSampling(plan);
  const set = await loadPrompts(plan.prompts, { map: plan.map });
  const prompts = choosePrompts(set.prompts, plan, set.name);
  requireDefined(plan.categories, prompts, set.name);
  return { set, prompts };
}

/** Several seeds of a greedy answer would be one answer. @throws FathomError for them */
function requireSampling({ seeds, temperature }: AuditPlan): void {
  if (temperature === 0 && seeds.length > 1)
    throw badInput(
      "seeds",
      "one seed at temperature 0, where every seed gives the same answer",
      `${seeds.length} (${seeds.join(", ")})`,
      "--temperature 0.7, or one seed",
    );
}

/** Checks the design before the first answer, so that no answers are made that could not be analysed. @throws FathomError */
export function requireGrid(
  prompts: readonly Prompt[],
  units: readonly Unit[],
  prefills: readonly Prefill[] = [],
): void {
  gridsOf(
    prompts,
    units.map(({ key, prompt, condition }) => ({ key, prompt_id: prompt.id, condition })),
    prefills,
  );
}

/** The choices of a plan that decide its results, besides those that the manifest has in another form. */
export function choicesOf(plan: AuditPlan): Manifest["inputs"]["plan"] {
  const choices = Object.entries(plan).filter(([key]) => !(key in elsewhere));
  return Object.fromEntries(choices) as Manifest["inputs"]["plan"];
}
