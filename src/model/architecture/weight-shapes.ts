/** The tensors a configuration implies, with their shapes: a checkpoint is compared with them before anything runs. */
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

/** Name to shape, slowest axis first, of every tensor that the family's own graphs read. A linear layer is [out, in]. */
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

/** Name to [out, in] of those that are multiplied by, the head's among them: what may be held in fewer bits. */
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

function buildAll(config: ModelConfig, declare: Declare): void {
  buildHead(config, declare);
  if (config.perLayer !== undefined) buildPerLayer(config, config.perLayer, declare);
  for (const [index, layer] of config.layers.entries())
    buildBlock(config, layer, declare, blockPrefix(index));
}

/** Bits a weight of a matrix, its block's scale and minimum with it. */
const heldBits: Readonly<Record<Precision, number>> = { fp32: 32, int8: 9, int4: 6 };

/**
 * Bytes of a checkpoint's blocks and head as they are computed with. Embeddings are read from their file row by row, and
 * held only where they are the head too.
 * @returns `all` of them, and of the `largest` block alone
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
 * Every tensor that the configuration implies is there in its shape, and no tensor is there that nothing reads.
 * @returns the configuration with the head that the files have, and what is to be noted of it
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

/** Stored though nothing reads it: a tied head (the embedding again), and keys and values of a layer that has none. */
function isLeftOver({ layers }: ModelConfig, name: string): boolean {
  if (name === separateHeadName) return true;
  const [, layer] = /^model\.layers\.(\d+)\.self_attn\.(?:k_proj|v_proj|k_norm|v_norm)\./.exec(name) ?? [];
  return layer !== undefined && (layers[Number(layer)]?.kvFrom ?? null) !== null;
}
