/** Makes everything that a run on a model behind an endpoint needs before the first request. It sends nothing and writes nothing. */

import { changedBy, isAskedUnder, type Variant, variantsIn } from "../../core/asked/variants.ts";
import { hashJson } from "../../core/hash.ts";
import type { Condition } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { addressOf } from "../../endpoint/address.ts";
import { expandConditions } from "../../prompts/conditions.ts";
import { requireSystems } from "../inputs/variants.ts";
import { messagesOf } from "./answers/ask-endpoint.ts";
import { type Unit, withoutUsersTurn } from "./answers/asker.ts";
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
  requireSystems(plan);
  // Its turns are the endpoint's own, and it begins its answers itself.
  const variants = variantsIn({ prefills: [], plan });
  const units = unitsOf(plan, url, prompts, variants);
  requireGrid(prompts, units, variants);
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

function unitsOf(
  plan: EndpointPlan,
  url: string,
  prompts: readonly Prompt[],
  variants: readonly Variant[],
): Unit[] {
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
  const unitOf = (prompt: Prompt, condition: Condition): Unit => {
    const messages = messagesOf({ prompt, condition });
    const asked = { endpoint: url, model: plan.model, messages: messages.map((one) => ({ ...one })) };
    const keyed = { prompt: prompt.id, condition: withoutUsersTurn(condition), caps: plan.caps };
    return { key: hashJson({ ...asked, ...keyed }), prompt, condition, prompt_ids: [] };
  };
  return [
    ...conditions.flatMap((condition) => prompts.map((prompt) => unitOf(prompt, condition))),
    ...variants.flatMap((variant) =>
      conditions.flatMap((condition) =>
        prompts
          .filter((prompt) => isAskedUnder(variant, prompt))
          .map((prompt) => unitOf(prompt, changedBy(variant, condition))),
      ),
    ),
  ];
}
