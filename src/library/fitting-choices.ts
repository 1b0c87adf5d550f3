/**
 * Which choices of an audit fit together: some ask for the inside of a checkpoint, which no endpoint gives, and some are about an
 * endpoint alone. Neither is ignored silently.
 */
import { badInput } from "../core/errors.ts";
import type { PlanFile } from "../jobs/audit/plan.ts";
import { auditDefaults } from "./defaults.ts";

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
  layer: "no activations of any layer",
  date: "no choice of the day that its template reads",
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

/**
 * A choice that says the default asks for nothing: a printed plan states every choice.
 * @param said names a choice in a message
 * @throws FathomError for a choice that only makes sense with the other kind of model
 */
export function requireFitting(asked: PlanFile, isEndpoint: boolean, said: (key: string) => string): void {
  const chosen = (key: keyof PlanFile & keyof typeof auditDefaults): boolean =>
    asked[key] !== undefined && JSON.stringify(asked[key]) !== JSON.stringify(auditDefaults[key]);
  if (!isEndpoint) {
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
