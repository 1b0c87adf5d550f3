/** The plan of an SAE's training. It states every choice; the command line fills in the defaults. */
import type { Device } from "../../core/records/device.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { Tier } from "../../core/records/prompt.ts";
import type { Contrast, Pooling } from "../../sae/domain/plan.ts";
import type { TrainingChoices } from "./training-choices.ts";

export interface SaeTrainingPlan {
  /** A Hugging Face directory, a .gguf file, or a repository of the hub. */
  model: string;
  /** A LoRA adapter over it. */
  adapter: string | null;
  precision: Precision;
  device: Device;
  /** The blocks whose outputs the SAEs read, from 0: one SAE per block. The model reads the texts once for all of them. */
  layers: readonly number[];
  /** The SAE to start from, with its format and k if its files do not state them. null: random weights. */
  from: { sae: string; format: string | null; k: number | null } | null;
  /** Lines of a text, or a prompt set; null trains on the prompts of the domain alone. */
  texts: { kind: "lines" | "prompts"; path: string } | null;
  /** Wrap a line or plain prompt as one user turn. */
  chat: boolean;
  training: TrainingChoices;
  /** The prompts with tiers that the features must separate; null: no contrastive term. */
  domain: DomainPlan | null;
  /** Steps between two saved states: as many as a kill may lose. */
  checkpointEvery: number;
}

export interface DomainPlan {
  /** A bundled set's name or a JSON Lines file. */
  set: string;
  contrast: Contrast;
  /** Weight of the contrastive loss, relative to the mean squared error. */
  weight: number;
  tiers: readonly Tier[];
  pooling: Pooling;
  /** Number of seeds, counted from the training's. Each has its own first weights, order and split. */
  seeds: number;
  /** Also train with randomly assigned tiers, which is the term's control. */
  randomTiers: boolean;
}
