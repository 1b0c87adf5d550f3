/**
 * An SAE trained with a contrastive term, the same without it, and the same with the term and tiers dealt at random among
 * the training prompts: the same rows in the same order from the same start, so that what differs between them is the
 * term's, and what differs from the third is the tiers'. All of it again from other seeds, where those are given.
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

/** In the order in which they are trained. */
export const arms = ["with", "without", "random"] as const;
export type ArmName = (typeof arms)[number];

/** The term is trained on one and judged by the other. */
export interface Sides {
  trained: LabelledRows;
  heldOut: LabelledRows;
}

/** One seed of start, order and split. */
export interface SeedRows {
  seed: string;
  /** Those of `sides.trained` may be among them, never those of `sides.heldOut`. */
  rows: Rows;
  sides: Sides;
}

/** Which training of several. */
export interface TrainingName {
  seed: string;
  arm: ArmName;
}

/** Every training in order. @param randomTiers whether there is one with tiers dealt at random */
export function trainingsOf(seeds: readonly Pick<SeedRows, "seed">[], randomTiers: boolean): TrainingName[] {
  const used = arms.filter((arm) => arm !== "random" || randomTiers);
  return seeds.flatMap(({ seed }) => used.map((arm) => ({ seed, arm })));
}

export interface Contrasted {
  seeds: readonly SeedRows[];
  site: Site;
  /** Its seed is not used: those of `seeds` are. */
  plan: TrainingPlan;
  contrast: ContrastPlan;
  randomTiers: boolean;
  /** What all begin with; weights by chance when null. */
  from: Sae | null;
}

/**
 * @param keeping of each training; nowhere when null
 * @returns the SAE trained with the term from the first seed
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
    // The others are dropped once they are measured: an SAE is large.
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
