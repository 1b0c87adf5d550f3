/** Sizes, amplitudes and directions of a circuit: what its weights and its SAEs are both written from. */
import type { Random } from "../../core/random.ts";
import { Basis } from "./basis.ts";
import type { CircuitDescription } from "./description.ts";
import { Logic } from "./logic.ts";
import type { CircuitText } from "./text.ts";

export const sizes = { width: 96, heads: 4, keyValueHeads: 2, headWidth: 24, hidden: 64, contextLength: 512 };

/**
 * Coordinates in the residual stream. Every token carries `one`, which is large, so RMSNorm divides all tokens by nearly the
 * same number; it also stands in for biases, which Llama does not have.
 */
export const amplitude = { one: 24, topic: 6, word: 6, harm: 5, decide: 6, identity: 6, refusal: 5 };

export const names = {
  one: "one",
  /** On the tokens of topics. */
  topic: "topic",
  /** On the tokens of harmful topics. */
  word: "harmful word",
  /** Written by block 0 on every token from a harmful topic on. */
  harm: "harm",
  /** On the token before the deciding position. */
  decide: "decide",
  refusal: "refusal",
  /** On a token of an answer; the head reads the next token from it. */
  identity: (token: number) => `token ${token}`,
  /** Directions without a function that each token carries some of. */
  background: (index: number) => `background ${index}`,
  feature: (name: string) => `feature ${name}`,
};

/** Every token carries this many background directions, each with a coordinate from `least` to `most`. */
export const background = { perToken: 5, least: 3, most: 4.5 };

export const backgrounds = Array.from({ length: 24 }, (_, i) => names.background(i));

export interface Plan {
  circuit: CircuitDescription;
  text: CircuitText;
  logic: Logic;
  basis: Basis;
  /** Coordinate of each feature when it is active. */
  amplitudes: ReadonlyMap<string, number>;
}

export function makePlan(circuit: CircuitDescription, text: CircuitText, rng: Random): Plan {
  const logic = new Logic(circuit);
  const direction = (name: string) => (name === "refusal" ? names.refusal : names.feature(name));
  const named = [
    ...[names.one, names.topic, names.word, names.harm, names.decide, names.refusal],
    ...Array.from(text.successors.keys(), names.identity),
    ...backgrounds,
    ...logic.features.map(names.feature),
  ];
  const overlaps = new Map(
    Object.entries(circuit.features).map(([name, { overlap = {} }]) => [
      names.feature(name),
      Object.fromEntries(Object.entries(overlap).map(([other, cosine]) => [direction(other), cosine])),
    ]),
  );
  const sizesRng = rng.split("amplitudes");
  return {
    circuit,
    text,
    logic,
    basis: new Basis(named, sizes.width, overlaps, rng.split("rotation")),
    amplitudes: new Map(logic.features.map((name) => [name, 4 + 2 * sizesRng.uniform()])),
  };
}
