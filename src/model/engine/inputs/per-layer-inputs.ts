/** Computes Gemma 4's per-layer embeddings (architecture/per-layer.ts) in a run. The table is read row by row. */
import { declareFrom } from "../../architecture/declare.ts";
import { buildPerLayer, type PerLayerSizes, perLayerName } from "../../architecture/per-layer.ts";
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import { type InferenceSession, Tensor } from "../../ort/ort.ts";
import { openSession, type SessionOptions } from "../../ort/session.ts";
import { requireFiniteRow } from "../../weights/finite.ts";
import type { Weights } from "../../weights/weights.ts";

/** Makes the inputs "per_layer.l" of all blocks. */
export class PerLayerInputs {
  readonly #sizes: PerLayerSizes;
  readonly #width: number;
  readonly #weights: Weights;
  readonly #session: InferenceSession;

  private constructor(sizes: PerLayerSizes, width: number, weights: Weights, session: InferenceSession) {
    this.#sizes = sizes;
    this.#width = width;
    this.#weights = weights;
    this.#session = session;
  }

  /** @returns null for a model without per-layer embeddings */
  static async open(
    config: ModelConfig,
    weights: Weights,
    options: SessionOptions,
  ): Promise<PerLayerInputs | null> {
    if (config.perLayer === undefined) return null;
    const graph = buildPerLayer(config, config.perLayer, declareFrom(weights));
    const session = await openSession(graph, weights, options);
    return new PerLayerInputs(config.perLayer, config.layers.length * config.perLayer.size, weights, session);
  }

  /**
   * @param x scaled embeddings of right-padded rows, [B, T, d]
   * @param rows token ids after the replacement of placeholders, B rows of at most T
   */
  async of(x: Tensor, rows: readonly (readonly number[])[]): Promise<Record<string, Tensor>> {
    const [B, T] = x.dims as [number, number];
    const scale = Math.sqrt(this.#sizes.size);
    const table = new Float32Array(B * T * this.#width);
    rows.forEach((ids, row) => {
      ids.forEach((id, t) => {
        const own = this.#weights.read(perLayerName, [id, id + 1]);
        requireFiniteRow(perLayerName, id, own);
        table.set(
          own.map((value) => value * scale),
          (row * T + t) * this.#width,
        );
      });
    });
    const outputs = await this.#session.run({ x, rows: new Tensor("float32", table, [B, T, this.#width]) });
    return outputs;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
