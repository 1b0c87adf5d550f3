/**
 * Tables for rotary position embedding. They round to float32 in the same steps as Transformers, because at position
 * 2,000 a last-bit difference in a frequency changes the angle visibly.
 */
import type { ModelConfig, Rope, RopeScaling } from "./settings/config-types.ts";

const f = Math.fround;

type Scaling<Type extends RopeScaling["type"]> = Extract<RopeScaling, { type: Type }>;

/**
 * Inverse frequencies [rotated / 2], with the scaling of the config (linear: arXiv 2306.15595; llama3: 2407.21783; yarn:
 * 2309.00071; longrope: 2402.13753).
 * @param beyond whether the sequence is longer than LongRoPE's original context
 */
export function inverseFrequencies({ theta, rotated, scaling }: Rope, beyond: boolean): Float32Array {
  const powers = Float32Array.from({ length: rotated / 2 }, (_, i) => theta ** f((2 * i) / rotated));
  const plain = powers.map((power) => 1 / power);
  switch (scaling?.type) {
    case undefined:
      return plain;
    case "linear":
      return plain.map((frequency) => frequency / scaling.factor);
    case "proportional": {
      const turned = Math.floor((scaling.part * rotated) / 2);
      return plain.map((frequency, i) => (i < turned ? frequency / scaling.factor : 0));
    }
    case "llama3":
      return plain.map((frequency) => llama3(frequency, scaling));
    case "yarn":
      return yarn(powers, plain, theta, scaling);
    case "longrope": {
      const divisors = beyond ? scaling.longFactors : scaling.shortFactors;
      return powers.map((power, i) => 1 / f(f(divisors[i]!) * power));
    }
  }
}

function llama3(frequency: number, scaling: Scaling<"llama3">): number {
  const { factor, lowFreqFactor, highFreqFactor, originalContext } = scaling;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < originalContext / highFreqFactor) return frequency;
  if (wavelength > originalContext / lowFreqFactor) return frequency / factor;
  const smooth = (originalContext / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

function yarn(
  powers: Float32Array,
  plain: Float32Array,
  theta: number,
  scaling: Scaling<"yarn">,
): Float32Array {
  const { factor, originalContext, fastRotations, slowRotations, truncate } = scaling;
  const rotated = 2 * plain.length;
  // The dimension that makes this many rotations within the original context.
  const dimension = (rotations: number) =>
    (rotated * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [dimension(fastRotations), dimension(slowRotations)];
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(truncate ? Math.ceil(slow) : slow, rotated - 1);
  const width = low === high ? 0.001 : high - low;
  return plain.map((frequency, i) => {
    const divided = f(1 / f(factor * powers[i]!));
    const kept = f(1 - Math.min(1, Math.max(0, f(f(i - f(low)) / f(width)))));
    return f(divided * f(1 - kept)) + f(frequency * kept);
  });
}

/**
 * The length beyond which every position of a sequence has other angles (LongRoPE); null when there is no such length.
 */
export function ropeSwitch({ layers }: ModelConfig): number | null {
  const switches = layers.flatMap(({ rope: { scaling } }) =>
    scaling?.type === "longrope" ? [scaling.originalContext] : [],
  );
  return switches[0] ?? null;
}

/** Cosines and sines of the positions from 0, each [positions, rotated / 2]. */
class RotaryTable {
  readonly #frequencies: Float32Array;
  readonly #factor: number;
  #cosines: Float32Array<ArrayBuffer> = new Float32Array(0);
  #sines: Float32Array<ArrayBuffer> = new Float32Array(0);
  #positions = 0;

  constructor(rope: Rope, beyond: boolean) {
    const { scaling } = rope;
    this.#frequencies = inverseFrequencies(rope, beyond);
    this.#factor = scaling !== null && "attentionFactor" in scaling ? f(scaling.attentionFactor) : 1;
  }

  /** Writes the cosines and sines of `position` to row `row` of `cos` and `sin`. */
  write(position: number, row: number, cos: Float32Array, sin: Float32Array): void {
    const half = this.#frequencies.length;
    if (position >= this.#positions) this.#grow(position + 1);
    cos.set(this.#cosines.subarray(position * half, (position + 1) * half), row * half);
    sin.set(this.#sines.subarray(position * half, (position + 1) * half), row * half);
  }

  #grow(positions: number): void {
    const half = this.#frequencies.length;
    this.#positions = Math.max(positions, this.#positions * 2, 256);
    this.#cosines = new Float32Array(this.#positions * half);
    this.#sines = new Float32Array(this.#positions * half);
    for (let position = 0; position < this.#positions; position++) {
      for (let i = 0; i < half; i++) {
        const angle = f(position * this.#frequencies[i]!);
        this.#cosines[position * half + i] = f(Math.cos(angle)) * this.#factor;
        this.#sines[position * half + i] = f(Math.sin(angle)) * this.#factor;
      }
    }
  }
}

/** The tables of a model's layers, made when they are first needed: one or two per object of rotary settings. */
export class RotaryTables {
  readonly #usual = new Map<Rope, RotaryTable>();
  readonly #beyond = new Map<Rope, RotaryTable>();

  /** @param length the length of the whole sequence that is being read */
  of(rope: Rope, length: number): RotaryTable {
    const { scaling } = rope;
    const beyond = scaling?.type === "longrope" && length > scaling.originalContext;
    const tables = beyond ? this.#beyond : this.#usual;
    let table = tables.get(rope);
    if (table === undefined) tables.set(rope, (table = new RotaryTable(rope, beyond)));
    return table;
  }
}
