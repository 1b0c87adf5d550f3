/** The graphs of a checkpoint's parts, for any family: blocks and the head. The caller declares the weights. */

import { Graph, type Value } from "../../graph/build/graph.ts";
import {
  add,
  gather,
  type HeldMatrix,
  logSoftmax,
  mul,
  reduceMean,
  softcap,
  sub,
  timesMatrix,
  topK,
} from "../../graph/ops/ops.ts";
import type { Declare } from "./declare.ts";
import { familyNamed } from "./families/families.ts";
import {
  type Block,
  type BlockInputs,
  type BlockOutputs,
  type KeysAndValues,
  lowRank,
  type Param,
  rmsNormOf,
} from "./families/pieces.ts";
import type { LayerConfig, ModelConfig } from "./settings/config-types.ts";
import type { EditValues } from "./slots/edit-graph.ts";
import type { BlockSlots, SiteKind } from "./slots/sites.ts";
import { SlotGraphs } from "./slots/slots.ts";

export const blockPrefix = (layer: number): string => `model.layers.${layer}.`;
export const finalNormName = "model.norm.weight";
export const embeddingName = "model.embed_tokens.weight";
/** The head's name in a model whose head is not the embedding. */
export const separateHeadName = "lm_head.weight";
export const headName = (config: ModelConfig): string => (config.tiedHead ? embeddingName : separateHeadName);

export interface BlockGraph {
  inputs: BlockInputs;
  outputs: BlockOutputs;
  weights: Map<string, Value>;
  /** The values of the block's sites with their edits; `embed` only where it has slots. */
  sites: ReadonlyMap<SiteKind, Value>;
  /** The edits of the slots, by name (`slotName`). */
  edits: ReadonlyMap<string, EditValues>;
}

/** A block with its inputs declared. The caller names the outputs. `prefix` goes before each weight's name. */
export function buildBlock(
  config: ModelConfig,
  layer: LayerConfig,
  declare: Declare,
  prefix: string,
  slots: BlockSlots = {},
): BlockGraph {
  const graph = blockGraph();
  const inputs = {
    ...declareInputs(graph, config, layer, ""),
    x: graph.input("x", "float32", ["B", "T", config.hiddenSize]),
    shared: layer.kvFrom === null ? null : declareShared(graph, layer, ""),
  };
  const weights = new Map<string, Value>();
  const param = paramOf(graph, declare, prefix, weights);
  const slotGraphs = new SlotGraphs(slots, "", false);
  const outputs = blockWithSlots({ config, layer, param, inputs }, slots, slotGraphs);
  return { inputs, outputs, weights, sites: slotGraphs.sites, edits: slotGraphs.edits };
}

/** The graph of a block, from its declared inputs to its output, with the edits of its slots. */
function blockWithSlots(block: Omit<Block, "site">, slots: BlockSlots, graphs: SlotGraphs): BlockOutputs {
  const { config, inputs } = block;
  const x = slots.embed === undefined ? inputs.x : graphs.at("embed", inputs.x);
  const { y, made } = familyNamed(config.family).block({
    ...block,
    inputs: { ...inputs, x },
    site: graphs.at,
  });
  return { y: graphs.at("resid_post", y), made };
}

/** Declares weights by their names below a prefix. @param kept receives the weights that are float32 */
function paramOf(graph: Graph, declare: Declare, prefix: string, kept = new Map<string, Value>()): Param {
  const keep = <T extends HeldMatrix>(name: string, weight: T): T => {
    if ("graph" in weight) kept.set(prefix + name, weight);
    return weight;
  };
  const param: Param = (name, dims) => keep(name, declare(graph, prefix + name, dims));
  param.matrix = (name, dims) => keep(name, (declare.matrix ?? declare)(graph, prefix + name, dims));
  return param;
}

/**
 * Several blocks as one graph: `from` is included, `to` is not. The inputs are x and, for each layer l, the inputs of a
 * block with ".l" appended to their names. The outputs are y.l of every block, and key.l and value.l of the blocks that
 * have their own keys and values. A slot edits some tokens alone. It has the outputs "<name>.activation.l" and "<name>.moved.l". If `embed` has
 * slots, its value with their edits is the output "embed.0". `taps` are sites whose values are outputs "<site>.l".
 */
export function buildBlocks(
  config: ModelConfig,
  from: number,
  to: number,
  declare: Declare,
  {
    slots,
    taps,
  }: { slots: (layer: number) => BlockSlots; taps: (layer: number) => readonly SiteKind[] } = plainBlocks,
): Graph {
  const graph = blockGraph();
  let x = graph.input("x", "float32", ["B", "T", config.hiddenSize]);
  const keysAndValues = new Map<number, KeysAndValues>();
  for (let index = from; index < to; index++) {
    const layer = config.layers[index]!;
    let shared: KeysAndValues | null = null;
    if (layer.kvFrom !== null) {
      shared = keysAndValues.get(layer.kvFrom) ?? declareShared(graph, layer, `.${layer.kvFrom}`);
      keysAndValues.set(layer.kvFrom, shared);
    }
    const param = paramOf(graph, declare, blockPrefix(index));
    const inputs = { ...declareInputs(graph, config, layer, `.${index}`), x, shared };
    const graphs = new SlotGraphs(slots(index), `.${index}`, true);
    const { y, made } = blockWithSlots({ config, layer, param, inputs }, slots(index), graphs);
    graph.output(`y.${index}`, y);
    for (const [name, { activation, moved }] of graphs.edits) {
      graph.output(`${name}.activation.${index}`, activation);
      graph.output(`${name}.moved.${index}`, moved);
    }
    // As an output it stays out of a fusion with the norm behind it, which would change the last bits of an unedited row.
    const embed = graphs.sites.get("embed");
    if (embed !== undefined) graph.output(`embed.${index}`, embed);
    for (const site of taps(index)) graph.output(`${site}.${index}`, graphs.sites.get(site)!);
    if (made !== null) {
      graph.output(`key.${index}`, made.key);
      graph.output(`value.${index}`, made.value);
      keysAndValues.set(index, made);
    }
    x = y;
  }
  return graph;
}

