/** The past of rows that begin with the same tokens, which were read in a batch of their own. */
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import { Tensor } from "../../ort/ort.ts";
import type { KvCache, Past } from "./kv-cache.ts";

/** The keys and values of a start, in a slot of the batch in which it was read. */
export interface StartSlot {
  cache: KvCache;
  slot: number;
}

/** What is read after the starts is not kept. */
export class StartPast implements Past {
  readonly lengths: readonly number[];
  readonly #config: ModelConfig;
  readonly #starts: readonly (StartSlot | null)[];
  readonly #tokens: number;

  /** @param starts by row; null for rows that have none @param tokens of the starts */
  constructor(config: ModelConfig, starts: readonly (StartSlot | null)[], tokens: number) {
    this.#config = config;
    this.#starts = starts;
    this.#tokens = tokens;
    this.lengths = starts.map((start) => (start === null ? 0 : tokens));
  }

  pastLength(): number {
    return Math.max(...this.lengths);
  }

  past(layer: number, first: number, count: number, S: number): { past_key: Tensor; past_value: Tensor } {
    const { kvHeads, headDim } = this.#config.layers[layer]!;
    const size = kvHeads * S * headDim;
    const keys = new Float32Array(count * size);
    const values = new Float32Array(count * size);
    for (let row = 0; row < count; row++) {
      const start = this.#starts[first + row] ?? null;
      if (start === null) continue;
      const [from, to] = [row * size, (row + 1) * size];
      start.cache.copyOut(layer, start.slot, S, keys.subarray(from, to), values.subarray(from, to));
    }
    const dims = [count, kvHeads, S, headDim];
    return { past_key: new Tensor("float32", keys, dims), past_value: new Tensor("float32", values, dims) };
  }

  reserve(): never {
    throw this.#readOnly();
  }

  write(): never {
    throw this.#readOnly();
  }

  advance(): never {
    throw this.#readOnly();
  }

  #readOnly(): Error {
    return new Error(`StartPast: expected a step that does not remember, after ${this.#tokens} tokens`);
  }
}
