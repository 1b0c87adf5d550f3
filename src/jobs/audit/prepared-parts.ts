/** What a run needs before the first answer, whether a checkpoint or an endpoint gives the answers. */
import { basename } from "node:path";
import { gridsOf } from "../../audit/common/answers.ts";
import type { Variant } from "../../core/asked/variants.ts";
import { badInput } from "../../core/errors.ts";
import { hashText } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { loadPrompts, type PromptSet } from "../../prompts/load.ts";
import { environmentOf } from "../job/environment.ts";
import type { Unit } from "./answers/asker.ts";
import { requireDefined } from "./categories/plan-categories.ts";
import { elsewhere, type Manifest, promptsName, runFormat } from "./manifest.ts";
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
  variants: readonly Variant[] = [],
): void {
  gridsOf(
    prompts,
    units.map(({ key, prompt, condition }) => ({ key, prompt_id: prompt.id, condition })),
    variants,
  );
}

/** The choices of a plan that decide its results, besides those that the manifest has in another form. */
export function choicesOf(plan: AuditPlan): Manifest["inputs"]["plan"] {
  const choices = Object.entries(plan).filter(([key]) => !(key in elsewhere));
  return Object.fromEntries(choices) as Manifest["inputs"]["plan"];
}

interface OfTexts extends Pick<Manifest["inputs"], "endpoint" | "answers" | "reasoning"> {
  plan: AuditPlan;
  /** The plan's; null where nobody knows it. */
  temperature: number | null;
  set: Pick<PromptSet, "name" | "sha256" | "notes">;
  prompts: readonly Prompt[];
  units: readonly Unit[];
  notes: readonly string[];
}

/** The manifest of a run whose answers are only text: an endpoint's, or recorded ones. */
export function manifestOfTexts(of: OfTexts): Manifest {
  const { plan, temperature, set, prompts, units, endpoint, answers, reasoning, notes } = of;
  return {
    format: runFormat,
    inputs: {
      model: null,
      adapter: null,
      endpoint,
      answers,
      tokenizer: null,
      template: null,
      end_tokens: null,
      prompts: { name: basename(set.name), sha256: set.sha256, n: prompts.length, notes: set.notes },
      saes: [],
      plan: { ...choicesOf(plan), temperature },
      prefills: [],
      reasoning,
      fidelity_bound: null,
      rounding: null,
      int8_products: null,
      layers: [],
      refusal_tokens: [],
      observations: units.length,
    },
    files: { [promptsName]: hashText(jsonLines(prompts)) },
    fidelity: null,
    calibration: null,
    anatomy: null,
    kl_to: null,
    notes: [...notes],
    judges: [],
    replies: null,
    gate_overrides: [],
    rendered: [],
    environment: environmentOf(null),
  };
}
