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

/** Running means of a gradient and of its square. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

export function freshMoments(length: number): Moments {
  return { first: new Float32Array(length), second: new Float32Array(length) };
}

/** What is the same for all numbers of a step. */
export interface AdamStep extends AdamOptions {
  /** The rate over 1 − β₁ᵗ. */
  stride: number;
  /** 1 / (1 − β₂ᵗ) */
  unbias: number;
}

/** @param steps t, counted from 1 */
export function adamStep(options: AdamOptions, steps: number, rate: number): AdamStep {
  const { beta1, beta2 } = options;
  return { ...options, stride: rate / (1 - beta1 ** steps), unbias: 1 / (1 - beta2 ** steps) };
}

/** @param scale multiplies every gradient; below 1 if they are clipped together */
export function adamUpdate(
  { name, values, gradient, shrink, pace = 1 }: AdamUpdate,
  { first, second }: Moments,
  { beta1, beta2, epsilon, stride, unbias }: AdamStep,
  scale = 1,
): void {
  if (gradient.length !== values.length)
    throw new RangeError(`Adam: expected ${values.length} gradients of ${name}, found ${gradient.length}`);
  const [new1, new2, length] = [1 - beta1, 1 - beta2, pace * stride];
  for (let i = 0; i < values.length; i++) {
    const g = gradient[i]! * scale;
    const m = (first[i] = beta1 * first[i]! + new1 * g);
    const v = (second[i] = beta2 * second[i]! + new2 * g * g);
    values[i] = values[i]! * shrink - (length * m) / (Math.sqrt(v * unbias) + epsilon);
  }
}

/** What Adam remembers from step to step. A descent that is resumed with a kept state gives the same numbers. */
export interface AdamState {
  /** Number of steps done. */
  steps: number;
  /** By the array's name. */
  moments: Map<string, Moments>;
}

export class Adam {
  readonly #options: AdamOptions;
  readonly #state: AdamState = { steps: 0, moments: new Map() };

  constructor(options: AdamOptions) {
    this.#options = options;
  }

  /** @param scale multiplies every gradient; below 1 if they are clipped together */
  step(updates: Iterable<AdamUpdate>, rate: number, scale = 1): void {
    const now = adamStep(this.#options, ++this.#state.steps, rate);
    for (const update of updates)
      adamUpdate(update, this.#momentsOf(update.name, update.values.length), now, scale);
  }

  #momentsOf(name: string, length: number): Moments {
    const known = this.#state.moments.get(name);
    if (known !== undefined) return known;
    const fresh = freshMoments(length);
    this.#state.moments.set(name, fresh);
    return fresh;
  }
}
