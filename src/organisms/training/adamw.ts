/** The optimizer of an organism: AdamW with clipping of the global gradient norm, and a cosine schedule. */
import { Adam, type AdamOptions } from "../../sae/training/state/adam.ts";

export interface AdamWOptions extends AdamOptions {
  /** Pulls matrices towards zero; norm weights are not affected. */
  weightDecay: number;
  /** If the Euclidean norm of all gradients together is larger than this, they are scaled down to it. */
  clipNorm: number;
}

export interface Parameter {
  shape: readonly number[];
  values: Float32Array<ArrayBuffer>;
}

export class AdamW {
  readonly #options: AdamWOptions;
  readonly #adam: Adam;

  constructor(options: AdamWOptions) {
    this.#options = options;
    this.#adam = new Adam(options);
  }

  /**
   * Makes one step, in place.
   * @param gradients by the same names, each as long as its parameter
   * @returns the norm of all gradients before clipping
   */
  step(
    parameters: ReadonlyMap<string, Parameter>,
    gradients: ReadonlyMap<string, Float32Array>,
    rate: number,
  ): number {
    const { weightDecay, clipNorm } = this.#options;
    const norm = euclideanNorm(gradients);
    const updates = [...parameters].map(([name, { shape, values }]) => ({
      name,
      values,
      gradient: gradients.get(name) ?? new Float32Array(0),
      shrink: shape.length > 1 ? 1 - rate * weightDecay : 1,
    }));
    this.#adam.step(updates, rate, norm > clipNorm ? clipNorm / norm : 1);
    return norm;
  }
}

function euclideanNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients.values()) for (const g of gradient) sum += g * g;
  return Math.sqrt(sum);
}

/**
 * The rate at a step: it rises linearly from 0 over `warmup` steps, then falls as a cosine to `floor` · peak at the
 * last step.
 */
export function learningRate(
  step: number,
  { steps, warmup, peak, floor }: { steps: number; warmup: number; peak: number; floor: number },
): number {
  const progress = step / Math.max(1, steps - 1);
  const cosine = floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress));
  return peak * Math.min(1, (step + 1) / warmup) * cosine;
}
