/** What a training of an SAE is asked to do: every choice stated, none defaulted here (the command line does that). */
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
  /** The block whose output the SAE reads, from 0. */
  layer: number;
  /** The SAE to begin with, its format and k where no file says them; weights by chance when null. */
  from: { sae: string; format: string | null; k: number | null } | null;
  /** Lines of a text, or a prompt set; null trains on the prompts of the domain alone. */
  texts: { kind: "lines" | "prompts"; path: string } | null;
  /** Wrap a line or plain prompt as one user turn. */
  chat: boolean;
  training: TrainingChoices;
  /** Prompts with tiers that the features are to hold apart. */
  domain: DomainPlan | null;
  /** Steps that a kill may cost. */
  checkpointEvery: number;
}

export interface DomainPlan {
  /** A bundled set's name or a JSON Lines file. */
  set: string;
  contrast: Contrast;
  /** Beside the mean square of an error. */
  weight: number;
  tiers: readonly Tier[];
  pooling: Pooling;
  /** Seeds from the training's on, each with its own start, order and split. */
  seeds: number;
  /** Train with tiers dealt at random too, which the term is held against. */
  randomTiers: boolean;
}
