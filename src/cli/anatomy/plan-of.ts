/** The options of `fathom anatomy`, and the plan that they make. An option that is not given has its default. */
import { badInput } from "../../core/errors.ts";
import type { Device } from "../../core/records/device.ts";
import type { TemplateVars } from "../../core/records/observation.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { AnatomyPart } from "../../jobs/anatomy/plan/parts.ts";
import type { AnatomyPlan } from "../../jobs/anatomy/plan/plan.ts";
import { anatomyDefaults } from "../../library/defaults.ts";
import { withoutUndefined } from "../../library/stated-plan.ts";

export interface AnatomyOptions {
  model: string;
  adapter?: string;
  precision?: Precision;
  device?: Device;
  /** false: keep no rounded weights. */
  cache: boolean;
  sae?: string[];
  k?: number;
  harmful: string;
  harmless: string;
  only?: AnatomyPart | "interactions";
  exhaustive?: true;
  layers?: number[];
  positions?: number[];
  scoreTokens?: number[];
  leastInduce?: number | null;
  mostKl?: number | null;
  depth?: number | null;
  answerTokens?: number;
  candidates?: number;
  searchPrompts?: number;
  integratedSteps?: number;
  greedyFilter?: number;
  sets?: number;
  stability?: number;
  perPrompt?: number;
  controls?: number;
  judgedControls?: number;
  controlPrompts?: number;
  system?: string;
  templateVar?: TemplateVars;
  date?: string;
  batchSize?: number;
  seed?: number;
  threads?: number;
  out?: string;
  resume?: true;
  dryRun?: true;
  json?: true;
  quiet?: true;
}

/** @throws FathomError for options that do not go together */
export function anatomyPlan(options: AnatomyOptions): AnatomyPlan {
  const { model, harmful, harmless, only, sae = [], k } = options;
  if (only === "interactions")
    throw badInput("--only", "direction, minimal or backups", "interactions, which does not exist yet");
  if (sae.length === 0 && only !== undefined && only !== "direction")
    throw badInput(
      "--only",
      "an SAE, whose features are searched",
      `${only} without --sae`,
      "--sae, or --only direction",
    );
  if (k !== undefined && sae.length !== 1)
    throw badInput("--k", "one SAE, whose k it is", String(sae.length));
  const { direction, sizes, ...rest } = anatomyDefaults;
  return {
    ...rest,
    ...withoutUndefined({
      adapter: options.adapter,
      precision: options.precision,
      device: options.device,
      system: options.system,
      template_vars: options.templateVar,
      date: options.date,
      layers: options.layers,
      positions: options.positions,
      score_tokens: options.scoreTokens,
      integrated_steps: options.integratedSteps,
      greedy_filter: options.greedyFilter,
      batch_size: options.batchSize,
      seed: options.seed,
    }),
    model,
    harmful,
    harmless,
    only: sae.length === 0 ? "direction" : (only ?? rest.only),
    saes: sae.map((path) => ({ path, k: k ?? null })),
    direction: {
      ...direction,
      ...withoutUndefined({
        least_induce: options.leastInduce,
        most_kl: options.mostKl,
        depth: options.depth,
        exhaustive: options.exhaustive,
      }),
    },
    sizes: {
      ...sizes,
      ...withoutUndefined({
        answer_tokens: options.answerTokens,
        candidates: options.candidates,
        search_prompts: options.searchPrompts,
        sets: options.sets,
        stability: options.stability,
        per_prompt: options.perPrompt,
        controls: options.controls,
        judged_controls: options.judgedControls,
        control_prompts: options.controlPrompts,
      }),
    },
  };
}
