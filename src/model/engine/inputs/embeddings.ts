/** Reads embedding rows from the weights and keeps them decoded. A prompt set uses few rows of a vocabulary, and uses them often. */
import { badInput } from "../../../core/errors.ts";
import { embeddingName } from "../../architecture/block-graphs.ts";
import type { ModelConfig } from "../../architecture/config.ts";
import { requireFiniteRow } from "../../weights/finite.ts";
import type { Weights } from "../../weights/weights.ts";

/** How many decoded rows are kept. */
const rowsKept = 16_384;

export class Embeddings {
  readonly #config: ModelConfig;
  readonly #weights: Weights;
  readonly #rows = new Map<number, Float32Array>();

  constructor(config: ModelConfig, weights: Weights) {
    this.#config = config;
    this.#weights = weights;
  }

  /** Scaled embeddings of right-padded rows, [B, T, d]; padding is zeros. */
  of(rows: readonly (readonly number[])[], T: number): Float32Array<ArrayBuffer> {
    const { hiddenSize } = this.#config;
    const out = new Float32Array(rows.length * T * hiddenSize);
    this.read(rows).forEach((ids, row) => {
      ids.forEach((id, t) => {
        out.set(this.#row(id), (row * T + t) * hiddenSize);
      });
    });
    return out;
  }

  /** The ids to embed: placeholders of pictures and sounds are embedded as another token. */
  read(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
    const { placeholders } = this.#config;
    if (placeholders === undefined) return rows;
    return rows.map((ids) => ids.map((id) => (placeholders.ids.includes(id) ? placeholders.readAs : id)));
  }

  #row(id: number): Float32Array {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const { embeddingScale, vocabSize } = this.#config;
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
      throw badInput("token ids", `whole numbers from 0 to ${vocabSize - 1}`, String(id));
    }
    const stored = this.#weights.read(embeddingName, [id, id + 1]);
    requireFiniteRow(embeddingName, id, stored);
    const embedding = stored.map((v) => v * embeddingScale);
    if (this.#rows.size >= rowsKept) this.#rows.clear();
    this.#rows.set(id, embedding);
    return embedding;
  }
}
