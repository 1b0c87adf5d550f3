/**
 * What gradients of a trained model and training share: the derived backward graph of a block, its weights as inputs,
 * and the inputs of whole sequences, which have no past.
 */
import type { Graph, Value } from "../../graph/build/graph.ts";
import { gradient } from "../../graph/gradient.ts";
import { Tensor } from "../ort/ort.ts";
import { buildBlock } from "./block-graphs.ts";
import { asInput } from "./declare.ts";
import { Positions } from "./positions.ts";
import type { RotaryTables } from "./rotary.ts";
import type { LayerConfig, ModelConfig } from "./settings/config-types.ts";

/**
 * From d loss / d block output ("cotangent", [B, T, d]) to "dx" and "d <weight>" for every weight of the block. A layer
 * that attends to another's keys and values also gives "dkey" and "dvalue" of those.
 * @param lends whether others attend to this layer's: the block then takes "cotangent_key" and "cotangent_value" as well
 * @returns the graph, and the weights' names below the block's prefix
 */
export function backwardBlock(
  config: ModelConfig,
  layer: LayerConfig,
  lends = false,
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
  const gradients = gradient(cotangents, [inputs.x, ...weights.values(), ...borrowed]);
  outputGradients(graph, names, gradients);
  borrowed.forEach((_, i) => {
    graph.output(["dkey", "dvalue"][i]!, gradients[1 + names.length + i]!);
  });
  return { graph, names };
}

/** @param gradients of x, then of the named weights */
export function outputGradients(graph: Graph, names: readonly string[], gradients: readonly Value[]): void {
  ["dx", ...names.map((name) => `d ${name}`)].forEach((name, i) => {
    graph.output(name, gradients[i]!);
  });
}

/** The inputs of blocks, but for x, of B sequences of T tokens that have no past. */
export class WholeSequences {
  readonly #positions: Positions;
  readonly #B: number;

  constructor(tables: RotaryTables, B: number, T: number) {
    this.#B = B;
    this.#positions = new Positions(tables, new Array<number>(B).fill(0), 0, T, new Array<number>(B).fill(T));
  }

  /** cos, sin, mask and the empty past of a layer's block. */
  of(layer: LayerConfig): Record<string, Tensor> {
    const past = () => new Tensor("float32", new Float32Array(0), [this.#B, layer.kvHeads, 0, layer.headDim]);
    return { ...this.#positions.of(layer), past_key: past(), past_value: past() };
  }
}
