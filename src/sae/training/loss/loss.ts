/**
 * The training loss of an SAE as a graph, with its gradients derived:
 *
 *     loss = Σ‖x − x̂‖² / (B·V) + Σ weight · term
 *
 * V is the mean ‖x − μ‖² of the data, so the first part is the batch's fraction of variance unexplained (Gao et al., arXiv
 * 2406.04093, section 2.3). The terms are those of the objective and those that a run adds.
 */

import { type DType, Graph, type Value } from "../../../graph/build/graph.ts";
import { gradient } from "../../../graph/gradient.ts";
import {
  add,
  cast,
  div,
  fillLike,
  greater,
  matmul,
  mul,
  reduceSum,
  reshape,
  sizeOf,
  sub,
  where,
} from "../../../graph/ops/ops.ts";
import { held } from "../../code/held.ts";
import { decodePlaces, laidOut } from "../../code/places.ts";
import type { LossTerm, Objective } from "../objectives/objective.ts";
import {
  type commonNames,
  dimsOf,
  type OwnName,
  type TrainedName,
  trainedNames,
  type Widths,
} from "../state/weights.ts";

type TrainedValues = Record<(typeof commonNames)[number], Value> & Partial<Record<OwnName, Value>>;

/** Name of the graph's input that holds a term's weight. */
export const weightOf = (term: string) => `weight of ${term}`;

/**
 * Inputs: x [B, d_in], the trained tensors, variance [] (V), and per term its weight [] and its own inputs.
 * Outputs: unexplained [], each term [] under its name (before the weight), and
 * - if the objective activates features: fired [d_sae] (tokens of the batch), and `d ` + name for each trained tensor;
 * - if it chooses places: their indices (int32) and values, `d values`, `d decoded` [B, d_in] and `d b_dec` [d_in],
 *   from which place-gradients.ts computes the gradients. If there are terms, also `d ` + name for each trained
 *   tensor: the terms' part of its gradient.
 * @param dtype float64 for the test by finite differences
 */
export function lossGraph(
  widths: Widths,
  objective: Objective,
  terms: readonly LossTerm[],
  dtype: DType = "float32",
): Graph {
  const { d_in, d_sae } = widths;
  const graph = new Graph();
  const x = graph.input("x", dtype, ["B", d_in]);
  const names = trainedNames(objective.own);
  const trained = Object.fromEntries(
    names.map((name) => [name, graph.input(name, dtype, dimsOf(name, widths))]),
  ) as TrainedValues;
  const { W_encT, b_enc, W_dec, b_dec, ...own } = trained;
  const variance = graph.input("variance", dtype, []);
  const share = (difference: Value) =>
    div(div(reduceSum(mul(difference, difference), [0, 1]), sizeOf(difference, [0])), variance);

  // (x − b_dec)·W_enc as two products: then the gradient of b_dec comes from one row, not from a product over the batch.
  const times = (rows: Value) => matmul(rows, W_encT, { transB: true });
  const centre = reshape(times(reshape(b_dec, [1, d_in])), [d_sae]);
  const preOf = (rows: Value) => add(times(rows), sub(b_enc, centre));
  const pre = preOf(x);
  const encode = (rows: Value) => {
    const other = preOf(rows);
    return "activate" in objective
      ? objective.activate(other, own)
      : laidOut(other, (objective.chooseAlone ?? objective.choose)(other));
  };
  /** The trained tensors whose gradients the graph computes. */
  let wrt: readonly TrainedName[] = names;
  const apart: [name: string, Value][] = [];
  let decoded: Value;
  if ("activate" in objective) {
    const features = objective.activate(pre, own);
    decoded = matmul(features, W_dec);
    graph.output("fired", reduceSum(where(greater(features, 0), fillLike(features, 1), 0), [0]));
  } else {
    const { values, indices } = objective.choose(pre);
    const places = { values: held(values), indices };
    decoded = decodePlaces(pre, places, W_dec);
    graph.output("indices", cast(indices, "int32"));
    graph.output("values", values);
    apart.push(["values", places.values], ["decoded", decoded]);
    wrt = terms.length > 0 ? names : ["b_dec"];
  }
  const error = sub(x, add(decoded, b_dec));
  const unexplained = share(error);
  graph.output("unexplained", unexplained);

  let loss = unexplained;
  for (const term of terms) {
    const value = term.build({ graph, dtype, pre, error, W_dec, own, share, encode });
    graph.output(term.name, value);
    loss = add(loss, mul(value, graph.input(weightOf(term.name), dtype, [])));
  }
  const asked = [...wrt.map((name): [string, Value] => [name, trained[name]!]), ...apart];
  const gradients = gradient(
    [{ value: loss, cotangent: graph.constant([1], dtype, []) }],
    asked.map(([, value]) => value),
  );
  for (const [at, [name]] of asked.entries()) graph.output(`d ${name}`, gradients[at]!);
  return graph;
}
