/**
 * What gradients of a trained model and training share: the derived backward graph of a block, its weights as inputs,
 * and the inputs of whole sequences, which have no past.
 */
import { Tensor } from "onnxruntime-node";
import { gradient } from "../graph/gradient.ts";
import type { Graph, Value } from "../graph/graph.ts";
import type { LayerConfig, ModelConfig } from "./config-types.ts";
import { buildBlock, type Declare } from "./parts.ts";
import { Positions } from "./positions.ts";
import type { RotaryTables } from "./rotary.ts";

/** Weights that are given at each run, float32. */
export const asInput: Declare = (graph, name, dims) => graph.weight(name, "float32", dims);

/**
 * From d loss / d block output ("cotangent", [B, T, d]) to "dx" and "d <weight>" for every weight of the block.
 * @returns the graph, and the weights' names below the block's prefix
 */
export function backwardBlock(config: ModelConfig, layer: LayerConfig): { graph: Graph; names: string[] } {
  const { inputs, outputs, weights } = buildBlock(config, layer, asInput, "");
  const { graph } = inputs;
  const cotangent = graph.input("cotangent", "float32", ["B", "T", config.hiddenSize]);
  const names = [...weights.keys()];
  const wrt = [inputs.x, ...weights.values()];
  outputGradients(graph, names, gradient([{ value: outputs.y, cotangent }], wrt));
  return { graph, names };
}

/** @param gradients of x, then of the named weights */
export function outputGradients(graph: Graph, names: readonly string[], gradients: readonly Value[]): void {
  ["dx", ...names.map((name) => `d ${name}`)].forEach((name, i) => {
    graph.output(name, gradients[i]!);
  });
}

/** The inputs of a layer's block for B sequences of T tokens from their beginning, but for x. */
export function wholeSequences(
  layer: LayerConfig,
  tables: RotaryTables,
  B: number,
  T: number,
): Record<string, Tensor> {
  const noPast = new Array<number>(B).fill(0);
  const lengths = new Array<number>(B).fill(T);
  const past = () => new Tensor("float32", new Float32Array(0), [B, layer.kvHeads, 0, layer.headDim]);
  return { ...new Positions(tables, noPast, 0, T, lengths).of(layer), past_key: past(), past_value: past() };
}
