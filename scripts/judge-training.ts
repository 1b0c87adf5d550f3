/** Training of the small model that weighs answers: multinomial logistic regression over named features and hashed words. */
import { gather } from "../src/judges/rules/evidence.ts";
import { understood } from "../src/judges/understood.ts";
import { type Features, features } from "../src/judges/weigh/features.ts";
import { buckets, hashed, type Sparse } from "../src/judges/weigh/hashed.ts";
import type { Weigher } from "../src/judges/weigh/weigh.ts";

export interface Example {
  /** Index in `families`. */
  family: number;
  weight: number;
  named: Features;
  words: Sparse;
}

export function described(
  answer: string,
  prompt: string | null,
  cut: boolean,
): Pick<Example, "named" | "words"> {
  const { reading } = understood(answer, cut, prompt);
  const { marked } = gather(reading);
  return { named: features(reading, marked), words: hashed(marked) };
}

export interface Fit {
  names: string[];
  /** [named features, 3] */
  named: Float64Array;
  /** [buckets, 3] */
  words: Float64Array;
  bias: Float64Array;
}

/** How strongly words count beside named features. */
const wordScale = 5;

/** Full-batch gradient descent with Adam. @param penalty λ of λ/2 · |w|² per example weight */
export function fit(examples: readonly Example[], penalty: number, steps = 400): Fit {
  const names = [...new Set(examples.flatMap(({ named }) => [...named.keys()]))].sort();
  const number = new Map(names.map((name, i) => [name, i]));
  const wide = names.length + buckets.opening + buckets.rest;
  const rows = examples.map(({ named, words }) => ({
    index: Int32Array.from([
      ...[...named.keys()].map((name) => number.get(name)!),
      ...words.index.map((at) => at + names.length),
    ]),
    value: Float64Array.from([...named.values(), ...words.value.map((value) => value * wordScale)]),
  }));
  const weights = new Float64Array((wide + 1) * 3);
  const [first, second] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  const total = examples.reduce((sum, { weight }) => sum + weight, 0);
  for (let step = 1; step <= steps; step++) {
    const slope = new Float64Array(weights.length);
    for (const [i, { index, value }] of rows.entries()) {
      const { family, weight } = examples[i]!;
      const shares = softmax(scores(weights, index, value, wide));
      for (let k = 0; k < 3; k++) {
        const error = ((shares[k]! - Number(k === family)) * weight) / total;
        for (let j = 0; j < index.length; j++) slope[index[j]! * 3 + k]! += error * value[j]!;
        slope[wide * 3 + k]! += error;
      }
    }
    const rate = 0.03 * Math.min(1, (steps - step + 1) / (steps / 2));
    for (let j = 0; j < weights.length; j++) {
      const g = slope[j]! + (j < wide * 3 ? (penalty / total) * weights[j]! : 0);
      first[j] = 0.9 * first[j]! + 0.1 * g;
      second[j] = 0.999 * second[j]! + 0.001 * g * g;
      weights[j]! -=
        (rate * (first[j]! / (1 - 0.9 ** step))) / (Math.sqrt(second[j]! / (1 - 0.999 ** step)) + 1e-9);
    }
  }
  return {
    names,
    named: weights.slice(0, names.length * 3),
    words: weights.slice(names.length * 3, wide * 3).map((weight) => weight * wordScale),
    bias: weights.slice(wide * 3),
  };
}

function scores(weights: Float64Array, index: Int32Array, value: Float64Array, wide: number): number[] {
  const out = [weights[wide * 3]!, weights[wide * 3 + 1]!, weights[wide * 3 + 2]!];
  for (let j = 0; j < index.length; j++)
    for (let k = 0; k < 3; k++) out[k]! += weights[index[j]! * 3 + k]! * value[j]!;
  return out;
}

function softmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The judge's small model with these weights. */
export function weigherOf({ names, named, words, bias }: Fit): Weigher {
  const number = new Map(names.map((name, i) => [name, i]));
  return (reading, marked) => {
    const out = [...bias];
    for (const [name, value] of features(reading, marked)) {
      const at = number.get(name);
      if (at !== undefined) for (let k = 0; k < 3; k++) out[k]! += named[at * 3 + k]! * value;
    }
    const { index, value } = hashed(marked);
    for (const [j, at] of index.entries())
      for (let k = 0; k < 3; k++) out[k]! += words[at * 3 + k]! * value[j]!;
    const [refusal, partial, compliance] = softmax(out) as [number, number, number];
    return { refusal, partial, compliance };
  };
}
