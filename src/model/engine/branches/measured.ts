/** The request and the result of a measurement. */
import type { Site } from "../../architecture/slots/sites.ts";
import type { MaskedRow } from "../edits/batch-edits.ts";
import type { GivenEdits } from "../edits/held-edits.ts";

type Floats = Float32Array<ArrayBuffer>;

export interface MeasureRequest extends MaskedRow {
  /** The exact tokens that the model reads. */
  ids: readonly number[];
  /** The tokens, from 0, whose next-token distribution is measured. */
  positions: readonly number[];
  /** [positions] Scales that divide the residual in the final norm, in place of the row's own (`Measured.finalScales`). */
  finalScales?: Float32Array;
}

export interface MeasureOptions {
  edits: GivenEdits;
  /** Tokens whose log probabilities are wanted. */
  watch: readonly number[];
  /**
   * The common first tokens of all prompts of a job. They are read once for all rows that begin with them and whose masks on
   * them are equal. The last bits of a row depend on this, so state the same in every call.
   */
  start?: readonly number[];
  want?: {
    /** All log probabilities. */
    logProbabilities?: boolean;
    /** The activations of every edit. */
    activations?: boolean;
    /** Sites whose values are wanted. */
    residuals?: readonly Site[];
  };
}

/** The result of a request. Log probabilities are natural. */
export interface Measured {
  /** Index of the request. */
  index: number;
  /** Log probabilities of the watched tokens, [positions, watch]. */
  watched: Floats;
  /** [positions, vocab]; null when not asked for. */
  logProbabilities: Floats | null;
  /** By edit: the activations of its features before the edit, [tokens, n]; null when not asked for. */
  activations: Floats[] | null;
  /** By wanted site: its values with their edits, [tokens, d]. */
  residuals: Floats[];
  /** [positions] The scale √(mean x² + ε) of the residual x at the final norm. */
  finalScales: Floats;
  /** By edit: the largest |x' − x| over the row's tokens. 0: the edit moved nothing in this row. */
  moved: number[];
}

/** What a measurement cost. */
export interface Ledger {
  /**
   * Pairs of a row and a block. A shared row counts once; a shared start is a row of its own. What was kept of earlier calls counts
   * too, so that the number does not depend on them.
   */
  blockEvaluations: number;
  /** Those of them that this call computed. */
  computed: number;
  /** Pairs of a token and a block, counted like `blockEvaluations`. */
  tokenBlocks: number;
}
