/** What is asked of a generation, and what comes of it. */
import type { Edit, EditMasks } from "./edits.ts";

export interface GenerateRequest {
  id: string;
  /** For messages; `id` when not given. */
  name?: string;
  /** Exactly what the model reads. */
  ids: readonly number[];
  maxNewTokens: number;
  /** 0 is greedy. */
  temperature: number;
  /** Of this row alone: a row's draws do not depend on its batch. */
  seed: number | string;
  /** One mask per edit of the call; all ones when not given. */
  editMasks?: EditMasks;
}

export interface GenerateOptions {
  /** Tokens that end an answer. */
  endTokens: readonly number[];
  /** Rows decoded together. */
  batchSize: number;
  /** Tokens whose summed probability before each step is recorded (refusal score). */
  watch: readonly number[];
  /** Keep resid_post of the response tokens at these layers. */
  captureLayers: readonly number[];
  edits: readonly Edit[];
  /**
   * The whole plan that these requests are a part of, when they are (a resumed run). The last bits of a row depend on
   * which of its tokens came from a shared prefix and on the cache's capacity, so both are settled by the plan.
   */
  plan?: { prompts: readonly (readonly number[])[]; capacity: number };
}

export interface Generation {
  id: string;
  /** New tokens, end token excluded. */
  ids: number[];
  finish: "stop" | "length" | "context";
  /** [ids.length] log p − log(1 − p) of the watched tokens before each token; empty when nothing is watched. */
  watchScores: number[];
  /** resid_post of the response tokens, one [ids.length, d] a layer, in the order of `captureLayers`. */
  activations: Float32Array<ArrayBuffer>[];
}

export type OnRow = (generation: Generation, index: number) => void;
export type OnTokens = (tokens: number, kind: "prompt" | "new") => void;
