/**
 * Rotary position embedding tables. Rounded to float32 at the same places as Transformers, because at position 2,000
 * a last-bit difference in a frequency is a visible angle.
 */
import type { Rope } from "./config-types.ts";

const f = Math.fround;

/** Inverse frequencies [rotated / 2], scaled as the config says (llama3: arXiv 2407.21783; linear: 2306.15595). */
export function inverseFrequencies({ theta, rotated, scaling }: Rope): Float32Array {
  const frequencies = new Float32Array(rotated / 2);
  for (let i = 0; i < frequencies.length; i++) {
    const plain = f(1 / f(theta ** f((2 * i) / rotated)));
    if (scaling === null) frequencies[i] = plain;
    else if (scaling.type === "linear") frequencies[i] = f(plain / scaling.factor);
    else if (scaling.type === "proportional")
      frequencies[i] = i < Math.floor((scaling.part * rotated) / 2) ? f(plain / scaling.factor) : 0;
    else {
      const wavelength = (2 * Math.PI) / plain;
      const low = scaling.originalContext / scaling.lowFreqFactor;
      const high = scaling.originalContext / scaling.highFreqFactor;
      if (wavelength < high) frequencies[i] = plain;
      else if (wavelength > low) frequencies[i] = f(plain / scaling.factor);
      else {
        const { lowFreqFactor, highFreqFactor } = scaling;
        const smooth =
          (scaling.originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
        frequencies[i] = f(((1 - smooth) * plain) / scaling.factor + smooth * plain);
      }
    }
  }
  return frequencies;
}

/** Cosines and sines of given positions, each [positions.length, rotated / 2]. */
class RotaryTable {
  private readonly frequencies: Float32Array;
  private cosines: Float32Array<ArrayBuffer> = new Float32Array(0);
  private sines: Float32Array<ArrayBuffer> = new Float32Array(0);
  private positions = 0;

  constructor(rope: Rope) {
    this.frequencies = inverseFrequencies(rope);
  }

  at(positions: ArrayLike<number>): { cos: Float32Array<ArrayBuffer>; sin: Float32Array<ArrayBuffer> } {
    const half = this.frequencies.length;
    const cos = new Float32Array(positions.length * half);
    const sin = new Float32Array(positions.length * half);
    for (let i = 0; i < positions.length; i++) {
      const position = positions[i]!;
      if (position >= this.positions) this.grow(position + 1);
      cos.set(this.cosines.subarray(position * half, (position + 1) * half), i * half);
      sin.set(this.sines.subarray(position * half, (position + 1) * half), i * half);
    }
    return { cos, sin };
  }

  private grow(positions: number): void {
    const half = this.frequencies.length;
    this.positions = Math.max(positions, this.positions * 2, 256);
    this.cosines = new Float32Array(this.positions * half);
    this.sines = new Float32Array(this.positions * half);
    for (let position = 0; position < this.positions; position++) {
      for (let i = 0; i < half; i++) {
        const angle = f(position * this.frequencies[i]!);
        this.cosines[position * half + i] = Math.cos(angle);
        this.sines[position * half + i] = Math.sin(angle);
      }
    }
  }
}

/** The tables of a model's layers, made as they are asked for: one for each object of rotary settings. */
export class RotaryTables {
  private readonly tables = new Map<Rope, RotaryTable>();

  of(rope: Rope): RotaryTable {
    let table = this.tables.get(rope);
    if (table === undefined) this.tables.set(rope, (table = new RotaryTable(rope)));
    return table;
  }
}
