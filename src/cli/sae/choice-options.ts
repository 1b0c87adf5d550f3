/** The options of `fathom sae train` that a preset can stand in for. */
import type { Tier } from "../../core/records/prompt.ts";
import type { Contrast, Pooling } from "../../sae/domain/plan.ts";
import type { ObjectiveName } from "../../sae/training/state/training-plan.ts";

export interface DomainOptions {
  domain?: string;
  contrastive?: Contrast;
  contrastiveWeight?: number;
  tiers?: Tier[];
  pool?: Pooling;
  domainSeeds?: number;
  /** False where the training with random tiers is to be left out. */
  randomTiers?: boolean;
}

export interface ChoiceOptions {
  objective?: ObjectiveName;
  dSae?: number;
  k?: number;
  sparsity?: number;
  targetL0?: number;
  bandwidth?: number;
  steps?: number;
  seed: number;
  batchSize?: number;
  rate?: number;
  weightDecay?: number;
  l1Weight?: number;
  /** A preset's, of which there are no options. */
  warmup?: number;
  decay?: number;
  auxWeight?: number;
}
