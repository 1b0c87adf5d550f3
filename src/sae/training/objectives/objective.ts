/**
 * The interface of a training objective. Objectives differ in which features are active, in the terms of the loss
 * besides the reconstruction, and in the nonlinearity of the finished SAE. Rows, their scale, the decoder's norm,
 * Adam and the schedule are common to all (`training.ts`, `descent.ts`).
 */
import type { DType, Graph, Value } from "../../../graph/build/graph.ts";
import type { Tensor } from "../../../model/ort/ort.ts";
import type { Places } from "../../code/places.ts";
import type { SaeParts } from "../../code/sae.ts";
import type { OwnName, Weights } from "../state/weights.ts";

export type Objective = (Choosing | Activating) & {
  /**
   * Tensors that it trains besides encoder and decoder, one number per feature. `pace`: its rate as a multiple of the
   * others'.
   */
  readonly own: Partial<Record<OwnName, { start: StartOf; pace: number }>>;
  readonly terms: readonly LossTerm[];
  /** The nonlinearity of the finished SAE. @param scale of the inputs that it was trained on */
  finish(
    state: { threshold: number; weights: Weights },
    scale: number,
  ): Pick<SaeParts, "kind" | "k" | "threshold">;
};

/**
 * @param pre pre-activations of some tokens with the initial weights, in any order
 * @returns the initial value for every feature
 */
export type StartOf = (pre: Float32Array) => number;

/** An objective that chooses a fixed number of places. Features there are ReLU of the pre-activation, all others 0. */
interface Choosing {
  /** @param pre [B, d_sae] */
  choose(pre: Value): Places;
  /** The choice for tokens that are not a batch, token by token; left out if `choose` already works that way. */
  chooseAlone?(pre: Value): Places;
}

/** An objective under which any number of features may be active. */
interface Activating {
  /** @param pre [N, d_sae] @param own tensors [d_sae] @returns features [N, d_sae], 0 if not active */
  activate(pre: Value, own: Partial<Record<OwnName, Value>>): Value;
}

/** A term of the loss besides the reconstruction's. If its weight is 0, it is left out of the graph and costs nothing. */
export interface LossTerm {
  /** Name in the training curve of its value before the weight. */
  readonly name: string;
  /** Builds its value []. It declares inputs of its own on the graph; `at` gives their values. */
  build(parts: LossParts): Value;
  at(now: StepState): { weight: number; feeds: Readonly<Record<string, Tensor>> };
}

/** The values from which a term is built. */
export interface LossParts {
  graph: Graph;
  dtype: DType;
  /** Pre-activations [B, d_sae]. */
  pre: Value;
  /** x − x̂ [B, d_in] */
  error: Value;
  /** [d_sae, d_in] */
  W_dec: Value;
  own: Partial<Record<OwnName, Value>>;
  /** Σ of the squares of [B, d_in] divided by B·V. If x̂ is always the mean, the share is 1. */
  share: (difference: Value) => Value;
  /** Features [N, d_sae] of other rows [N, d_in], which are scaled as the batch is. */
  encode: (rows: Value) => Value;
}

/** The values of a step on which a term may depend. */
export interface StepState {
  /** Number of steps done before this one. */
  step: number;
  /** The factor on the rows. */
  scale: number;
  /** d_in/V: turns a weight relative to the mean square of one number of x − x̂ into a weight relative to `unexplained`. */
  perSquare: number;
  /** [B] indices of the batch's rows among all rows that were given to `trainSae`. */
  rows: Int32Array;
  /** [d_sae] 1 for a feature that has not fired for `deadAfterTokens`. */
  dead: Float32Array<ArrayBuffer>;
  deadCount: number;
}
