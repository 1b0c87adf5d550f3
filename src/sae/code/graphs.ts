/**
 * Encoding and decoding as graphs, in float32 and in SAELens's order of operations: normalize, subtract b_dec if the SAE
 * says so, encode; then decode and undo the normalization. Weights are inputs, so a graph depends only on an SAE's kind and
 * sizes.
 */
import { Graph, type Value } from "../../graph/build/graph.ts";
import {
  add,
  div,
  exp,
  greater,
  matmul,
  mul,
  reduceMean,
  reduceSum,
  relu,
  reshape,
  sqrt,
  sub,
  where,
} from "../../graph/ops/ops.ts";
import { norms } from "./matrix.ts";
import { laidOut, topKPlaces } from "./places.ts";
import { type Sae, vectorsOf } from "./sae.ts";

/** SAELens adds this to the standard deviation before it divides. It does not add it when it undoes the division. */
const layerNormEpsilon = 1e-5;

/** The fields of an SAE that decide the shape of the graphs. */
export type SaeShape = Pick<
  Sae,
  "d_in" | "d_sae" | "kind" | "k" | "applyBDecToInput" | "normalize" | "rescaleByDecoderNorm"
>;

/** x [N, d_in] → features [N, d_sae]. If the SAE normalizes, also shift and scale [N, 1], which undo the normalization. */
export function encodeGraph(shape: SaeShape): Graph {
  const { d_in, d_sae } = shape;
  const graph = new Graph();
  const u = encoderInput(graph, shape);
  const product = matmul(u, graph.input("W_enc", "float32", [d_in, d_sae]));
  graph.output("features", activate(graph, shape, product));
  return graph;
}

/**
 * First part of encoding, for a block of F features: up to the product [N, F]. W_enc is given as [F, d_in], one row
 * per feature.
 */
export function productGraph(shape: SaeShape): Graph {
  const graph = new Graph();
  const u = encoderInput(graph, shape);
  graph.output("product", matmul(u, graph.input("W_enc", "float32", ["F", shape.d_in]), { transB: true }));
  return graph;
}

/** Second part of encoding: from the product [N, d_sae] of all features to the features. */
export function activateGraph(shape: SaeShape): Graph {
  const graph = new Graph();
  graph.output("features", activate(graph, shape, graph.input("product", "float32", ["N", shape.d_sae])));
  return graph;
}

/** Declares the input x and the outputs shift and scale. @returns u [N, d_in], which is multiplied with W_enc */
function encoderInput(graph: Graph, shape: SaeShape): Value {
  const x = graph.input("x", "float32", ["N", shape.d_in]);
  const { normal, shift, scale } = normalizeRows(x, shape);
  if (shift !== null) graph.output("shift", shift);
  if (scale !== null) graph.output("scale", scale);
  return shape.applyBDecToInput ? sub(normal, graph.input("b_dec", "float32", [shape.d_in])) : normal;
}

/** features [N, d_sae], with the shift and scale that encoding gave → reconstruction [N, d_in] in units of x. */
export function decodeGraph(shape: SaeShape): Graph {
  const graph = new Graph();
  const z = decoderInput(graph, shape, shape.d_sae);
  finish(graph, shape, matmul(z, graph.input("W_dec", "float32", [shape.d_sae, shape.d_in])));
  return graph;
}

/** First part of decoding: adds the contribution of F features to "sum" [N, d_in]. */
export function partialGraph(shape: SaeShape): Graph {
  const graph = new Graph();
  const z = decoderInput(graph, shape, "F");
  const rows = graph.input("W_dec", "float32", ["F", shape.d_in]);
  graph.output("total", add(graph.input("sum", "float32", ["N", shape.d_in]), matmul(z, rows)));
  return graph;
}

/** Second part of decoding: from the sum over all features to the reconstruction. */
export function finishGraph(shape: SaeShape): Graph {
  const graph = new Graph();
  finish(graph, shape, graph.input("sum", "float32", ["N", shape.d_in]));
  return graph;
}

