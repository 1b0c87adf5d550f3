/**
 * Makes the plan of an audit, in which every choice is stated. Options override the plan file; the file overrides the defaults.
 */
import { badInput } from "../../core/errors.ts";
import { type AuditPlan, type NamedSae, pathOfSae, readPlanFile } from "../../jobs/audit/plan.ts";
import { judgeDefaults } from "../../library/defaults.ts";
import { statedPlan, withoutUndefined } from "../../library/stated-plan.ts";
import { fieldMapIn } from "../../prompts/columns/field-map.ts";
import { judgesOf, withDeniedPremise } from "../judge/judges-of.ts";
import type { AuditOptions } from "./options.ts";

export interface Asked {
  plan: AuditPlan;
  /** The run's directory; null if neither the options nor the file name one. */
  out: string | null;
}

/** @throws FathomError for a wrong plan file, and if neither the options nor the file name the model or the prompts */
export function planOf(planFile: string | undefined, options: AuditOptions): Asked {
  const { out: fileOut, ...file } =
    planFile === undefined
      ? {}
      : readPlanFile(planFile, options.endpoint !== undefined || options.answers !== undefined);
  const given = withoutUndefined({
    model: options.model,
    answers: options.answers,
    endpoint: options.endpoint,
    insecure_http: options.insecureHttp,
    concurrency: options.concurrency,
    requests_per_minute: options.requestsPerMinute,
    tokens_per_minute: options.tokensPerMinute,
    budget_requests: options.budgetRequests,
    budget_tokens: options.budgetTokens,
    adapter: options.adapter,
    precision: options.precision,
    device: options.device,
    fidelity: options.fidelity,
    fidelity_bound: options.fidelityBound,
    prompts: options.prompts,
    map: options.map === undefined ? undefined : fieldMapIn(options.map, "--map"),
    sae: options.sae,
    pooling: options.pooling,
    allow_failed: options.allowFailed,
    categories: options.categories,
    projection: options.projection,
    calibration: options.calibration,
    anatomy: options.anatomy,
    kl_to: options.klTo,
    kl_to_adapter: options.klToAdapter,
    templates: options.templates,
    caps: options.caps,
    reasoning_cap: options.reasoningCap,
    prefill_tokens: options.prefillTokens,
    prefill_comply: options.prefillComply,
    prefill_refuse: options.prefillRefuse,
    seeds: options.seeds,
    temperature: options.temperature,
    system: options.system,
    also_systems: options.alsoSystem,
    also_turns: options.alsoTurns,
    template_vars: options.templateVar,
    date: options.date,
    framings: options.framings,
    limit: options.limit,
    layer: options.layer,
    batch_size: options.batchSize,
    judges: options.judges === undefined ? undefined : judgesOf(options.judges),
    seed: options.seed,
    show_text: options.showText,
  });
  const asked = { ...file, ...given };
  if (options.k !== undefined) asked.sae = [withK(asked.sae ?? [], options.k)];
  if (options.deniedPremise !== undefined)
    asked.judges = withDeniedPremise(asked.judges ?? judgeDefaults.judges, options.deniedPremise);
  const plan = statedPlan(asked, {
    said: (key) => `--${key.replaceAll("_", "-")}`,
    elsewhere: "here or in a plan file",
    hint: "fathom audit --help",
  });
  return { plan, out: options.out ?? fileOut ?? null };
}

/** Applies --k, which needs exactly one SAE. For several SAEs, the plan states each k. */
function withK(saes: readonly NamedSae[], k: number): NamedSae {
  const [one, second] = saes;
  if (one === undefined || second !== undefined)
    throw badInput(
      "--k",
      "one SAE, whose k it is",
      `${saes.length}`,
      "sae: [{path: …, k: …}] in a plan file",
    );
  return { path: pathOfSae(one), k };
}
