/**
 * Work units: one prompt under one condition, with the exact tokens that the model reads. The key is a hash of all its inputs.
 */

import { changedBy, isAskedUnder } from "../../core/asked/variants.ts";
import { badInput, orThrow } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import { otherTurns } from "../../core/records/fields/turns.ts";
import type { Condition } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import { requireEmbedded } from "../../model/checkpoint/embedded.ts";
import type { ThinkingOptions } from "../../model/engine/decoding/thought.ts";
import { expandConditions } from "../../prompts/conditions.ts";
import { encodePrompt } from "../inputs/encode-prompt.ts";
import type { AskedVariant } from "../inputs/variants.ts";
import { type Unit, withoutUsersTurn } from "./answers/asker.ts";
import { exampleOf, type Rendered, rendered } from "./answers/rendered.ts";
import type { AuditPlan } from "./plan.ts";

/** The prompts of a set that a plan asks, in the set's order. @throws FathomError for a framing that the set does not have */
export function choosePrompts(prompts: readonly Prompt[], plan: AuditPlan, where: string): Prompt[] {
  const { framings, limit } = plan;
  const known = new Set(prompts.map((prompt) => prompt.framing));
  for (const framing of framings ?? []) {
    if (!known.has(framing))
      throw badInput("framings", `framings of ${where}: ${[...known].join(", ")}`, framing);
  }
  return prompts
    .filter((prompt) => framings === null || framings.includes(prompt.framing))
    .slice(0, limit ?? prompts.length);
}

/**
 * The plain conditions of a plan in their fixed order.
 * @throws FathomError if no template can take the system prompt or reads a variable
 */
export function conditionsOf(plan: AuditPlan): Condition[] {
  if (plan.system !== null && !plan.templates.includes("chat"))
    throw badInput(
      "system prompt",
      "the chat template among the templates, since bare text has no place for one",
      `templates ${plan.templates.join(", ")}`,
      "--templates chat, or chat,none; or no --system",
    );
  if (Object.keys(plan.template_vars).length > 0 && !plan.templates.includes("chat"))
    throw badInput(
      "template variables",
      "the chat template among the templates, since bare text reads none",
      `templates ${plan.templates.join(", ")}`,
      "--templates chat, or chat,none; or no --template-var",
    );
  return expandConditions(
    {
      templates: plan.templates,
      systems:
        plan.system === null ? [null] : [plan.system, ...(plan.templates.includes("none") ? [null] : [])],
      prefills: [null],
      temperatures: [plan.temperature],
      seeds: plan.seeds,
      precision: plan.precision,
      templateVars: plan.template_vars,
    },
    "plan",
    // With a system prompt, the chat template is used only together with it. Bare text has no place for a system prompt.
  ).filter((condition) => condition.template === "none" || condition.system === plan.system);
}

/**
 * All units of a plan: conditions in their fixed order, and within each condition the prompts in the set's order. Behind them, the
 * conditions of the chat template again under each variant, for the prompts that it is for.
 * @param layers blocks whose activations are kept, in rising order
 * @param thinking null for a checkpoint that cannot think
 * @throws FathomError if the checkpoint lacks a template that the plan asks for, and for a prompt that leaves no room for an answer or
 *   holds a token without an embedding
 */
export function expandUnits(
  plan: AuditPlan,
  prompts: readonly Prompt[],
  checkpoint: Checkpoint,
  layers: readonly number[],
  watch: readonly number[],
  thinking: ThinkingOptions | null,
  variants: readonly AskedVariant[],
): Unit[] {
  const conditions = conditionsOf(plan);
  const cap = Math.max(...plan.caps);
  // A single layer is hashed as older versions did, which had only one. So their runs can be resumed.
  const layer = layers.length === 1 ? layers[0]! : [...layers];
  const { config } = checkpoint;
  const identity = {
    ...checkpoint.identity,
    ...textOf(checkpoint).identity,
    ...endsIn(checkpoint),
    ...(thinking === null ? {} : { thinking: { ids: thinking.ids, cap: thinking.cap } }),
  };
  const unitOf = (prompt: Prompt, condition: Condition, opening: readonly number[]): Unit => {
    const prompt_ids = [...encodePrompt(prompt, condition, checkpoint, plan.date), ...opening];
    if (prompt_ids.length >= config.contextLength) {
      throw badInput(
        `prompt ${prompt.id}`,
        `fewer than ${config.contextLength} tokens, the model's context`,
        `${prompt_ids.length} with template "${condition.template}"`,
        "shorten the prompt or leave it out",
      );
    }
    requireEmbedded(`prompt ${prompt.id} with template "${condition.template}"`, prompt_ids, checkpoint);
    const keyed = {
      prompt: prompt.id,
      prompt_ids,
      condition: keyedCondition(condition),
      cap,
      layer,
      watch,
    };
    const key = hashJson({ ...identity, ...keyed });
    return { key, prompt, condition, prompt_ids };
  };
  const chat = conditions.filter(({ template }) => template === "chat");
  return [
    ...conditions.flatMap((condition) => prompts.map((prompt) => unitOf(prompt, condition, []))),
    ...variants.flatMap(({ variant, ids }) =>
      chat.flatMap((condition) =>
        prompts
          .filter((prompt) => isAskedUnder(variant, prompt))
          .map((prompt) => unitOf(prompt, changedBy(variant, condition), ids)),
      ),
    ),
  ];
}

/** A condition without variables and in the user's turn is hashed as older versions did, which had no others. So their runs can be resumed. */
function keyedCondition({ template_vars, ...rest }: Condition) {
  const keyed = withoutUsersTurn(rest);
  return Object.keys(template_vars).length === 0 ? keyed : { ...keyed, template_vars };
}

/** Empty if the end tokens are those that the files name, as in older versions. So their runs can be resumed. */
function endsIn({ answering }: Checkpoint): { ends?: number[] } {
  const { ids, foundMore } = orThrow(answering);
  return foundMore ? { ends: [...ids] } : {};
}

/** One prompt as the model reads it under each template of the plan, and in each other turn. */
export function renderedOf(
  plan: AuditPlan,
  prompts: readonly Prompt[],
  units: readonly Unit[],
  checkpoint: Checkpoint,
): Rendered[] {
  const prompt = exampleOf(prompts);
  if (prompt === undefined) return [];
  const { tokenizer } = textOf(checkpoint);
  const ways = [
    ...plan.templates.map((template) => ({ template, turn: "user" as const })),
    ...otherTurns.map((turn) => ({ template: "chat" as const, turn })),
  ];
  return ways.flatMap(({ template, turn }) => {
    const condition = units.find(
      (one) =>
        one.prompt.id === prompt.id && one.condition.template === template && one.condition.turn === turn,
    )?.condition;
    if (condition === undefined) return [];
    const render = (system: string | null) =>
      tokenizer.decode(encodePrompt(prompt, { ...condition, system }, checkpoint, plan.date), {
        skipSpecial: false,
      });
    return [rendered({ template, turn }, prompt, condition.system, render)];
  });
}
