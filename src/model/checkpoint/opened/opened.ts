/** The result of opening a checkpoint, for every file format. */

import type { Json } from "../../../core/hash.ts";
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import type { OpenedText } from "../../text/text.ts";
import type { Weights } from "../../weights/weights.ts";
import type { Unfollowed } from "./generation-settings.ts";

export interface Opened {
  config: ModelConfig;
  weights: Weights;
  /** Reads the tokenizer, which prompts given as ids do not need. @throws FathomError when it is missing or unreadable */
  text: () => OpenedText;
  /** @param text null when there is none @throws FathomError for ids for which the model has no row */
  answering: (text: OpenedText | null) => OpenedAnswering;
  /**
   * Whole sentences for readers of the results about how the files were read: things that the files say twice and which
   * of the two Fathom took, and differences from the tools of their maker. Files that Fathom cannot read with certainty
   * are refused, not noted.
   */
  notes: readonly string[];
  /** The files of the weights. Their hashes are part of the model's identity. */
  weightFiles: readonly string[];
  /** The rest of the model's identity. */
  identity: Json;
}

export interface OpenedAnswering {
  /** Ids that the files name as the end of an answer. */
  named: readonly number[];
  /** More ids at which the tools of the files' maker end an answer. */
  known: readonly number[];
  /** Settings of the files that Fathom does not apply. */
  unfollowed: Unfollowed;
}
