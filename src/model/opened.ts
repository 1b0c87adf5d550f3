/** What every way of opening a checkpoint hands over. */

import type { Json } from "../core/hash.ts";
import type { ModelConfig } from "./config-types.ts";
import type { EncodingTokenizer } from "./tokenizer.ts";
import type { Weights } from "./weights.ts";

export interface Opened {
  config: ModelConfig;
  weights: Weights;
  tokenizer: EncodingTokenizer;
  /** Jinja source; null when the checkpoint has none. */
  templateSource: string | null;
  /** Special tokens by role, e.g. bos_token: what a template may write. */
  specialTokens: Readonly<Record<string, string>>;
  endTokens: readonly number[];
  /**
   * What whoever reads the results has to know of how the files were read, a whole sentence each: what they say twice and
   * which of the two was taken, what their maker's tools do otherwise. What cannot be answered for is refused, not noted.
   */
  notes: readonly string[];
  /** Files whose bytes are the model; hashed for its identity. */
  weightFiles: readonly string[];
  /** What else the model's and the tokenizer's identities depend on. */
  identity: { model: Json; tokenizer: Json };
}
