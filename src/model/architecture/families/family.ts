/** What a family's file says: which checkpoints are of it, how their config.json is read, and what a block computes. */
import type { ModelConfig } from "../settings/config-types.ts";
import type { Settings } from "../settings/settings.ts";
import type { Block, BlockOutputs } from "./pieces.ts";

export interface Family {
  /** Short and in lower case, e.g. "llama". */
  name: string;
  /** Transformers' classes of this family, each with its "model_type". */
  classes: Readonly<Record<string, string>>;
  /** Multimodal classes that hold such a model as their "text_config", each with its "model_type". */
  containers?: Readonly<Record<string, string>>;
  /**
   * Every setting that can change a forward pass is read, or held to the one value that Fathom computes; what nobody
   * asks for is refused by name afterwards.
   * @param container the settings around these, where these are those of a container's text part
   */
  read(settings: Settings, container: Settings | null): Omit<ModelConfig, "family" | "architecture">;
  /** One block's graph, from its declared inputs to its output. Called anew for each layer that differs. */
  block(block: Block): BlockOutputs;
}
