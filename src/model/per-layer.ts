/**
 * Per-layer embeddings (Gemma 4's small kind): beside its embedding a token has, for every layer, a small vector of its
 * own. It is (norm(W·e / √d) + t·√size) / √2, with e the scaled embedding and t a row of a second table, and depends on
 * the token alone; the block decides what it adds (`architectures/gemma4.ts`). The table is large and read row by row.
 */
import { Graph } from "../graph/graph.ts";
import { add, matmul, mul, reshape, split } from "../graph/ops/index.ts";
import { rmsNormOf } from "./architectures/pieces.ts";
import type { ModelConfig } from "./config-types.ts";
import { requireFiniteRow } from "./finite.ts";
import { type InferenceSession, Tensor } from "./onnxruntime.ts";
import type { Declare } from "./parts.ts";
import { declareFrom, openSession, type SessionOptions } from "./session.ts";
import type { Weights } from "./weights.ts";

type Sizes = NonNullable<ModelConfig["perLayer"]>;

/** t, [rows, layers · size]. */
export const perLayerName = "model.embed_tokens_per_layer.weight";

/**
 * From the scaled embeddings "x" [B, T, d] and rows of the scaled table "rows" [B, T, layers · size] to "per_layer.l"
 * [B, T, size] of every layer l.
 */
export function buildPerLayer(config: ModelConfig, { size }: Sizes, declare: Declare): Graph {
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

/** Makes the inputs "per_layer.l" of all blocks. */
export class PerLayer {
  private readonly sizes: Sizes;
  private readonly width: number;
  private readonly weights: Weights;
  private readonly session: InferenceSession;

  private constructor(sizes: Sizes, width: number, weights: Weights, session: InferenceSession) {
    this.sizes = sizes;
    this.width = width;
    this.weights = weights;
    this.session = session;
  }

  /** @returns null for a model without per-layer embeddings */
  static async open(
    config: ModelConfig,
    weights: Weights,
    options: SessionOptions,
  ): Promise<PerLayer | null> {
    if (config.perLayer === undefined) return null;
    const graph = buildPerLayer(config, config.perLayer, declareFrom(weights));
    const session = await openSession(graph, weights, options);
    return new PerLayer(config.perLayer, config.layers.length * config.perLayer.size, weights, session);
  }

  /**
   * @param x scaled embeddings of right-padded rows, [B, T, d]
   * @param rows token ids as they are embedded, B of at most T
   */
  async of(x: Tensor, rows: readonly (readonly number[])[]): Promise<Record<string, Tensor>> {
    const [B, T] = x.dims as [number, number];
    const scale = Math.sqrt(this.sizes.size);
    const table = new Float32Array(B * T * this.width);
    rows.forEach((ids, row) => {
      ids.forEach((id, t) => {
        const own = this.weights.read(perLayerName, [id, id + 1]);
        requireFiniteRow(perLayerName, id, own);
        table.set(
          own.map((value) => value * scale),
          (row * T + t) * this.width,
        );
      });
    });
    const outputs = await this.session.run({ x, rows: new Tensor("float32", table, [B, T, this.width]) });
    return outputs;
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}
