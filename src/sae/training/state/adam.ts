/** Adam (arXiv 1412.6980) with decoupled weight decay (AdamW, 1711.05101), in place, over named arrays. */

export interface AdamOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** One array that a step updates. */
export interface AdamUpdate {
  name: string;
  values: Float32Array;
  /** d loss / d values, of the same length. */
  gradient: Float32Array;
  /** The values are first multiplied by this: 1 − rate · decay for weight decay, 1 without. */
  shrink: number;
  /** Its rate as a multiple of the step's rate; default 1. */
  pace?: number;
}

/** What Adam remembers from step to step. A descent that is resumed with a kept state gives the same numbers. */
export interface AdamState {
  /** Number of steps done. */
  steps: number;
  /** Running means of the gradient and of its square, by the array's name. */
  moments: Map<string, { first: Float32Array; second: Float32Array }>;
}

export class Adam {
  readonly state: AdamState;
  readonly #options: AdamOptions;

  constructor(options: AdamOptions, state: AdamState = { steps: 0, moments: new Map() }) {
    this.#options = options;
    this.state = state;
  }

  /** @param scale multiplies every gradient; below 1 if they are clipped together */
  step(updates: Iterable<AdamUpdate>, rate: number, scale = 1): void {
    const { beta1, beta2, epsilon } = this.#options;
    const steps = ++this.state.steps;
    const stride = rate / (1 - beta1 ** steps);
    const unbias = 1 / (1 - beta2 ** steps);
    for (const { name, values, gradient, shrink, pace = 1 } of updates) {
      if (gradient.length !== values.length)
        throw new RangeError(
          `Adam: expected ${values.length} gradients of ${name}, found ${gradient.length}`,
        );
      const { first, second } = this.#momentsOf(name, values.length);
      for (let i = 0; i < values.length; i++) {
        const g = gradient[i]! * scale;
        const m = (first[i] = beta1 * first[i]! + (1 - beta1) * g);
        const v = (second[i] = beta2 * second[i]! + (1 - beta2) * g * g);
        values[i] = values[i]! * shrink - (pace * stride * m) / (Math.sqrt(v * unbias) + epsilon);
      }
    }
  }

  #momentsOf(name: string, length: number): { first: Float32Array; second: Float32Array } {
    const known = this.state.moments.get(name);
    if (known !== undefined) return known;
    const fresh = { first: new Float32Array(length), second: new Float32Array(length) };
    this.state.moments.set(name, fresh);
    return fresh;
  }
}
