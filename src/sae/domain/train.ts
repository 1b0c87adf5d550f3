/**
 * Trains an SAE three times: with a contrastive term, without it, and with the term but tiers assigned at random among
 * the training prompts. Rows, their order and the start are the same. So a difference from the second comes from the
 * term, and a difference from the third comes from the tiers. If several seeds are given, all of it is repeated per
 * seed.
 */

import { random } from "../../core/random.ts";
import type { ContrastiveVerdict } from "../../core/records/contrastive-verdict.ts";
import type { SessionOptions } from "../../model/ort/session.ts";
import type { Rows } from "../code/rows.ts";
import type { Sae, Site } from "../code/sae.ts";
import { SaeSession } from "../code/sae-session.ts";
import type { TrainingProgress } from "../training/descent.ts";
import type { TrainingPlan } from "../training/state/training-plan.ts";
import type { Keeping } from "../training/state/training-state.ts";
import { type TrainedSae, trainSae } from "../training/training.ts";
import { dealTiers } from "./dealt-tiers.ts";
import type { LabelledRows } from "./labelled.ts";
import type { ContrastPlan } from "./plan.ts";
import { place } from "./separation.ts";
import { contrastiveTerm } from "./term.ts";
import { type Arm, contrastiveVerdict, type SeedArms } from "./verdict.ts";

/** The trainings of one seed, in the order in which they run. */
export const arms = ["with", "without", "random"] as const;
export type ArmName = (typeof arms)[number];

/** The term is trained on `trained` and measured on `heldOut`. */
export interface Sides {
  trained: LabelledRows;
  heldOut: LabelledRows;
}

/** One seed, which decides start, order and split. */
export interface SeedRows {
  seed: string;
  /** May contain the rows of `sides.trained`; must not contain those of `sides.heldOut`. */
  rows: Rows;
  sides: Sides;
}

/** Names one training of several. */
export interface TrainingName {
  seed: string;
  arm: ArmName;
}

/** Every training in order. @param randomTiers whether the training with tiers assigned at random is among them */
export function trainingsOf(seeds: readonly Pick<SeedRows, "seed">[], randomTiers: boolean): TrainingName[] {
  const used = arms.filter((arm) => arm !== "random" || randomTiers);
  return seeds.flatMap(({ seed }) => used.map((arm) => ({ seed, arm })));
}

export interface Contrasted {
  seeds: readonly SeedRows[];
  site: Site;
  /** Its seed is not used; the seeds of `seeds` are. */
  plan: TrainingPlan;
  contrast: ContrastPlan;
  randomTiers: boolean;
  /** The SAE that all trainings start from; null for random weights. */
  from: Sae | null;
}

/**
 * @param keeping where each training keeps its state; null to keep none
 * @returns the SAE that was trained with the term and the first seed
 * @throws as `trainSae`
 */
export async function trainContrasted(
  { seeds, site, plan, contrast, randomTiers, from }: Contrasted,
  onStep: (progress: TrainingProgress, training: TrainingName) => void,
  options: SessionOptions = {},
  keeping: ((training: TrainingName) => Keeping) | null = null,
): Promise<{ trained: TrainedSae; verdict: ContrastiveVerdict }> {
  let first: TrainedSae | null = null;
  const run = async ({ seed, rows, sides }: SeedRows, arm: ArmName): Promise<Arm> => {
    const draw = random(seed);
    const { trained: labelled } = sides;
    const terms = {
      with: () => [contrastiveTerm(labelled, contrast, seed)],
      without: () => [],
      random: () => {
        const prompts = dealTiers(labelled.prompts, draw.split("domain deal"));
        return [contrastiveTerm({ ...labelled, prompts }, contrast, seed)];
      },
    }[arm]();
    const name = { seed, arm };
    const tell = (progress: TrainingProgress) => {
      onStep(progress, name);
    };
    const own = { ...plan, seed };
    const trained = await trainSae(rows, site, own, tell, options, keeping?.(name) ?? null, terms, from);
    // The others are dropped after they are measured, because an SAE is large.
    first ??= trained;
    return { placed: await placed(trained.sae, sides, options), quality: trained.quality };
  };
  const measured: SeedArms[] = [];
  for (const of of seeds)
    measured.push({
      seed: of.seed,
      with: await run(of, "with"),
      without: await run(of, "without"),
      random: randomTiers ? await run(of, "random") : null,
    });
  const verdict = contrastiveVerdict(measured, random(seeds[0]!.seed).split("domain verdict"));
  return { trained: first!, verdict };
}

async function placed(sae: Sae, { trained, heldOut }: Sides, options: SessionOptions) {
  const session = await SaeSession.open(sae, options);
  try {
    return await place(session, trained, heldOut);
  } finally {
    await session.close();
  }
}
