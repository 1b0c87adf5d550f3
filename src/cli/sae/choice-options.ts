/** The options of `fathom sae train` that a preset can set. */
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
  /** false: leave out the training with random tiers. */
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
  /** These three have no option. Only a preset sets them. */
  warmup?: number;
  decay?: number;
  auxWeight?: number;
}
