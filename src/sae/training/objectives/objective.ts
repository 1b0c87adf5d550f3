/**
 * What sets one way of training an SAE apart from another: which features are active, what the loss holds beside the
 * reconstruction, and what the SAE computes with afterwards. Rows, their scale, the decoder's norm, Adam and the schedule
 * are common to all (`train.ts`, `descent.ts`).
 */
import type { DType, Graph, Value } from "../../../graph/build/graph.ts";
import type { Tensor } from "../../../model/ort/ort.ts";
import type { Places } from "../../code/places.ts";
import type { SaeParts } from "../../code/sae.ts";
import type { OwnName, Weights } from "../state/weights.ts";

export type Objective = (Choosing | Activating) & {
  /** What it trains beside encoder and decoder, one number a feature, with its rate as a multiple of the others'. */
  readonly own: Partial<Record<OwnName, { start: StartOf; pace: number }>>;
  readonly terms: readonly LossTerm[];
  /** The nonlinearity of the finished SAE. @param scale of the inputs that it was trained on */
  finish(
    state: { threshold: number; weights: Weights },
    scale: number,
  ): Pick<SaeParts, "kind" | "k" | "threshold">;
};

/** @param pre pre-activations of some tokens as the weights begin, in any order @returns each feature's number at the start */
export type StartOf = (pre: Float32Array) => number;

/** Only features at so many places count; they are what ReLU makes of them. */
interface Choosing {
  /** @param pre [B, d_sae] */
  choose(pre: Value): Places;
  /** Of tokens that are no batch, each for itself; left out where `choose` does just that. */
  chooseAlone?(pre: Value): Places;
}

/** Any number of features may count. */
interface Activating {
  /** @param pre [N, d_sae] @param own [d_sae] each @returns features [N, d_sae], 0 where not active */
  activate(pre: Value, own: Partial<Record<OwnName, Value>>): Value;
}

/** A term of the loss beside the reconstruction's. It is left out of the graph, and costs nothing, where it weighs 0. */
export interface LossTerm {
  /** Its value, before the weight, has this name in the curve. */
  readonly name: string;
  /** Its value []. Inputs of its own are declared on the graph, and given by `at`. */
  build(parts: LossParts): Value;
  at(now: StepState): { weight: number; feeds: Readonly<Record<string, Tensor>> };
}

/** What a term is built from. */
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
  /** Σ of the squares of [B, d_in] over B·V, in which an x̂ that is the mean costs 1. */
  share: (difference: Value) => Value;
  /** Features [N, d_sae] of other rows [N, d_in], scaled as the batch is. */
  encode: (rows: Value) => Value;
}

/** What a term may depend on at a step. */
export interface StepState {
  /** Steps done before. */
  step: number;
  /** What the rows are multiplied by. */
  scale: number;
  /** What a term over the mean square of one number of x weighs beside the reconstruction's share: d_in/V. */
  perSquare: number;
  /** Which of all rows that were given to `trainSae` are in the batch [B]. */
  rows: Int32Array;
  /** [d_sae], 1 for a feature that has not fired for `deadAfterTokens` */
  dead: Float32Array<ArrayBuffer>;
  deadCount: number;
}
