/** A family's file says which checkpoints belong to it, how their config.json is read, and what a block computes. */
import type { ModelConfig } from "../settings/config-types.ts";
import type { Settings } from "../settings/settings.ts";
import type { Block, BlockOutputs } from "./pieces.ts";

export interface Family {
  /** Short and in lower case, e.g. "llama". */
  name: string;
  /** Transformers' classes of this family → their "model_type". */
  classes: Readonly<Record<string, string>>;
  /** Multimodal classes whose "text_config" is a model of this family → their "model_type". */
  containers?: Readonly<Record<string, string>>;
  /**
   * Reads every setting that can change a forward pass, or requires the one value that Fathom computes. Settings that
   * `read` does not touch are refused by name afterwards.
   * @param container the settings of the container when `settings` are those of its text part; null otherwise
   */
  read(settings: Settings, container: Settings | null): Omit<ModelConfig, "family" | "architecture">;
  /** The graph of one block, from its declared inputs to its output. Called once per distinct layer. */
  block(block: Block): BlockOutputs;
}
