/** What every way of opening a checkpoint hands over. */

import type { Json } from "../../../core/hash.ts";
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import type { OpenedText } from "../../text/text.ts";
import type { Weights } from "../../weights/weights.ts";
import type { Unfollowed } from "./generation-settings.ts";

export interface Opened {
  config: ModelConfig;
  weights: Weights;
  /** @throws FathomError where the checkpoint has no tokenizer, or none that can be read: exact ids need none */
  text: () => OpenedText;
  /** @param text null where there is none @throws FathomError for ids that the model has no row for */
  answering: (text: OpenedText | null) => OpenedAnswering;
  /**
   * What whoever reads the results has to know of how the files were read, a whole sentence each: what they say twice and
   * which of the two was taken, what their maker's tools do otherwise. What cannot be answered for is refused, not noted.
   */
  notes: readonly string[];
  /** Files whose bytes are the model; hashed for its identity. */
  weightFiles: readonly string[];
  /** What else the model's identity depends on. */
  identity: Json;
}

export interface OpenedAnswering {
  /** Ids that the files name as the end of an answer. */
  named: readonly number[];
  /** Ids that their maker's tools end at all the same. */
  known: readonly number[];
  /** What the files set and Fathom does not do. */
  unfollowed: Unfollowed;
}
