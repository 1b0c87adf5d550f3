/** Runs the loss graph: the loss of a batch, and what its gradients are computed from. */
import { type InferenceSession, Tensor } from "../../../model/ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../../model/ort/session.ts";
import type { LossTerm, Objective, StepState } from "../objectives/objective.ts";
import { dimsOf, trainedNames, type Weights, type Widths } from "../state/weights.ts";
import { lossGraph, weightOf } from "./loss.ts";
import { type ByFeature, byFeature, type PlaceOutputs } from "./place-gradients.ts";

export interface Loss {
  /** The reconstruction's part of the loss: the fraction of variance unexplained. */
  unexplained: number;
  /** Values of the terms with a weight above 0 at this step, before the weight is applied. */
  terms: Record<string, number>;
  /** Number of tokens on which each feature is active [d_sae]. */
  fired: Float32Array;
  /** The smallest active feature; 0 if none is active; null if the objective does not choose features by their size. */
  smallest: number | null;
  /** Gradients that the graph computed. The others are 0, before `places`. */
  gradients: Partial<Weights>;
  /** What adds to the gradients (place-gradients.ts); null if the objective chooses no places. */
  places: Places | null;
}

export interface Places {
  byFeature: ByFeature;
  outputs: PlaceOutputs<Float32Array>;
}

type Outputs = InferenceSession.OnnxValueMapType;

const scalar = (value: number) => new Tensor("float32", Float32Array.of(value), []);

export class LossSession {
  readonly #widths: Widths;
  readonly #objective: Objective;
  readonly #terms: readonly LossTerm[];
  readonly #options: SessionOptions;
  /**
   * One session per set of terms that a step has needed. A term may cost a decoding, so it runs only if its weight is
   * not 0.
   */
  readonly #sessions = new Map<string, InferenceSession>();
  /** @param more terms in addition to the objective's */
  constructor(widths: Widths, objective: Objective, more: readonly LossTerm[], options: SessionOptions) {
    this.#widths = widths;
    this.#objective = objective;
    this.#terms = [...objective.terms, ...more];
    this.#options = options;
  }

  /** @param x [B, d_in], scaled @param variance V, for the scaled rows */
  async run(x: Float32Array, weights: Weights, variance: number, now: StepState): Promise<Loss> {
    const names = trainedNames(this.#objective.own);
    const weighing = this.#terms
      .map((term) => ({ term, ...term.at(now) }))
      .filter(({ weight }) => weight !== 0);
    const tensor = (values: Float32Array, dims: number[]) => new Tensor("float32", values, dims);
    const session = await this.#sessionWith(weighing.map(({ term }) => term));
    const outputs = await session.run({
      x: tensor(x, [x.length / this.#widths.d_in, this.#widths.d_in]),
      ...Object.fromEntries(names.map((name) => [name, tensor(weights[name]!, dimsOf(name, this.#widths))])),
      variance: scalar(variance),
      ...Object.fromEntries(weighing.map(({ term, weight }) => [weightOf(term.name), scalar(weight)])),
      ...Object.fromEntries(weighing.flatMap(({ feeds }) => Object.entries(feeds))),
    });
    const given = names.filter((name) => `d ${name}` in outputs);
    return {
      unexplained: numbersOf(outputs, "unexplained")[0]!,
      terms: Object.fromEntries(weighing.map(({ term: { name } }) => [name, numbersOf(outputs, name)[0]!])),
      gradients: Object.fromEntries(given.map((name) => [name, numbersOf(outputs, `d ${name}`)])),
      ...("fired" in outputs
        ? { fired: numbersOf(outputs, "fired"), smallest: null, places: null }
        : this.#places(outputs)),
    };
  }

  #places(outputs: Outputs): Pick<Loss, "fired" | "smallest" | "places"> {
    const { d_sae } = this.#widths;
    const { dims, data } = outputs["indices"]!;
    const found = {
      indices: data as Int32Array,
      values: numbersOf(outputs, "values"),
      dValues: numbersOf(outputs, "d values"),
      dDecoded: numbersOf(outputs, "d decoded"),
    };
    const places = byFeature(found, dims[1] ?? null, d_sae);
    const { starts } = places;
    const fired = Float32Array.from(
      { length: d_sae },
      (_, feature) => starts[feature + 1]! - starts[feature]!,
    );
    const least = found.values.reduce((min, value) => (value > 0 && value < min ? value : min), Infinity);
    return {
      fired,
      smallest: least === Infinity ? 0 : least,
      places: { byFeature: places, outputs: found },
    };
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }

  async #sessionWith(terms: readonly LossTerm[]): Promise<InferenceSession> {
    const key = JSON.stringify(terms.map(({ name }) => name));
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const opened = await openWeightless(lossGraph(this.#widths, this.#objective, terms), {
      ...this.#options,
      // A step needs hundreds of megabytes; getting new memory pages for them costs as much time as a matrix product.
      arena: true,
    });
    this.#sessions.set(key, opened);
    return opened;
  }
}

function numbersOf(outputs: Outputs, name: string): Float32Array<ArrayBuffer> {
  return outputs[name]!.data as Float32Array<ArrayBuffer>;
}
