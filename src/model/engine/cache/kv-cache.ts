/**
 * The key/value cache. Every layer that has its own keys has one buffer of keys and one of values,
 * [slots, kvHeads, capacity, headDim], which are written in place. A slot holds one sequence. The slots in use are always
 * the first ones, so the cache of a batch is a view.
 */
import type { ModelConfig } from "../../architecture/config.ts";
import { Tensor } from "../../ort/ort.ts";

/** The capacity grows by a multiple of this many positions. Growing copies the cache once. */
const growth = 64;

interface LayerCache {
  readonly heads: number;
  readonly headDim: number;
  keys: Float32Array<ArrayBuffer>;
  values: Float32Array<ArrayBuffer>;
}

const sides = ["keys", "values"] as const;

/** The keys and values before the new tokens of a step. Slots are numbered from 0; a slot has one sequence. */
export interface Past {
  /** Number of tokens per slot. */
  readonly lengths: readonly number[];
  reserve(tokens: number): void;
  /** The number of positions in the tensors of these slots, padding included. */
  pastLength(first: number, count: number): number;
  /** The inputs [count, kvHeads, S, headDim] of a block. */
  past(layer: number, first: number, count: number, S: number): { past_key: Tensor; past_value: Tensor };
  /** Takes the keys and values of new tokens, [counts.length, kvHeads, T, headDim]. */
  write(
    layer: number,
    first: number,
    counts: readonly number[],
    T: number,
    key: Float32Array,
    value: Float32Array,
  ): void;
  advance(first: number, counts: readonly number[]): void;
}

export class KvCache implements Past {
  /** Number of tokens per open slot. */
  readonly lengths: number[] = [];
  readonly #slots: number;
  #capacity = 0;
  /** By layer. A layer that uses another layer's keys and values has no entry. */
  readonly #layers: ReadonlyMap<number, LayerCache>;

