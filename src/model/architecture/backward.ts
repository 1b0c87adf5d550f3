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
import type { BlockSlots, SiteKind } from "./slots/sites.ts";

export interface BackwardKind {
  /** Whether other layers use this layer's keys and values. */
  lends: boolean;
  /** ONNX Runtime computes every output, also one that nobody fetches. So a graph has only those that are wanted. */
  wants: BackwardWants;
}

/** What is wanted of a block beside d loss / d x. */
export interface BackwardWants {
  /** The gradients of its weights. */
  weights: boolean;
  /** The edits inside it. */
  slots: BlockSlots;
  /** The gradients of their masks. */
  masks: boolean;
  /** Sites inside it whose gradients are wanted, or which the loss reads: not resid_post, which is the block's output. */
  inside: readonly SiteKind[];
}

/**
 * The backward graph of a block. Its inputs are those of the block, with weights and slots, and d loss / d block output
 * ("cotangent", [B, T, d]). If other layers use its keys and values, also "cotangent_key" and "cotangent_value"; and for a
 * wanted site "cotangent_<site>", for a loss that reads the site itself.
 *
 * Its outputs are "dx" and, where wanted, "d <weight>", "d <slot>.mask" [B, T, n], "<site>" and "d <site>" [B, T, d]. A layer
 * that uses another layer's keys and values also gives "dkey" and "dvalue" for them.
 * @returns the graph, and the names of the weights below the block's prefix
 */
export function backwardBlock(
  config: ModelConfig,
  layer: LayerConfig,
  { lends, wants }: BackwardKind,
): { graph: Graph; names: string[] } {
  const { inputs, outputs, weights, sites, edits } = buildBlock(config, layer, asInput, "", wants.slots);
  const { graph, shared } = inputs;
  const likewise = (name: string, value: Value): Cotangent => ({
    value,
    cotangent: graph.input(name, "float32", value.dims),
  });
  const cotangents = [likewise("cotangent", outputs.y)];
  const wrt = new Map([["dx", inputs.x]]);
  if (lends) {
    const { key, value } = outputs.made!;
    cotangents.push(likewise("cotangent_key", key), likewise("cotangent_value", value));
  }
  if (shared !== null) wrt.set("dkey", shared.key).set("dvalue", shared.value);
  if (wants.weights) for (const [name, weight] of weights) wrt.set(`d ${name}`, weight);
  if (wants.masks) for (const [slot, { mask }] of edits) wrt.set(`d ${slot}.mask`, mask);
  for (const site of wants.inside) {
    const value = sites.get(site) ?? inputs.x;
    cotangents.push(likewise(`cotangent_${site}`, value));
    graph.output(site, value);
    wrt.set(`d ${site}`, value);
  }
  outputGradients(cotangents, wrt);
  return { graph, names: [...weights.keys()] };
}

type Cotangent = Parameters<typeof gradient>[0][number];

/** Makes gradients outputs of the graph. @param wrt by the name of the output */
export function outputGradients(cotangents: readonly Cotangent[], wrt: ReadonlyMap<string, Value>): void {
  const gradients = gradient(cotangents, [...wrt.values()]);
  for (const [i, name] of [...wrt.keys()].entries()) gradients[i]!.graph.output(name, gradients[i]!);
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
