/**
 * The key/value cache: for each layer with keys of its own one buffer of keys and one of values,
 * [slots, kvHeads, capacity, headDim], written in place. A slot is one sequence. Slots in use are always the first ones,
 * so the cache of a batch is a view.
 */
import type { ModelConfig } from "../architecture/config.ts";
import { Tensor } from "../ort/ort.ts";

/** Positions that the cache grows by; regrowing copies it once. */
const growth = 64;

interface LayerCache {
  readonly heads: number;
  readonly headDim: number;
  keys: Float32Array<ArrayBuffer>;
  values: Float32Array<ArrayBuffer>;
}

const sides = ["keys", "values"] as const;

export class KvCache {
  /** Tokens held, one per slot. */
  readonly lengths: number[] = [];
  readonly #slots: number;
  #capacity = 0;
  /** By layer; a layer that attends to another's keys has none. */
  readonly #layers: ReadonlyMap<number, LayerCache>;

  /** @param slots sequences it can hold at once */
  constructor(config: ModelConfig, slots: number) {
    this.#slots = slots;
    const empty = new Float32Array(0);
    this.#layers = new Map(
      config.layers.flatMap(({ kvHeads, headDim, kvFrom }, layer) =>
        kvFrom === null ? [[layer, { heads: kvHeads, headDim, keys: empty, values: empty }]] : [],
      ),
    );
  }

  /** Numbers of one slot in one layer. */
  #slotSize({ heads, headDim }: LayerCache): number {
    return heads * this.#capacity * headDim;
  }

  /** Makes room for sequences of this many tokens; a layer takes none of it before it is written to. */
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

  /** Opens a slot after the last one in use, holding a copy of `prefix` (slot 0 of another cache) when given. */
  open(prefix: KvCache | null = null): void {
    const slot = this.lengths.length;
    const length = prefix?.lengths[0] ?? 0;
    this.reserve(length);
    this.lengths.push(length);
    if (prefix === null) return;
    for (const [index, layer] of this.#layers) {
      const source = prefix.#layers.get(index)!;
      const { heads, headDim } = layer;
      for (const side of sides) {
        if (source[side].length === 0) continue;
        this.#allocate(layer, side);
        for (let head = 0; head < heads; head++) {
          const from = head * prefix.#capacity * headDim;
          const to = slot * this.#slotSize(layer) + head * this.#capacity * headDim;
          layer[side].set(source[side].subarray(from, from + length * headDim), to);
        }
      }
    }
  }

  /** Forgets what a slot holds, so that its sequence can be read again. */
  empty(slot: number): void {
    this.lengths[slot] = 0;
  }

  /** Closes a slot; the last one takes its place. */
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

  /** How many past positions a tensor of these slots has, padding included. */
  pastLength(first: number, count: number): number {
    for (let slot = first; slot < first + count; slot++) if (this.lengths[slot]! > 0) return this.#capacity;
    return 0;
  }

  /**
   * The past of a run of slots, a block's inputs [count, kvHeads, S, headDim]: a view of the cache, nothing is copied.
   * @param S from `pastLength`; where there is no past, it may be any number of positions that nothing looks at
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
   * Writes the keys and values of new tokens after what each slot holds. `lengths` is not changed: it moves on once,
   * when all layers are written.
   * @param key [counts.length, kvHeads, T, headDim], right-padded
   * @param counts real new tokens per row
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
