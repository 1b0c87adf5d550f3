/**
 * A block's inputs about the positions of its tokens: their rotary angles, and the mask that says which positions each
 * may attend to. Angles are computed once per set of rotary settings, masks once per window.
 */

import { Tensor } from "../ort/ort.ts";
import type { RotaryTables } from "./rotary.ts";
import type { LayerConfig, Rope } from "./settings/config-types.ts";

/** Added to the score where a token may not attend. exp(-1e9) is exactly 0 in float32, and sums with it stay finite. */
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
   * @param pasts [B] number of tokens before the new ones, per row
   * @param S positions of the past in the cache's view, padding included
   * @param T new tokens per row, padding included
   * @param lengths [B] length of the whole sequence that is being read, per row, with the tokens that are not read yet
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
 * The positions that each new token may attend to, [B, 1, T, S+T]: its past without padding, and the new tokens up to
 * itself, both within the window when the layer has one.
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
