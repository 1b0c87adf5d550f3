/**
 * A step of descent for a range of features: their gradients, and their rows of the weights. A feature's rows depend on no
 * other feature's. So threads may share the features out, and the numbers do not depend on how many threads there are.
 */
import { tangent, unitRows } from "../../code/unit-rows.ts";
import type { Places } from "../loss/loss-session.ts";
import { addPlaceGradients, type FeatureRange } from "../loss/place-gradients.ts";
import { type AdamStep, adamUpdate, type Moments } from "../state/adam.ts";
import { lengthOf, type TrainedName, type Weights, type Widths } from "../state/weights.ts";

/** The trained tensors that have a row or a number for each feature. */
export type FeatureName = Exclude<TrainedName, "b_dec">;

/** What stays the same from step to step, apart from its values. */
export interface Trained {
  widths: Widths;
  names: readonly FeatureName[];
  weights: Weights;
  moments: ReadonlyMap<TrainedName, Moments>;
  /** By name: the rate as a multiple of the step's rate. */
  paces: Partial<Record<TrainedName, number>>;
}

/** What a step brings. */
export interface Gradients {
  /** [B, d_in] the batch, scaled. */
  x: Float32Array;
  /** What the graph computed, changed in place; a tensor without an entry has 0. */
  given: Partial<Weights>;
  places: Places | null;
  adam: AdamStep;
  /** The weights are first multiplied by this. */
  shrink: number;
}

/** Features of a range: so many that their rows of a matrix stay in the processor's cache. */
export function rangeSize({ d_in, d_sae }: Widths): number {
  return Math.min(d_sae, Math.ceil(2 ** 17 / d_in));
}

export class FeatureRows {
  readonly #trained: Trained;
  /** Gradients of a range that the graph did not compute, reused: new memory pages at every step would cost as much as the sums. */
  readonly #gradients: Weights;

  constructor(trained: Trained) {
    const { widths, names } = trained;
    this.#trained = trained;
    const some = { ...widths, d_sae: rangeSize(widths) };
    this.#gradients = Object.fromEntries(
      names.map((name) => [name, new Float32Array(lengthOf(name, some))]),
    ) as Weights;
  }

  /**
   * Updates the weights of some features in place.
   * @param range of at most `rangeSize` features
   * @returns [d_in] what these features subtract from the gradient of b_dec; null without places
   */
  step({ x, given, places, adam, shrink }: Gradients, range: FeatureRange): Float64Array | null {
    const { widths, names, weights, moments, paces } = this.#trained;
    const part = <T extends Float32Array>(name: FeatureName, whole: T): T => {
      const width = lengthOf(name, widths) / widths.d_sae;
      return whole.subarray(range.from * width, range.to * width) as T;
    };
    const gradients = { ...this.#gradients };
    for (const name of names) {
      const whole = given[name];
      const length = lengthOf(name, { ...widths, d_sae: range.to - range.from });
      gradients[name] =
        whole === undefined ? this.#gradients[name]!.subarray(0, length).fill(0) : part(name, whole);
    }
    const ofCentre =
      places === null
        ? null
        : addPlaceGradients(gradients, places.byFeature, places.outputs, x, weights, range);
    const decoder = part("W_dec", weights.W_dec);
    tangent(gradients.W_dec, decoder, widths.d_in);
    for (const name of names) {
      const { first, second } = moments.get(name)!;
      const [values, gradient, pace = 1] = [part(name, weights[name]!), gradients[name]!, paces[name]];
      adamUpdate(
        { name, values, gradient, shrink, pace },
        { first: part(name, first), second: part(name, second) },
        adam,
      );
    }
    unitRows(decoder, widths.d_in);
    return ofCentre;
  }
}
