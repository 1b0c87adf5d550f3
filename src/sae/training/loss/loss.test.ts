/** The training loss of each objective and all its gradients, compared with SAELens (oracle/sae_loss_fixtures.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../../test/support/graph.ts";
import { lossOf, numbers, turned } from "../../../../test/support/loss.ts";
import { batchTopK } from "../objectives/batchtopk.ts";
import { jumpReLU } from "../objectives/jumprelu.ts";
import type { Objective } from "../objectives/objective.ts";
import { topk } from "../objectives/topk.ts";
import type { Weights } from "../state/weights.ts";
import { weightOf } from "./loss.ts";
import { type Loss, LossSession } from "./loss-session.ts";
import { addPlaceGradients } from "./place-gradients.ts";

interface Case {
  mse: number;
  terms: Record<string, number>;
  gradients: Record<string, number[]>;
  active: number[];
  smallest: number;
}
const fixture = JSON.parse(
  readFileSync(new URL("../../../../test/fixtures/sae-training/losses.json", import.meta.url), "utf8"),
) as {
  d_in: number;
  d_sae: number;
  batch: number;
  k: number;
  bandwidth: number;
  target: number;
  coefficient: number;
  dead: number[];
  x: number[];
  weights: Record<string, number[]>;
  cases: Record<string, Case>;
};
const { d_in, d_sae, batch, k, cases, weights } = fixture;

const jumps = {
  bandwidth: fixture.bandwidth,
  d_sae,
  startL0: 1,
  thresholdRate: 1,
  sparsity: fixture.coefficient,
  sparsityWarmup: 0,
  steps: 1,
};
const objectives: Record<string, Objective> = {
  topk: topk({ k, d_sae, auxWeight: 1 }, d_in),
  batchtopk: batchTopK({ k, batch, d_sae, auxWeight: 1 }, d_in),
  jumprelu: jumpReLU(jumps),
  "jumprelu with a target": jumpReLU({ ...jumps, targetL0: fixture.target }),
};

const widths = { d_in, d_sae };
const dead = numbers([d_sae], fixture.dead);
const tensors = ({ own }: Objective) => ["W_enc", "b_enc", "W_dec", "b_dec", ...Object.keys(own)];

const now = {
  step: 0,
  scale: 1,
  perSquare: 1,
  rows: new Int32Array(batch),
  dead: Float32Array.from(fixture.dead),
  deadCount: fixture.dead.reduce((sum, is) => sum + is, 0),
};

function close(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(found.length, what).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest, what).toBeGreaterThan(1e-3);
  for (const [at, value] of expected.entries())
    expect(Math.abs(found[at]! - value), `${what} ${at}`).toBeLessThan(1e-12 * largest);
}

describe.each(Object.entries(objectives))("%s", (name, objective) => {
  const expected = cases[name]!;

  it.each([1, 3])("agrees with SAELens over variance %d", async (variance) => {
    const over = (values: readonly number[]) => values.map((value) => value / variance);
    // The weight of each term at a step. Sparsity is not a squared error, so it is divided by the variance here.
    const weighed = objective.terms.map((term) => {
      const { weight } = term.at(now);
      return { name: term.name, weight: term.name === "sparsity" ? weight / variance : weight };
    });
    const { found, fired, gradients } = await lossOf(widths, objective, objective.terms, fixture.x, weights, {
      dead,
      variance: numbers([], [variance]),
      ...Object.fromEntries(weighed.map(({ name: term, weight }) => [weightOf(term), numbers([], [weight])])),
    });
    close(found["unexplained"]!.data, over([expected.mse]), "unexplained");
    const terms = weighed.map(({ name: term, weight }) => weight * found[term]!.data[0]!);
    close(terms, over(Object.values(expected.terms)), "terms");
    for (const tensor of tensors(objective))
      close(gradients[tensor]!, over(expected.gradients[tensor]!), `d ${tensor}`);
    const active = Array.from({ length: d_sae }, (_, feature) =>
      expected.active.reduce((sum, is, at) => sum + (at % d_sae === feature ? is : 0), 0),
    );
    expect(fired).toEqual(active);
  });

  it("leaves a term out if it is not asked for", async () => {
    const { found, gradients } = await lossOf(widths, objective, [], fixture.x, weights, {
      variance: numbers([], [1]),
    });
    close(found["unexplained"]!.data, [expected.mse], "unexplained");
    // Each term has a gradient for the tensors that make the features: thresholds or encoder.
    const moved = tensors(objective).some((tensor) => {
      const whole = expected.gradients[tensor]!;
      return whole.some((value, at) => Math.abs(gradients[tensor]![at]! - value) > 1e-3);
    });
    expect(moved).toBe(true);
  });
});

describe("as a session, in float32", () => {
  const float32 = (values: readonly number[]) => Float32Array.from(values);
  const trained = (b_enc = weights["b_enc"]!): Weights => ({
    W_encT: float32(turned(weights["W_enc"]!, d_sae)),
    b_enc: float32(b_enc),
    W_dec: float32(weights["W_dec"]!),
    b_dec: float32(weights["b_dec"]!),
  });

  /** All gradients of a batch whose features were chosen by places, and without terms of the loss. */
  const gradientsOf = ({ gradients: given, places }: Loss, x: Float32Array, of: Weights): Weights => {
    const names = ["W_encT", "b_enc", "W_dec"] as const;
    const zeros = (name: (typeof names)[number]) => given[name] ?? new Float32Array(of[name].length);
    const [W_encT, b_enc, W_dec] = names.map(zeros) as [Float32Array, Float32Array, Float32Array];
    const all = { from: 0, to: d_sae };
    const { byFeature, outputs } = places!;
    const ofCentre = addPlaceGradients({ W_encT, b_enc, W_dec }, byFeature, outputs, x, of, all);
    return { W_encT, b_enc, W_dec, b_dec: given.b_dec!.map((value, i) => value - ofCentre[i]!) };
  };

  it.each(["topk", "batchtopk"])("%s gives the same gradients, and again the same", async (name) => {
    const { gradients, smallest, active } = cases[name]!;
    const session = new LossSession(widths, objectives[name]!, [], { threads: 1 });
    for (const _ of [1, 2]) {
      const found = await session.run(float32(fixture.x), trained(), 1, now);
      const whole = gradientsOf(found, float32(fixture.x), trained());
      const of = (tensor: string) => whole[tensor as "b_enc"];
      expect(relativeError([...turned([...of("W_encT")], d_in)], gradients["W_enc"]!)).toBeLessThan(1e-5);
      for (const tensor of ["b_enc", "W_dec", "b_dec"])
        expect(relativeError([...of(tensor)], gradients[tensor]!), tensor).toBeLessThan(1e-5);
      expect(found.fired.reduce((sum, tokens) => sum + tokens, 0)).toBe(
        active.reduce((sum, is) => sum + is, 0),
      );
      expect(found.smallest).toBeCloseTo(smallest, 5);
    }
    await session.close();
  });

  it("says that no feature of a batch is active", async () => {
    const session = new LossSession(widths, objectives["batchtopk"]!, [], { threads: 1 });
    const silent = trained(weights["b_enc"]!.map(() => -1000));
    const found = await session.run(float32(fixture.x), silent, 1, { ...now, deadCount: 0 });
    const { smallest, fired } = found;
    expect(smallest).toBe(0);
    expect([...fired].some((tokens) => tokens > 0)).toBe(false);
    expect(gradientsOf(found, float32(fixture.x), silent).W_dec.some((value) => value !== 0)).toBe(false);
    await session.close();
  });
});
