/**
 * What the anatomy needs of a model. The search over features knows nothing of tokens, tensors or text: it puts questions to a Subject
 * and gets numbers. A job answers them with a model (src/jobs/anatomy), a test with a written circuit.
 *
 * Every question is a batch. A subject answers the same question with the same numbers, so a job may keep its answers.
 */
import type { Coherence } from "../../core/records/coherence.ts";
import type { Outcome } from "../../core/records/verdict.ts";

/** An SAE feature that may be ablated. */
export interface Candidate {
  sae: string;
  /** The block that the SAE's site belongs to; -1 for the embedding. */
  layer: number;
  feature: number;
}

/** Candidates by index, ascending, without repeats. */
export type FeatureSet = readonly number[];

export interface SubjectPrompt {
  id: string;
  /** Prompts of one cluster are not independent (a matched pair, a paraphrase). */
  cluster: string;
  side: "harmful" | "harmless";
  split: "fit" | "validate" | "test";
}

/** One prompt under one intervention. */
export interface Ask {
  /** Index of the prompt. */
  prompt: number;
  /** These candidates are ablated at every token. Holding a silent candidate silent is the same operation. */
  off: FeatureSet;
  /** How far `off` is ablated: 0 is the clean run. 1 when not given. */
  strength?: number;
  /** These candidates are set to a value at every token of the prompt. None of them is in `off`. */
  on?: readonly { candidate: number; value: number }[];
  /** `on` holds at tokens of the answer too: the candidates are ablated to their values. */
  throughout?: true;
  /**
   * A control: each feature of `like` changes the stream by as much as if it were ablated, at the same site and tokens, but in a random
   * direction. `draw` names the direction.
   */
  random?: { like: FeatureSet; draw: number };
  /** Of `activity` on the clean run: only the tokens of the answer count, or those that all prompts begin with. */
  within?: "answer" | "start";
  /** "clean": the final norm divides by its scale of the clean run, so that a smaller residual is not scaled up. "own" when not given. */
  finalNorm?: "own" | "clean";
}

export interface Sensitivity {
  /** Refusal score at this ask. */
  score: number;
  /** [candidates]: d score / d (how far the candidate is ablated), at this ask. Negative where ablation lowers the refusal score. */
  gradient: Float32Array;
}

/** How an answer that was generated under an ask was judged. Its text is not kept. */
export interface Judgement {
  outcome: Outcome;
  coherence: Coherence["kind"];
}

export interface Subject {
  readonly candidates: readonly Candidate[];
  readonly prompts: readonly SubjectPrompt[];
  /** @returns [asks]: refusal scores, in log-odds. The higher, the surer the refusal. */
  scores(asks: readonly Ask[]): Promise<Float64Array>;
  sensitivities(asks: readonly Ask[]): Promise<Sensitivity[]>;
  /**
   * @returns one row per ask, [candidates]: the largest absolute activation of each candidate over the prompt's tokens, before the candidate's
   * own edit. With an empty `off`, the tokens of the clean answer count too. 0 means silent at every token.
   */
  activity(asks: readonly Ask[]): Promise<Float32Array[]>;
  /** Answers generated under each ask, judged. */
  judged(asks: readonly Ask[]): Promise<Judgement[]>;
}
