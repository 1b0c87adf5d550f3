/**
 * Tokens on which each feature is active, in memory that does not grow with the text: the strongest tokens, at most
 * one per text, and tokens drawn at random from all on which it is active. The strongest alone make a feature look
 * better than it is, because most of its activity is elsewhere.
 */
import type { Random } from "../../../core/random.ts";

export interface Peak {
  row: number;
  value: number;
}

export interface PeakLimits {
  /** How many of a feature's strongest tokens are kept, each from a different text. */
  strongest: number;
  /** How many tokens are drawn with equal probability from all tokens on which the feature is active. */
  drawn: number;
}

export class Peaks {
  readonly #limits: PeakLimits;
  readonly #random: Random;
  readonly #top: Slots;
  readonly #texts: Int32Array;
  readonly #reservoir: Slots;
  readonly #seen: Uint32Array;

  /** @param features d_sae */
  constructor(features: number, limits: PeakLimits, random: Random) {
    this.#limits = limits;
    this.#random = random;
    this.#top = slots(features * limits.strongest);
    this.#texts = new Int32Array(features * limits.strongest).fill(-1);
    this.#reservoir = slots(features * limits.drawn);
    this.#seen = new Uint32Array(features);
  }

  /** Rows may come in any order; rows of different texts may be mixed. @param value above 0 */
  add(feature: number, row: number, text: number, value: number): void {
    this.#keepIfStrong(feature, row, text, value);
    // Reservoir sampling (Vitter 1985, algorithm R).
    const count = this.#seen[feature]!++;
    const { drawn } = this.#limits;
    const place = count < drawn ? count : this.#random.integer(count + 1);
    if (place < drawn) put(this.#reservoir, feature * drawn + place, row, value);
  }

  /** `strongest`: the strongest first. `drawn`: in the order of rows, without tokens that are among the strongest. */
  of(feature: number): { strongest: Peak[]; drawn: Peak[] } {
    const { strongest, drawn } = this.#limits;
    const top = kept(this.#top, feature * strongest, strongest).sort(
      (a, b) => b.value - a.value || a.row - b.row,
    );
    const rest = kept(this.#reservoir, feature * drawn, drawn)
      .filter(({ row }) => !top.some((peak) => peak.row === row))
      .sort((a, b) => a.row - b.row);
    return { strongest: top, drawn: rest };
  }

  #keepIfStrong(feature: number, row: number, text: number, value: number): void {
    const { strongest } = this.#limits;
    const start = feature * strongest;
    let weakest = start;
    for (let at = start; at < start + strongest; at++) {
      if (this.#texts[at] === text) {
        weakest = at;
        break;
      }
      if (this.#top.values[at]! < this.#top.values[weakest]!) weakest = at;
    }
    // If values are equal, the one seen first stays.
    if (strongest === 0 || !(value > this.#top.values[weakest]!)) return;
    put(this.#top, weakest, row, value);
    this.#texts[weakest] = text;
  }
}

/** An empty slot has the value 0 and the row −1. */
interface Slots {
  values: Float32Array;
  rows: Int32Array;
}

function slots(count: number): Slots {
  return { values: new Float32Array(count), rows: new Int32Array(count).fill(-1) };
}

function put({ values, rows }: Slots, at: number, row: number, value: number): void {
  values[at] = value;
  rows[at] = row;
}

function kept({ values, rows }: Slots, from: number, count: number): Peak[] {
  return Array.from({ length: count }, (_, i) => ({
    row: rows[from + i]!,
    value: values[from + i]!,
  })).filter(({ row }) => row >= 0);
}
