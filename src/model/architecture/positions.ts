/**
 * What a block is told about where its tokens stand: their rotary angles and what each may look at. Made once for every
 * rotary table and every window among the layers.
 */

import { Tensor } from "../ort/ort.ts";
import type { RotaryTables } from "./rotary.ts";
import type { LayerConfig, Rope } from "./settings/config-types.ts";

/** Added where a token may not look: exp of it is exactly 0 in float32, and it stays finite through a cap. */
const unseen = -1e9;

export class Positions {
  readonly #tables: RotaryTables;
  readonly #pasts: readonly number[];
  readonly #lengths: readonly number[];
  readonly #S: number;
  readonly #T: number;
  readonly #angles = new Map<Rope, { cos: Tensor; sin: Tensor }>();
  readonly #masks = new Map<number | null, Tensor>();

  /**
   * @param pasts [B] tokens that each row has behind it
   * @param S positions of the past in the cache's view, padding included
   * @param T new tokens of each row, padding included
   * @param lengths [B] of the whole sequences that are being read, tokens still to come included
   */
  constructor(
    tables: RotaryTables,
    pasts: readonly number[],
    S: number,
    T: number,
    lengths: readonly number[],
  ) {
    this.#tables = tables;
    this.#pasts = pasts;
    this.#lengths = lengths;
    this.#S = S;
    this.#T = T;
  }

  /** The inputs cos, sin and mask of a layer's block. */
  of({ rope, window }: LayerConfig): { cos: Tensor; sin: Tensor; mask: Tensor } {
    let angles = this.#angles.get(rope);
    if (angles === undefined) this.#angles.set(rope, (angles = this.#anglesOf(rope)));
    let mask = this.#masks.get(window);
    if (mask === undefined) this.#masks.set(window, (mask = this.#maskOf(window)));
    return { ...angles, mask };
  }

  #anglesOf(rope: Rope): { cos: Tensor; sin: Tensor } {
    const pasts = this.#pasts;
    const T = this.#T;
    const dims = [pasts.length, T, rope.rotated / 2];
    const cos = new Float32Array((pasts.length * T * rope.rotated) / 2);
    const sin = new Float32Array(cos.length);
    for (const [row, past] of pasts.entries()) {
      const table = this.#tables.of(rope, this.#lengths[row]!);
      for (let t = 0; t < T; t++) table.write(past + t, row * T + t, cos, sin);
    }
    return { cos: new Tensor("float32", cos, dims), sin: new Tensor("float32", sin, dims) };
  }

  #maskOf(window: number | null): Tensor {
    const pasts = this.#pasts;
    const S = this.#S;
    const T = this.#T;
    return new Tensor("float32", attentionMask(pasts, S, T, window), [pasts.length, 1, T, S + T]);
  }
}

/**
 * What each new token may look at, [B, 1, T, S+T]: the real part of its past and the new tokens up to itself, within
 * the window when the layer has one.
 */
function attentionMask(
  pasts: readonly number[],
  S: number,
  T: number,
  window: number | null,
): Float32Array<ArrayBuffer> {
  const width = S + T;
  const mask = new Float32Array(pasts.length * T * width).fill(unseen);
  const reach = window ?? Number.POSITIVE_INFINITY;
  pasts.forEach((past, row) => {
    for (let t = 0; t < T; t++) {
      const at = (row * T + t) * width;
      const firstSeen = Math.max(0, past + t - reach + 1);
      mask.fill(0, at + firstSeen, at + past);
      mask.fill(0, at + S + Math.max(0, t - reach + 1), at + S + t + 1);
    }
  });
  return mask;
}
