/**
 * The derived backward graph of a block, with its weights as inputs, and the inputs of whole sequences, which have no
 * past. Gradients of a trained model and training both use them.
 */
import type { Graph, Value } from "../../graph/build/graph.ts";
import { gradient } from "../../graph/gradient.ts";
import { Tensor } from "../ort/ort.ts";
import { buildBlock } from "./block-graphs.ts";
import { asInput } from "./declare.ts";
import { Positions } from "./positions.ts";
import type { RotaryTables } from "./rotary.ts";
import type { LayerConfig, ModelConfig } from "./settings/config-types.ts";

export interface BackwardKind {
  /**
   * Whether other layers use this layer's keys and values. The graph then also has the inputs "cotangent_key" and
   * "cotangent_value".
   */
  lends: boolean;
  /** Whether the graph gives the gradients of its weights. ONNX Runtime computes every output, also one that nobody fetches. */
  wantsWeights: boolean;
}

/**
 * The backward graph of a block. Its input is d loss / d block output ("cotangent", [B, T, d]). Its outputs are "dx" and,
 * when they are wanted, "d <weight>" for every weight of the block. A layer that uses another layer's keys and values also
 * gives "dkey" and "dvalue" for them.
 * @returns the graph, and the names of the weights below the block's prefix
 */
export function backwardBlock(
  config: ModelConfig,
  layer: LayerConfig,
  { lends, wantsWeights }: BackwardKind,
): { graph: Graph; names: string[] } {
  const { inputs, outputs, weights } = buildBlock(config, layer, asInput, "");
  const { graph } = inputs;
  const likewise = (name: string, value: Value) => ({
    value,
    cotangent: graph.input(name, "float32", value.dims),
  });
  const cotangents = [likewise("cotangent", outputs.y)];
  if (lends) {
    const { key, value } = outputs.made!;
    cotangents.push(likewise("cotangent_key", key), likewise("cotangent_value", value));
  }
  const names = [...weights.keys()];
  const { shared } = inputs;
  const borrowed = shared === null ? [] : [shared.key, shared.value];
  const wanted = wantsWeights ? names : [];
  const gradients = gradient(cotangents, [
    inputs.x,
    ...wanted.map((name) => weights.get(name)!),
    ...borrowed,
  ]);
  outputGradients(graph, wanted, gradients);
  borrowed.forEach((_, i) => {
    graph.output(["dkey", "dvalue"][i]!, gradients[1 + wanted.length + i]!);
  });
  return { graph, names };
}

/** Makes gradients outputs of the graph. @param gradients first that of x, then those of the named weights */
export function outputGradients(graph: Graph, names: readonly string[], gradients: readonly Value[]): void {
  ["dx", ...names.map((name) => `d ${name}`)].forEach((name, i) => {
    graph.output(name, gradients[i]!);
  });
}

/** The inputs of blocks, except x, for B sequences of T tokens without a past. */
export class WholeSequences {
  readonly #positions: Positions;
  readonly #B: number;

  constructor(tables: RotaryTables, B: number, T: number) {
    this.#B = B;
    this.#positions = new Positions(tables, new Array<number>(B).fill(0), 0, T, new Array<number>(B).fill(T));
  }

  /** The inputs cos, sin and mask of a layer's block, and its empty past. */
  of(layer: LayerConfig): Record<string, Tensor> {
    const past = () => new Tensor("float32", new Float32Array(0), [this.#B, layer.kvHeads, 0, layer.headDim]);
    return { ...this.#positions.of(layer), past_key: past(), past_value: past() };
  }
}