  /** @param slots how many sequences it can hold at once */
  constructor(config: ModelConfig, slots: number) {
    this.#slots = slots;
    const empty = new Float32Array(0);
    this.#layers = new Map(
      config.layers.flatMap(({ kvHeads, headDim, kvFrom }, layer) =>
        kvFrom === null ? [[layer, { heads: kvHeads, headDim, keys: empty, values: empty }]] : [],
      ),
    );
  }

  /** How many numbers one slot has in a buffer of this layer. */
  #slotSize({ heads, headDim }: LayerCache): number {
    return heads * this.#capacity * headDim;
  }

  /** Makes room for sequences of this many tokens. A layer allocates memory only when it is first written. */
  reserve(tokens: number): void {
    if (tokens <= this.#capacity) return;
    const before = this.#capacity;
    this.#capacity = Math.ceil(tokens / growth) * growth;
    for (const layer of this.#layers.values()) {
      const { heads, headDim } = layer;
      for (const side of sides) {
        if (layer[side].length === 0) continue;
        const grown = new Float32Array(this.#slots * this.#slotSize(layer));
        for (let run = 0; run < this.lengths.length * heads; run++) {
          const from = run * before * headDim;
          grown.set(layer[side].subarray(from, from + before * headDim), run * this.#capacity * headDim);
        }
        layer[side] = grown;
      }
    }
  }

  #allocate(layer: LayerCache, side: (typeof sides)[number]): void {
    if (layer[side].length === 0) layer[side] = new Float32Array(this.#slots * this.#slotSize(layer));
  }

  /** Opens a slot after the last one in use. If `prefix` is given, the slot starts as a copy of a slot of that cache. */
  open(prefix?: KvCache, from = 0): void {
    const slot = this.lengths.length;
    const length = prefix?.lengths[from] ?? 0;
    this.reserve(length);
    this.lengths.push(length);
    if (prefix === undefined) return;
    for (const [index, layer] of this.#layers) {
      const source = prefix.#layers.get(index)!;
      const { heads, headDim } = layer;
      for (const side of sides) {
        if (source[side].length === 0) continue;
        this.#allocate(layer, side);
        for (let head = 0; head < heads; head++) {
          const start = from * prefix.#slotSize(source) + head * prefix.#capacity * headDim;
          const to = slot * this.#slotSize(layer) + head * this.#capacity * headDim;
          layer[side].set(source[side].subarray(start, start + length * headDim), to);
        }
      }
    }
  }

  /**
   * Copies the keys and values of the first tokens of a slot, for another batch.
   * @param keys [kvHeads, S, headDim] that they are written to; `values` likewise
   */
  copyOut(layer: number, slot: number, S: number, keys: Float32Array, values: Float32Array): void {
    const own = this.#layers.get(layer)!;
    const { heads, headDim } = own;
    for (let head = 0; head < heads; head++) {
      const from = slot * this.#slotSize(own) + head * this.#capacity * headDim;
      keys.set(own.keys.subarray(from, from + S * headDim), head * S * headDim);
      values.set(own.values.subarray(from, from + S * headDim), head * S * headDim);
    }
  }

  /** Forgets the last tokens of a slot, all but the first `length`. */
  shorten(slot: number, length: number): void {
    this.lengths[slot] = Math.min(this.lengths[slot]!, length);
  }

  /** Closes a slot. The last slot moves to its place. */
  close(slot: number): void {
    const last = this.lengths.length - 1;
    if (slot !== last) {
      for (const layer of this.#layers.values()) {
        const size = this.#slotSize(layer);
        for (const side of sides) layer[side].copyWithin(slot * size, last * size, (last + 1) * size);
      }
      this.lengths[slot] = this.lengths[last]!;
    }
    this.lengths.pop();
  }

  /** The number of past positions in a tensor of these slots, padding included. */
  pastLength(first: number, count: number): number {
    for (let slot = first; slot < first + count; slot++) if (this.lengths[slot]! > 0) return this.#capacity;
    return 0;
  }

  /**
   * The past of a run of slots, as a block's inputs [count, kvHeads, S, headDim]. It is a view of the cache, not a copy.
   * @param S from `pastLength`; if there is no past, any number of positions, which the mask must hide
   */
  past(layer: number, first: number, count: number, S: number): { past_key: Tensor; past_value: Tensor } {
    const own = this.#layers.get(layer)!;
    const size = this.#slotSize(own);
    const dims = [count, own.heads, S, own.headDim];
    const isEmpty = this.pastLength(first, count) === 0;
    const view = (buffer: Float32Array<ArrayBuffer>): Tensor =>
      new Tensor(
        "float32",
        isEmpty
          ? new Float32Array(count * own.heads * S * own.headDim)
          : buffer.subarray(first * size, (first + count) * size),
        dims,
      );
    return { past_key: view(own.keys), past_value: view(own.values) };
  }

  /**
   * Writes the keys and values of new tokens after the tokens of each slot. It does not change `lengths`; call `advance`
   * once all layers are written.
   * @param key [counts.length, kvHeads, T, headDim], right-padded; `value` has the same shape
   * @param counts new tokens per row, without padding
   */
  write(
    layer: number,
    first: number,
    counts: readonly number[],
    T: number,
    key: Float32Array,
    value: Float32Array,
  ): void {
    const own = this.#layers.get(layer)!;
    for (const side of sides) this.#allocate(own, side);
    const { heads, headDim, keys, values } = own;
    const capacity = this.#capacity;
    for (let row = 0; row < counts.length; row++) {
      const size = counts[row]! * headDim;
      const at = this.lengths[first + row]! * headDim;
      for (let head = 0; head < heads; head++) {
        const from = (row * heads + head) * T * headDim;
        const to = ((first + row) * heads + head) * capacity * headDim + at;
        for (let i = 0; i < size; i++) {
          keys[to + i] = key[from + i]!;
          values[to + i] = value[from + i]!;
        }
      }
    }
  }

  advance(first: number, counts: readonly number[]): void {
    counts.forEach((count, row) => (this.lengths[first + row]! += count));
  }
}
