/** The request and the result of a generation. */

import type { ThinkingOptions } from "./decoding/thought.ts";
import type { MaskedRow } from "./edits/batch-edits.ts";
import type { GivenEdits } from "./edits/held-edits.ts";

export interface GenerateRequest extends MaskedRow {
  /** Name of the row in messages; `id` when not given. */
  name?: string;
  /** The exact tokens that the model reads. */
  ids: readonly number[];
  /** Tokens of the answer; with `thinking` those behind the thought. */
  maxNewTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** Seed of this row alone, so that a row's draws do not depend on its batch. */
  seed: number | string;
  /**
   * Tokens with which the answer may begin. They are read together, and kept as far as the model writes them itself. This decides speed,
   * and last bits. Used for greedy rows alone, where no activation is kept and no thought is told apart.
   */
  draft?: readonly number[];
  /** Keep the log probability of each new token, and of this many most probable tokens beside it. Not kept when not given. */
  topLogProbabilities?: number;
}

export interface GenerateOptions {
  /** Tokens that end an answer. */
  endTokens: readonly number[];
  /** How many rows are decoded together. */
  batchSize: number;
  /** Tokens whose summed probability is recorded before each step (refusal score). */
  watch: readonly number[];
  /** Keep resid_post of the response tokens at these layers. */
  captureLayers: readonly number[];
  edits: GivenEdits;
  /**
   * Tells the thought of a reasoning model from its answer. Without it every token is one of the answer.
   */
  thinking?: ThinkingOptions;
  /**
   * The plan of the whole run, when these requests are only a part of it (a resumed run). The last bits of a row depend
   * on the shared prefix that it was read with and on the cache's capacity, so the plan determines both.
   */
  plan?: { prompts: readonly (readonly number[])[]; capacity: number };
}

/** What a model thought of a step's token: natural logarithms of probabilities at temperature 1. */
export interface StepLogProbabilities {
  chosen: number;
  /** The most probable tokens, the best first. */
  top: readonly { id: number; logProbability: number }[];
}

export interface Generation {
  id: string;
  /** New tokens, end token excluded: the thought's, then the answer's. */
  ids: number[];
  /**
   * ids[0] to ids[tokens - 1] are the thought and its marks; `closed` is false if the row ended in its thought. null without
   * a thought. The answer has n = ids.length − tokens tokens.
   */
  thought: { tokens: number; closed: boolean } | null;
  finish: "stop" | "length" | "context";
  /** [n] log p − log(1 − p) of the watched tokens before each token of the answer; empty when no tokens are watched. */
  watchScores: number[];
  /** One per new token; empty when the request does not ask for them. */
  logProbabilities: StepLogProbabilities[];
  /** resid_post of the answer's tokens, one [n, d] per layer, in the order of `captureLayers`. */
  activations: Float32Array<ArrayBuffer>[];
  /** By edit: the largest |x' − x| over the tokens that the model read. 0: the edit moved nothing in this row. */
  moved: number[];
}

/** A request that arrives while a generation runs, or the end of one that nobody waits for any more. */
export type Arrival = { kind: "enter"; request: GenerateRequest } | { kind: "leave"; id: string };

/** A token that a row got in a step. */
export interface NewToken {
  /** The request's id. */
  row: string;
  token: number;
  /** null when the request does not ask for them. */
  logProbabilities: StepLogProbabilities | null;
}

/** Lets requests enter and leave a running generation. The generation ends when no row is left and nothing has arrived. */
export interface Live {
  /** What has arrived since the last call; called before each step. A row that leaves gets no result. */
  arrived(): readonly Arrival[];
  onNew(tokens: readonly NewToken[]): void;
}

export type OnRow = (generation: Generation, index: number) => void;
export type OnTokens = (tokens: number, kind: "prompt" | "new") => void;
