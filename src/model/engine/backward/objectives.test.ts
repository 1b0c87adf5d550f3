/** The closed forms against central differences in float64, and what is refused. */
import { describe, expect, it } from "vitest";
import { checkObjective, type LogitObjective, logitPositions, throughLogits } from "./objectives.ts";

const vocab = 7;
const positions = 3;
const wave = (i: number) => 2 * Math.sin(1.7 * i + 0.3);
const logits = Array.from({ length: positions }, (_, p) =>
  Float32Array.from({ length: vocab }, (_, i) => wave(vocab * p + i)),
);
const reference = (() => {
  const z = Float64Array.from({ length: vocab }, (_, i) => (i === 2 ? -Infinity : wave(i + 50)));
  const sum = z.reduce((total, value) => total + Math.exp(value), 0);
  return Float32Array.from(z, (value) => value - Math.log(sum));
})();

/** The definitions, written without any sharing of code with the module. */
const softmax = (z: readonly number[]) => {
  const sum = z.reduce((total, value) => total + Math.exp(value), 0);
  return z.map((value) => Math.exp(value) / sum);
};
const valueOf = (objective: LogitObjective, z: readonly (readonly number[])[]): number => {
  const p = z.map(softmax);
  switch (objective.kind) {
    case "logits":
      return objective.terms.reduce((s, t) => s + t.coefficient * z[t.position]![t.token]!, 0);
    case "log_probability":
      return objective.terms.reduce((s, t) => s + Math.log(p[t.position]![t.token]!), 0);
    case "log_odds": {
      const P = objective.tokens.reduce((s, token) => s + p[objective.position]![token]!, 0);
      return Math.log(P) - Math.log(1 - P);
    }
    case "log_sum_exp":
      return Math.log(objective.tokens.reduce((s, token) => s + Math.exp(z[objective.position]![token]!), 0));
    case "kl":
      return [...objective.reference].reduce((s, log, i) => {
        const r = Math.exp(log);
        return r === 0 ? s : s + r * (log - Math.log(p[objective.position]![i]!));
      }, 0);
  }
};

const objectives: LogitObjective[] = [
  {
    kind: "logits",
    terms: [
      { position: 0, token: 3, coefficient: 1.5 },
      { position: 2, token: 3, coefficient: -1 },
      { position: 2, token: 0, coefficient: 0.5 },
    ],
  },
  {
    kind: "log_probability",
    terms: [
      { position: 0, token: 1 },
      { position: 1, token: 6 },
      { position: 1, token: 6 },
    ],
  },
  { kind: "log_odds", position: 1, tokens: [2, 5] },
  { kind: "log_sum_exp", position: 2, tokens: [0, 4, 6] },
  { kind: "kl", position: 0, reference },
];

describe.each(objectives)("$kind", (objective) => {
  it("has the value and the gradient of its definition", () => {
    const z = logits.map((row) => [...row]);
    const cotangents = logits.map(() => new Float32Array(vocab));
    const parts = logitPositions(objective).map((position) =>
      throughLogits(objective, position, logits[position]!, cotangents[position]!),
    );
    const value = parts.reduce((sum, part) => sum + part, 0);
    expect(value).toBeCloseTo(valueOf(objective, z), 6);
    const step = 1e-4;
    for (const [p, row] of z.entries())
      for (const token of row.keys()) {
        const moved = (by: number) =>
          valueOf(
            objective,
            z.map((own, at) => (at === p ? own.with(token, own[token]! + by) : own)),
          );
        const difference = (moved(step) - moved(-step)) / (2 * step);
        expect(cotangents[p]![token]).toBeCloseTo(difference, 6);
      }
  });
});

it("gives the log-odds of a token that is all but certain, where 1 − P is 0 in float32", () => {
  const z = Float32Array.of(40, 0, 0, 0, 0, 0, 0);
  const cotangent = new Float32Array(vocab);
  const objective: LogitObjective = { kind: "log_odds", position: 0, tokens: [0] };
  expect(throughLogits(objective, 0, z, cotangent)).toBeCloseTo(40 - Math.log(6), 9);
  expect(cotangent[0]).toBe(1);
  expect(cotangent[1]).toBeCloseTo(-1 / 6, 7);
});

it.each([
  ["a token too far", { kind: "log_odds", position: 0, tokens: [vocab] }, "a token from 0 to 6, found 7"],
  [
    "half a position",
    { kind: "log_sum_exp", position: 0.5, tokens: [1] },
    "a position from 0 to 2, found 0.5",
  ],
  ["a token twice", { kind: "log_odds", position: 0, tokens: [1, 1] }, "each token once, found 1 repeated"],
  ["no tokens", { kind: "log_odds", position: 0, tokens: [] }, "1 to 6 tokens, found 0"],
  ["all tokens", { kind: "log_odds", position: 0, tokens: [0, 1, 2, 3, 4, 5, 6] }, "1 to 6 tokens, found 7"],
  ["no terms", { kind: "log_probability", terms: [] }, "at least one term, found none"],
  [
    "a short reference",
    { kind: "kl", position: 0, reference: new Float32Array(3) },
    "7 log probabilities, found 3",
  ],
  [
    "probabilities",
    { kind: "kl", position: 0, reference: new Float32Array(7) },
    "probabilities sum to 1, found a sum of 7",
  ],
  [
    "a short vector",
    { kind: "residual", at: { layer: 1, site: "resid_post" }, position: 0, vector: new Float32Array(3) },
    "a vector of 4 numbers, found 3",
  ],
  [
    "a block too far",
    { kind: "residual", at: { layer: 2, site: "mlp_out" }, position: 0, vector: new Float32Array(4) },
    "a layer from 0 to 1, found 2",
  ],
  [
    "an embedding above block 0",
    { kind: "residual", at: { layer: 1, site: "embed" }, position: 0, vector: new Float32Array(4) },
    "layer 0 for embed, found 1",
  ],
] as const)("%s is refused", (_name, objective, message) => {
  const sizes = { tokens: positions, vocab, hidden: 4, layers: 2 };
  expect(() => {
    checkObjective(objective, sizes);
  }).toThrow(message);
});
