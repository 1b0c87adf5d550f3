/** Makes the plan of `fathom sae train` from its options. Options override a preset; a preset overrides the defaults. */
import { badInput } from "../../core/errors.ts";
import type { DomainPlan, SaeTrainingPlan } from "../../jobs/sae-training/sae-training-plan.ts";
import { domainDefaults, trainDefaults } from "../../library/defaults.ts";
import { type EngineOptions, engineChoice } from "../tokens/engine-choice.ts";
import type { ChoiceOptions, DomainOptions } from "./choice-options.ts";
import { type PresetName, withPreset } from "./presets.ts";

export interface TrainingOptions extends EngineOptions, DomainOptions, ChoiceOptions {
  model: string;
  adapter?: string;
  layer: number[];
  preset?: PresetName;
  from?: string;
  format?: string;
  text?: string;
  prompts?: string;
  chat?: true;
  checkpointEvery?: number;
}

/** @throws FathomError for options that do not go together */
export function trainingPlan(given: TrainingOptions): SaeTrainingPlan {
  const options = withPreset(given);
  const {
    model,
    adapter,
    layer: layers,
    from,
    format,
    objective,
    dSae,
    k,
    sparsity,
    targetL0,
    bandwidth,
  } = options;
  const { steps, seed, batchSize, rate, weightDecay, l1Weight, warmup, decay, auxWeight } = options;
  const { precision, device } = engineChoice(options);
  const domain = domainOf(options);
  return {
    model,
    adapter: adapter ?? null,
    precision,
    device,
    layers,
    // A preset's k is that of the training. Only --k can state the k that a file of --from leaves out.
    from: from === undefined ? null : { sae: from, format: format ?? null, k: given.k ?? null },
    texts: textsOf(options),
    chat: options.chat === true,
    training: {
      objective: objective ?? (from === undefined ? trainDefaults.objective : undefined),
      dSae,
      k,
      sparsity,
      targetL0,
      bandwidth,
      steps,
      seed,
      batchSize,
      rate,
      weightDecay,
      l1Weight,
      warmup,
      decay,
      auxWeight,
    },
    domain,
    checkpointEvery: options.checkpointEvery ?? trainDefaults.checkpointEvery,
  };
}

/** null: with --domain alone, its prompts are the only texts. */
function textsOf({ text, prompts, domain }: TrainingOptions): SaeTrainingPlan["texts"] {
  if (text !== undefined && prompts === undefined) return { kind: "lines", path: text };
  if (prompts !== undefined && text === undefined) return { kind: "prompts", path: prompts };
  if (domain !== undefined && text === undefined) return null;
  throw badInput("sae train", "one of --text and --prompts", text === undefined ? "neither" : "both");
}

function domainOf(options: DomainOptions): DomainPlan | null {
  const { domain, contrastive, contrastiveWeight, tiers, pool, domainSeeds, randomTiers } = options;
  if (domain !== undefined)
    return {
      set: domain,
      contrast: contrastive ?? domainDefaults.contrastive,
      weight: contrastiveWeight ?? domainDefaults.contrastiveWeight,
      tiers: tiers ?? domainDefaults.tiers,
      pooling: pool ?? domainDefaults.pool,
      seeds: domainSeeds ?? domainDefaults.seeds,
      randomTiers: randomTiers ?? domainDefaults.randomTiers,
    };
  const given = Object.entries({
    "--contrastive": contrastive,
    "--contrastive-weight": contrastiveWeight,
    "--tiers": tiers,
    "--pool": pool,
    "--domain-seeds": domainSeeds,
    "--no-random-tiers": randomTiers === false ? false : undefined,
  }).find(([, value]) => value !== undefined);
  if (given !== undefined) throw badInput(given[0], "--domain beside it", "none");
  return null;
}
