/** The graphs of a checkpoint's parts: a block and the head, for any family, with weights named by the caller. */

import { Graph, type Value } from "../graph/graph.ts";
import { add, gather, logSoftmax, matmul, softcap, topK } from "../graph/ops/index.ts";
import { familyNamed } from "./architectures/index.ts";
import {
  type BlockInputs,
  type BlockOutputs,
  lowRank,
  type Param,
  rmsNormOf,
} from "./architectures/pieces.ts";
import type { LayerConfig, ModelConfig } from "./config-types.ts";

/** Where a graph's weights come from: a declared weight for a tensor name and its dims. */
export type Declare = (graph: Graph, name: string, dims: readonly number[]) => Value;

export const blockPrefix = (layer: number): string => `model.layers.${layer}.`;
export const finalNormName = "model.norm.weight";
export const embeddingName = "model.embed_tokens.weight";
export const headName = (config: ModelConfig): string => (config.tiedHead ? embeddingName : "lm_head.weight");

/** A block with its inputs declared; outputs are the caller's to name. `prefix` goes before each weight's name. */
export function buildBlock(
  config: ModelConfig,
  layer: LayerConfig,
  declare: Declare,
  prefix: string,
): { inputs: BlockInputs; outputs: BlockOutputs; weights: Map<string, Value> } {
  const graph = new Graph();
  // There is always a row with a new token; the past may be empty.
  graph.neverEmpty("B", "T");
  const { headDim, kvHeads, rope } = layer;
  const perHead = (name: string, positions: string): Value =>
    graph.input(name, "float32", ["B", kvHeads, positions, headDim]);
  const inputs: BlockInputs = {
    graph,
    x: graph.input("x", "float32", ["B", "T", config.hiddenSize]),
    cos: graph.input("cos", "float32", ["B", "T", rope.rotated / 2]),
    sin: graph.input("sin", "float32", ["B", "T", rope.rotated / 2]),
    mask: graph.input("mask", "float32", ["B", 1, "T", "S+T"]),
    pastKey: perHead("past_key", "S"),
    pastValue: perHead("past_value", "S"),
    shared: layer.kvFrom === null ? null : { key: perHead("key", "T"), value: perHead("value", "T") },
  };
  const weights = new Map<string, Value>();
  const param = collecting(graph, declare, prefix, weights);
  return { inputs, outputs: familyNamed(config.family).block({ config, layer, param, inputs }), weights };
}

/** Declares weights by their names below a prefix, and keeps them. @param weights filled */
function collecting(graph: Graph, declare: Declare, prefix: string, weights: Map<string, Value>): Param {
  return (name, dims) => {
    const value = declare(graph, prefix + name, dims);
    weights.set(prefix + name, value);
    return value;
  };
}

/** The same for layers whose graphs are the same but for their weights' names: windows and angles are inputs. */
export function graphKey({ window: _, rope, ...shape }: LayerConfig): string {
  return JSON.stringify({ ...shape, rotated: rope.rotated });
}

/** Final norm, unembedding and soft cap: x [N, d] → logits [N, vocab]. */
export function buildHead(
  config: ModelConfig,
  declare: Declare,
): { graph: Graph; x: Value; logits: Value; weights: Map<string, Value> } {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["N", config.hiddenSize]);
  const weights = new Map<string, Value>();
  const param = collecting(graph, declare, "", weights);
  const normed = rmsNormOf(config, x, param(finalNormName, [config.hiddenSize]));
  const unembed = param(headName(config), [config.vocabSize, config.hiddenSize]);
  const product = matmul(normed, unembed, { transB: true });
  const branch = config.headLowRank;
  const raw =
    branch === undefined
      ? product
      : add(product, lowRank(param, "lm_head", normed, config.vocabSize, branch));
  const logits = config.finalSoftcap === null ? raw : softcap(raw, config.finalSoftcap);
  return { graph, x, logits, weights };
}

/**
 * The head as generation needs it: beside the logits, per row the best token and the log probabilities of watched
 * tokens, so that a step need not carry [N, vocab] numbers into JavaScript.
 */
export function buildGenerationHead(config: ModelConfig, declare: Declare): Graph {
  const { graph, logits } = buildHead(config, declare);
  const watch = graph.input("watch", "int64", ["W"]);
  graph.output("logits", logits);
  graph.output("token", topK(logits, 1).indices);
  graph.output("watched", gather(logSoftmax(logits, 1), watch, 1));
  return graph;
}