const plainBlocks = { slots: (): BlockSlots => ({}), taps: (): readonly SiteKind[] => [] };

function blockGraph(): Graph {
  const graph = new Graph();
  // There is always a row and a new token. The past may be empty.
  graph.neverEmpty("B", "T");
  return graph;
}

/** Declares the inputs that a block reads beside the residual stream. `suffix` is appended to each name. */
function declareInputs(
  graph: Graph,
  { perLayer }: ModelConfig,
  layer: LayerConfig,
  suffix: string,
): Omit<BlockInputs, "x" | "shared"> {
  const angles = ["B", "T", layer.rope.rotated / 2];
  return {
    graph,
    cos: graph.input(`cos${suffix}`, "float32", angles),
    sin: graph.input(`sin${suffix}`, "float32", angles),
    mask: graph.input(`mask${suffix}`, "float32", ["B", 1, "T", "S+T"]),
    pastKey: declareHeads(graph, layer, `past_key${suffix}`, "S"),
    pastValue: declareHeads(graph, layer, `past_value${suffix}`, "S"),
    perLayer:
      perLayer === undefined ? null : graph.input(`per_layer${suffix}`, "float32", ["B", "T", perLayer.size]),
  };
}

/** Declares another layer's keys and values of the new tokens. */
function declareShared(graph: Graph, layer: LayerConfig, suffix: string): KeysAndValues {
  return {
    key: declareHeads(graph, layer, `key${suffix}`, "T"),
    value: declareHeads(graph, layer, `value${suffix}`, "T"),
  };
}

function declareHeads(
  graph: Graph,
  { kvHeads, headDim }: LayerConfig,
  name: string,
  positions: string,
): Value {
  return graph.input(name, "float32", ["B", kvHeads, positions, headDim]);
}

/** The layers whose keys and values other layers use too. */
export function lendersOf({ layers }: ModelConfig): ReadonlySet<number> {
  return new Set(layers.flatMap(({ kvFrom }) => (kvFrom === null ? [] : [kvFrom])));
}

/** A key that is equal for layers whose graphs differ only in the names of weights. Windows and angles are inputs. */
export function graphKey({ window: _, rope, ...shape }: LayerConfig): string {
  return JSON.stringify({ ...shape, rotated: rope.rotated });
}

/**
 * Final norm, unembedding and soft cap: x [N, d] → logits [N, vocab].
 * @param isRescaled whether the normed rows are multiplied by the input "rescale" [N, 1]
 */
export function buildHead(
  config: ModelConfig,
  declare: Declare,
  isRescaled = false,
): { graph: Graph; x: Value; logits: Value; weights: Map<string, Value> } {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["N", config.hiddenSize]);
  const weights = new Map<string, Value>();
  const param = paramOf(graph, declare, "", weights);
  const own = rmsNormOf(config, x, param(finalNormName, [config.hiddenSize]));
  const normed = isRescaled ? mul(own, graph.input("rescale", "float32", ["N", 1])) : own;
  const plain = timesMatrix(normed, param.matrix(headName(config), [config.vocabSize, config.hiddenSize]));
  const branch = config.headLowRank;
  const raw =
    branch === undefined ? plain : add(plain, lowRank(param, "lm_head", normed, config.vocabSize, branch));
  const logits = config.finalSoftcap === null ? raw : softcap(raw, config.finalSoftcap);
  return { graph, x, logits, weights };
}

/**
 * The head for generation. Beside the logits it gives, per row, the best token and, of the rows "watched_rows", the log probabilities
 * of the tokens "watch", so that a step does not copy [N, vocab] numbers into JavaScript. "finite" is 0 when all logits of a row are
 * finite and NaN otherwise; the best token alone does not show that. Its input "rescale" [N, 1] is 1, or what replaces the
 * scale of a row's final norm by another.
 *
 * ONNX Runtime computes what nobody fetches too. [N, vocab] numbers are the largest of a step, so nothing of that size is made beside
 * the logits, unless rows are watched.
 */
export function buildGenerationHead(config: ModelConfig, declare: Declare): Graph {
  const { graph, logits } = buildHead(config, declare, true);
  graph.output("logits", logits);
  const mean = reduceMean(logits, [1]);
  graph.output("finite", sub(mean, mean));
  graph.output("token", topK(logits, 1).indices);
  const rows = gather(logits, graph.input("watched_rows", "int64", ["R"]));
  graph.output("watched", gather(logSoftmax(rows, 1), graph.input("watch", "int64", ["W"]), 1));
  return graph;
}
