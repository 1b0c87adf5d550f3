/**
 * The tensors that a configuration implies, with their shapes. A checkpoint is compared with them before anything runs.
 */
import { badInput } from "../../core/errors.ts";
import type { Precision } from "../../core/records/precision.ts";
import type { Weights } from "../weights/weights.ts";
import {
  blockPrefix,
  buildBlock,
  buildHead,
  embeddingName,
  headName,
  separateHeadName,
} from "./block-graphs.ts";
import type { Declare } from "./declare.ts";
import { buildPerLayer, perLayerName } from "./per-layer.ts";
import type { ModelConfig } from "./settings/config-types.ts";
import { settleHead } from "./tied-head.ts";

/** Name → shape, slowest axis first, of every tensor that the family's graphs read. A linear layer is [out, in]. */
export function expectedShapes(config: ModelConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  buildAll(config, (graph, name, dims) => {
    shapes.set(name, dims);
    return graph.weight(name, "float32", dims);
  });
  shapes.set(embeddingName, [config.vocabSize, config.hiddenSize]);
  if (config.perLayer !== undefined) {
    shapes.set(perLayerName, [config.perLayer.rows, config.layers.length * config.perLayer.size]);
  }
  return shapes;
}

/** Name → [out, in] of the matrices that are factors of products, the head included. These may be held in fewer bits. */
export function multipliedMatrices(config: ModelConfig): Map<string, readonly [out: number, in_: number]> {
  const matrices = new Map<string, readonly [number, number]>();
  const declare: Declare = (graph, name, dims) => graph.weight(name, "float32", dims);
  declare.matrix = (graph, name, dims) => {
    matrices.set(name, dims);
    return declare(graph, name, dims);
  };
  buildAll(config, declare);
  return matrices;
}

/** Whether a matrix multiplies what a block reads from the residual stream: its queries, keys, values, gate and up. */
export function readsStream(name: string): boolean {
  return /\.(?:self_attn\.(?:q|k|v|qkv)_proj|mlp\.(?:gate|up|gate_up)_proj)\.weight$/.test(name);
}

function buildAll(config: ModelConfig, declare: Declare): void {
  buildHead(config, declare);
  if (config.perLayer !== undefined) buildPerLayer(config, config.perLayer, declare);
  for (const [index, layer] of config.layers.entries())
    buildBlock(config, layer, declare, blockPrefix(index));
}

/** Bits per weight of a matrix, including its share of the block's scale and minimum. */
const heldBits: Readonly<Record<Precision, number>> = { fp32: 32, int8: 9, int4: 6 };

/**
 * Bytes of a checkpoint's blocks and head in memory. Embeddings are read from their file row by row, and are in memory
 * only when they are the head too.
 * @returns bytes of `all` blocks and the head, and of the `largest` block
 */
export function heldBytes(config: ModelConfig, precision: Precision): { all: number; largest: number } {
  const blocks = config.layers.map(() => 0);
  let head = 0;
  const matrices = multipliedMatrices(config);
  for (const [name, shape] of expectedShapes(config)) {
    const bits = matrices.has(name) ? heldBits[precision] : 32;
    const bytes = (bits / 8) * shape.reduce((product, size) => product * size, 1);
    const layer = blocks.findIndex((_, i) => name.startsWith(blockPrefix(i)));
    if (layer >= 0) blocks[layer]! += bytes;
    else if ((name !== embeddingName && name !== perLayerName) || name === headName(config)) head += bytes;
  }
  return { all: blocks.reduce((sum, bytes) => sum + bytes, head), largest: Math.max(...blocks) };
}

/**
 * Checks that every tensor of the configuration exists with its shape, and that there is no tensor that no graph reads.
 * @returns the configuration with the head that the files have, and notes about the head
 * @throws FathomError naming the tensor; the weights are then closed
 */
export function checkWeights(
  where: string,
  config: ModelConfig,
  weights: Weights,
): { config: ModelConfig; notes: readonly string[] } {
  try {
    const settled = settleHead(where, config, weights);
    compare(where, settled.config, weights);
    return settled;
  } catch (error) {
    weights.close();
    throw error;
  }
}

function compare(where: string, config: ModelConfig, weights: Weights): void {
  const expected = expectedShapes(config);
  for (const [name, shape] of expected) {
    const found = weights.info(name).shape;
    if (found.length !== shape.length || found.some((size, axis) => size !== shape[axis]))
      throw badInput(
        `${where} "${name}"`,
        `the shape [${shape.join(", ")}] of the config`,
        `[${found.join(", ")}]`,
      );
  }
  for (const name of weights.names())
    if (!expected.has(name) && !isLeftOver(config, name))
      throw badInput(
        `${where} "${name}"`,
        "only tensors that a config of this family computes with",
        "this one",
      );
}

/**
 * Tensors that are stored but not read: a tied head (the embedding again), keys and values of a layer with a `kvFrom`.
 */
function isLeftOver({ layers }: ModelConfig, name: string): boolean {
  if (name === separateHeadName) return true;
  const [, layer] = /^model\.layers\.(\d+)\.self_attn\.(?:k_proj|v_proj|k_norm|v_norm)\./.exec(name) ?? [];
  return layer !== undefined && (layers[Number(layer)]?.kvFrom ?? null) !== null;
}
