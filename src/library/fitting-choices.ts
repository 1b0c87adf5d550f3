/**
 * Which choices of an audit fit together: some ask for the inside of a checkpoint, which neither an endpoint nor a file of recorded
 * answers gives, some are about an endpoint alone, and some are about asking. None is ignored silently.
 */
import { badInput } from "../core/errors.ts";
import type { PlanFile } from "../jobs/audit/plan.ts";
import type { AuditDefaults } from "./defaults.ts";

/** What an endpoint cannot give, by the choices that ask for it. */
const onlyInside = {
  adapter: "no adapter of ours",
  precision: "no choice of its precision",
  device: "no choice of its device",
  fidelity: "no choice of its precision",
  fidelity_bound: "no choice of its precision",
  sae: "no activations, which an SAE reads",
  allow_failed: "no activations, which an SAE reads",
  pooling: "no activations, which are pooled",
  categories: "no activations, which categories are made of",
  projection: "no activations, which the projection is learned from",
  anatomy: "no weights, whose anatomy it could be",
  kl_to: "no distributions of whole vocabularies",
  kl_to_adapter: "no distributions of whole vocabularies",
  layer: "no activations of any layer",
  date: "no choice of the day that its template reads",
  prefill_tokens: "no way to begin its answers",
  prefill_comply: "no way to begin its answers",
  prefill_refuse: "no way to begin its answers",
  also_turns: "no choice of its turns: its server renders the template",
  batch_size: "no choice of its batches; --concurrency is how many requests are under way",
} as const;

const onlyEndpoint = [
  "insecure_http",
  "concurrency",
  "requests_per_minute",
  "tokens_per_minute",
  "budget_requests",
  "budget_tokens",
] as const;

/** Choices of how a model is asked. Recorded answers were asked for by another tool. */
const onlyAsking = [
  ...(["reasoning_cap", "seeds", "temperature", "system", "also_systems", "template_vars"] as const),
];

type Choice = keyof PlanFile & keyof AuditDefaults;

/**
 * A choice that says the default asks for nothing: a printed plan states every choice.
 * @param defaults of an audit from this source of answers
 * @param said names a choice in a message
 * @throws FathomError for a choice that only makes sense with another source of answers
 */
export function requireFitting(
  asked: PlanFile,
  defaults: AuditDefaults,
  said: (key: string) => string,
): void {
  const chosen = (key: Choice): boolean =>
    asked[key] !== undefined && JSON.stringify(asked[key]) !== JSON.stringify(defaults[key]);
  if (asked.answers != null) {
    requireRecorded(asked, chosen, said);
    return;
  }
  if (asked.endpoint == null) {
    for (const key of onlyEndpoint)
      if (chosen(key)) throw badInput(said(key), `${said("endpoint")} beside it`, "none");
    return;
  }
  const local = "the checkpoint itself as --model, without --endpoint";
  for (const [key, lacks] of Object.entries(onlyInside) as [keyof typeof onlyInside, string][])
    if (chosen(key))
      throw badInput(said(key), "a checkpoint on this machine", `an endpoint, which gives ${lacks}`, local);
  if (asked.templates?.includes("none") === true)
    throw badInput(
      said("templates"),
      "chat alone",
      "none: an endpoint puts every prompt through its own chat template",
      local,
    );
}

function requireRecorded(
  { templates, caps, prompts }: PlanFile,
  chosen: (key: Choice) => boolean,
  said: (key: string) => string,
): void {
  const inside = Object.keys(onlyInside) as (keyof typeof onlyInside)[];
  for (const key of ["endpoint" as const, ...onlyEndpoint, ...inside, ...onlyAsking])
    if (chosen(key))
      throw badInput(
        said(key),
        "a model that is asked",
        `recorded answers (${said("answers")}), which are text alone`,
        `leave out one of ${said(key)} and ${said("answers")}`,
      );
  if (prompts == null && chosen("map"))
    throw badInput(said("map"), `${said("prompts")} beside it, whose columns it maps`, "none");
  if (templates !== undefined && templates.length > 1)
    throw badInput(
      said("templates"),
      "chat or none: how the recorded prompts were asked",
      templates.join(", "),
    );
  if (caps !== undefined && caps.length > 1)
    throw badInput(
      said("caps"),
      "one: recorded answers have no tokens to cut at, so they are judged whole",
      caps.join(", "),
      "the most tokens that an answer could have, or leave it out",
    );
}
