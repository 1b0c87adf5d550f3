/** Makes everything that a run on a model behind an endpoint needs before the first request. It sends nothing and writes nothing. */
import { hashJson } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { addressOf } from "../../endpoint/address.ts";
import { expandConditions } from "../../prompts/conditions.ts";
import { messagesOf } from "./answers/ask-endpoint.ts";
import type { Unit } from "./answers/asker.ts";
import type { AskingPlan } from "./plan.ts";
import type { Prepared } from "./prepare.ts";
import { manifestOfTexts, promptsOf, requireGrid } from "./prepared-parts.ts";

/** A plan that names an endpoint. */
export type EndpointPlan = AskingPlan & { endpoint: string };

export const isEndpointPlan = (plan: AskingPlan): plan is EndpointPlan => plan.endpoint !== null;

/** @throws FathomError for an address that cannot be used, and for prompts that cannot be read */
export async function prepareEndpoint(plan: EndpointPlan): Promise<Prepared> {
  const { url } = addressOf(plan.endpoint, plan.insecure_http);
  const { set, prompts } = await promptsOf(plan);
  const units = unitsOf(plan, url, prompts);
  requireGrid(prompts, units);
  return {
    plan,
    prompts,
    units,
    layers: [],
    watch: [],
    thinking: null,
    manifest: manifestOfTexts({
      temperature: plan.temperature,
      ...{ plan, set, prompts, units, answers: null, notes: [] },
      endpoint: { url, model: plan.model },
      // Which marks a thought has is not known before the first reply.
      reasoning: { marks: [], cap: plan.reasoning_cap },
    }),
  };
}

function unitsOf(plan: EndpointPlan, url: string, prompts: readonly Prompt[]): Unit[] {
  const conditions = expandConditions(
    {
      templates: plan.templates,
      systems: [plan.system],
      prefills: [null],
      temperatures: [plan.temperature],
      seeds: plan.seeds,
      precision: null,
      templateVars: plan.template_vars,
    },
    "plan",
  );
  return conditions.flatMap((condition) =>
    prompts.map((prompt): Unit => {
      const messages = messagesOf({ prompt, condition });
      const asked = { endpoint: url, model: plan.model, messages: messages.map((one) => ({ ...one })) };
      const key = hashJson({ ...asked, prompt: prompt.id, condition, caps: plan.caps });
      return { key, prompt, condition, prompt_ids: [] };
    }),
  );
}