function decoderInput(graph: Graph, shape: SaeShape, features: number | string): Value {
  const z = graph.input("features", "float32", ["N", features]);
  return shape.rescaleByDecoderNorm ? div(z, graph.input("decoderNorm", "float32", [features])) : z;
}

function finish(graph: Graph, shape: SaeShape, sum: Value): void {
  let out = add(sum, graph.input("b_dec", "float32", [shape.d_in]));
  if (undoesScale(shape)) out = mul(out, graph.input("scale", "float32", ["N", 1]));
  if (undoesShift(shape)) out = add(out, graph.input("shift", "float32", ["N", 1]));
  graph.output("reconstruction", out);
}

export function undoesScale({ normalize }: SaeShape): boolean {
  return normalize === "layer_norm" || normalize === "constant_norm_rescale";
}

export function undoesShift({ normalize }: SaeShape): boolean {
  return normalize === "layer_norm";
}

/** The vectors that the graphs take as inputs. Keys are the names of the inputs. */
export function vectorInputs(sae: Sae): Record<string, Float32Array<ArrayBuffer>> {
  const vectors = Object.fromEntries(
    Object.entries(vectorsOf(sae)).map(([name, { values }]) => [name === "b_gate" ? "b_enc" : name, values]),
  );
  return sae.rescaleByDecoderNorm ? { ...vectors, decoderNorm: norms(sae.W_dec, 0) } : vectors;
}

/**
 * @returns normal rows, and the shift and scale that undo it: x = normal · scale + shift (only nearly for layer_norm:
 *   see the epsilon)
 */
function normalizeRows(
  x: Value,
  { d_in, normalize }: SaeShape,
): { normal: Value; shift: Value | null; scale: Value | null } {
  switch (normalize) {
    case "none":
    case "expected_average_only_in":
      return { normal: x, shift: null, scale: null };
    case "layer_norm": {
      const shift = reduceMean(x, [-1], true);
      const centred = sub(x, shift);
      const variance = div(reduceSum(mul(centred, centred), [-1], true), d_in - 1);
      const scale = sqrt(variance);
      return { normal: div(centred, add(scale, layerNormEpsilon)), shift, scale };
    }
    case "constant_norm_rescale": {
      const norm = sqrt(reduceSum(mul(x, x), [-1], true));
      const scale = div(norm, Math.sqrt(d_in));
      return { normal: div(x, scale), shift: null, scale };
    }
  }
}

/** @param product u·W_enc [N, d_sae] */
function activate(graph: Graph, shape: SaeShape, product: Value): Value {
  const perFeature = (name: string) => graph.input(name, "float32", [shape.d_sae]);
  const pre = add(product, perFeature("b_enc"));
  switch (shape.kind) {
    case "standard":
      return relu(pre);
    case "topk":
      return topKActivation(shape.rescaleByDecoderNorm ? mul(pre, perFeature("decoderNorm")) : pre, shape.k!);
    case "groupmax": {
      const groups = reshape(pre, [-1, shape.d_sae / shape.k!]);
      return reshape(topKActivation(groups, 1), ["N", shape.d_sae]);
    }
    case "jumprelu":
      return where(greater(pre, perFeature("threshold")), relu(pre), 0);
    case "gated": {
      const magnitude = add(mul(product, exp(perFeature("r_mag"))), perFeature("b_mag"));
      return where(greater(pre, 0), relu(magnitude), 0);
    }
  }
}

/**
 * Keeps the k largest of each row, applies ReLU to them, and sets the rest to 0. If fewer than k are positive, fewer than k
 * are active. If several values tie for the k-th place, the feature with the lower index is taken.
 * @param pre [N, d_sae] @returns features [N, d_sae]
 */
export function topKActivation(pre: Value, k: number): Value {
  return laidOut(pre, topKPlaces(pre, k));
}
