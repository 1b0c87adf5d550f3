/**
 * Per-layer embeddings (Gemma 4's small kind). Beside its embedding, a token has one small vector per layer. The vector
 * is (norm(W·e / √d) + t·√size) / √2, where e is the scaled embedding and t is a row of a second table. It depends on
 * the token alone. The block decides how it is added (`families/gemma4.ts`). The table is large, so it is read row by
 * row.
 */
import { Graph } from "../../graph/build/graph.ts";
import { add, matmul, mul, reshape, split } from "../../graph/ops/ops.ts";
import type { Declare } from "./declare.ts";
import { rmsNormOf } from "./families/pieces.ts";
import type { ModelConfig } from "./settings/config-types.ts";

export type PerLayerSizes = NonNullable<ModelConfig["perLayer"]>;

/** The table of t, [rows, layers · size]. */
export const perLayerName = "model.embed_tokens_per_layer.weight";

/**
 * The inputs are the scaled embeddings "x" [B, T, d] and rows of the scaled table, "rows" [B, T, layers · size]. The
 * outputs are "per_layer.l" [B, T, size] for every layer l.
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
  const projected = mul(matmul(x, projection, { transB: true }), hiddenSize ** -0.5);
  const byLayer = ["B", "T", depth, size];
  const both = add(rmsNormOf(config, reshape(projected, byLayer), weight), reshape(rows, byLayer));
  const parts = split(
    mul(both, Math.SQRT1_2),
    2,
    Array.from({ length: depth }, () => 1),
  );
  for (const [layer, part] of parts.entries())
    graph.output(`per_layer.${layer}`, reshape(part, ["B", "T", size]));
  return graph;
}
