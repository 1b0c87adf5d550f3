/**
 * The training loss of an SAE as a graph, with its gradients derived:
 *
 *     loss = Σ‖x − x̂‖² / (B·V) + Σ weight · term
 *
 * V is the mean ‖x − μ‖² of the data, so the first is the fraction of variance unexplained of the batch (Gao et al., arXiv
 * 2406.04093, section 2.3); the terms are the objective's, and whatever else a run adds.
 */
import { gradient } from "../graph/gradient.ts";
import { type DType, Graph, type Value } from "../graph/graph.ts";
import {
  add,
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
} from "../graph/ops/index.ts";
import type { LossTerm, Objective } from "./objectives/objective.ts";
import { firedOf, sparseDecode } from "./sparse-decode.ts";
import { type commonNames, dimsOf, type OwnName, trainedNames, type Widths } from "./weights.ts";

type TrainedValues = Record<(typeof commonNames)[number], Value> & Partial<Record<OwnName, Value>>;

/** The graph's input that a term is multiplied by. */
export const weightOf = (term: string) => `weight of ${term}`;

/**
 * Inputs: x [B, d_in], the trained tensors, variance [] (V), and for each term its weight [] and its own.
 * Outputs: unexplained [], fired [d_sae] (tokens of the batch), smallest [] where the objective has one, each term [] by its
 * name (before the weight), and `d ` + each trained name.
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
  const { W_enc, b_enc, W_dec, b_dec, ...own } = Object.fromEntries(
    names.map((name) => [name, graph.input(name, dtype, dimsOf(name, widths))]),
  ) as TrainedValues;
  const variance = graph.input("variance", dtype, []);
  const share = (difference: Value) =>
    div(div(reduceSum(mul(difference, difference), [0, 1]), sizeOf(difference, [0])), variance);

  // (x − b_dec)·W_enc as two products: the gradient of b_dec then comes from one row, not from a product over the batch.
  const centre = reshape(matmul(reshape(b_dec, [1, d_in]), W_enc), [d_sae]);
  const preOf = (rows: Value) => add(matmul(rows, W_enc), sub(b_enc, centre));
  const pre = preOf(x);
  const { features, active, smallest } = objective.activate(pre, own);
  const encode = (rows: Value) => {
    const other = preOf(rows);
    return objective.alone?.(other) ?? objective.activate(other, own).features;
  };
  const decoded = active === null ? matmul(features, W_dec) : sparseDecode(features, active, W_dec);
  const error = sub(x, add(decoded, b_dec));
  const unexplained = share(error);
  graph.output("unexplained", unexplained);
  const fired = () => reduceSum(where(greater(features, 0), fillLike(features, 1), 0), [0]);
  graph.output("fired", active === null ? fired() : firedOf(active, b_enc));
  if (smallest !== null) graph.output("smallest", smallest);

  let loss = unexplained;
  for (const term of terms) {
    const value = term.build({ graph, dtype, pre, features, error, W_dec, own, share, encode });
    graph.output(term.name, value);
    loss = add(loss, mul(value, graph.input(weightOf(term.name), dtype, [])));
  }
  const gradients = gradient(
    [{ value: loss, cotangent: graph.constant([1], dtype, []) }],
    [W_enc, b_enc, W_dec, b_dec, ...Object.values(own)],
  );
  for (const [at, name] of names.entries()) graph.output(`d ${name}`, gradients[at]!);
  return graph;
}
