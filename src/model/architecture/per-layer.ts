/**
 * Per-layer embeddings (Gemma 4's small kind): beside its embedding a token has, for every layer, a small vector of its
 * own. It is (norm(W·e / √d) + t·√size) / √2, with e the scaled embedding and t a row of a second table, and depends on
 * the token alone; the block decides what it adds (`architectures/gemma4.ts`). The table is large and read row by row.
 */
import { Graph } from "../../graph/build/graph.ts";
import { add, matmul, mul, reshape, split } from "../../graph/ops/ops.ts";
import type { Declare } from "./declare.ts";
import { rmsNormOf } from "./families/pieces.ts";
import type { ModelConfig } from "./settings/config-types.ts";

export type PerLayerSizes = NonNullable<ModelConfig["perLayer"]>;

/** t, [rows, layers · size]. */
export const perLayerName = "model.embed_tokens_per_layer.weight";

/**
 * From the scaled embeddings "x" [B, T, d] and rows of the scaled table "rows" [B, T, layers · size] to "per_layer.l"
 * [B, T, size] of every layer l.
 */
export function buildPerLayer(config: ModelConfig, { size }: PerLayerSizes, declare: Declare): Graph {
  const { hiddenSize } = config;
  const depth = config.layers.length;
  const graph = new Graph();
  graph.neverEmpty("B", "T");
  const x = graph.input("x", "float32", ["B", "T", hiddenSize]);
  const rows = graph.input("rows", "float32", ["B", "T", depth * size]);
  const projection = declare(graph, "model.per_layer_model_projection.weight", [depth * size, hiddenSize]);
  const weight = declare(graph, "model.per_layer_projection_norm.weight", [size]);
  const told = mul(matmul(x, projection, { transB: true }), hiddenSize ** -0.5);
  const byLayer = ["B", "T", depth, size];
  const both = add(rmsNormOf(config, reshape(told, byLayer), weight), reshape(rows, byLayer));
  const parts = split(
    mul(both, Math.SQRT1_2),
    2,
    Array.from({ length: depth }, () => 1),
  );
  for (const [layer, part] of parts.entries())
    graph.output(`per_layer.${layer}`, reshape(part, ["B", "T", size]));
  return graph;
}
