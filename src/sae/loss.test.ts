/** The training loss of each objective and all its gradients, against those of SAELens (oracle/sae_loss_fixtures.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Numbers, open } from "../../test/support/graph.ts";
import { lossGraph, weightOf } from "./loss.ts";
import { batchTopK } from "./objectives/batchtopk.ts";
import { jumpReLU } from "./objectives/jumprelu.ts";
import type { Objective } from "./objectives/objective.ts";
import { topk } from "./objectives/topk.ts";
import { trainedNames } from "./weights.ts";

interface Case {
  mse: number;
  terms: Record<string, number>;
  gradients: Record<string, number[]>;
  active: number[];
  smallest: number;
}
const fixture = JSON.parse(
  readFileSync(new URL("../../test/fixtures/sae-training/losses.json", import.meta.url), "utf8"),
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
  thresholdStart: 1,
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

const numbers = (dims: number[], data: number[]): Numbers => ({ dtype: "float64", dims, data });
const feeds = {
  x: numbers([batch, d_in], fixture.x),
  W_enc: numbers([d_in, d_sae], weights["W_enc"]!),
  b_enc: numbers([d_sae], weights["b_enc"]!),
  W_dec: numbers([d_sae, d_in], weights["W_dec"]!),
  b_dec: numbers([d_in], weights["b_dec"]!),
  log_threshold: numbers([d_sae], weights["log_threshold"]!),
  dead: numbers([d_sae], fixture.dead),
};

const now = {
  step: 0,
  scale: 1,
  perSquare: 1,
  rows: new Int32Array(batch),
  dead: Float32Array.from(fixture.dead),
  deadCount: fixture.dead.reduce((sum, is) => sum + is, 0),
};

function close(found: readonly number[], expected: readonly number[], what: string): void {
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
    // Of what a term weighs at a step; sparsity is no squared error, and is brought over the variance here.
    const weighed = objective.terms.map((term) => {
      const { weight } = term.at(now);
      return { name: term.name, weight: term.name === "sparsity" ? weight / variance : weight };
    });
    const run = await open(lossGraph({ d_in, d_sae }, objective, objective.terms, "float64"));
    const found = await run({
      ...feeds,
      variance: numbers([], [variance]),
      ...Object.fromEntries(weighed.map(({ name: term, weight }) => [weightOf(term), numbers([], [weight])])),
    });
    close(found["unexplained"]!.data, over([expected.mse]), "unexplained");
    const terms = weighed.map(({ name: term, weight }) => weight * found[term]!.data[0]!);
    close(terms, over(Object.values(expected.terms)), "terms");
    for (const tensor of trainedNames(objective.own))
      close(found[`d ${tensor}`]!.data, over(expected.gradients[tensor]!), `d ${tensor}`);
    const fired = Array.from({ length: d_sae }, (_, feature) =>
      expected.active.reduce((sum, is, at) => sum + (at % d_sae === feature ? is : 0), 0),
    );
    expect(found["fired"]!.data).toEqual(fired);
    if ("smallest" in found) close(found["smallest"].data, [expected.smallest], "smallest");
  });

  it("leaves a term out where it is not asked for", async () => {
    const run = await open(lossGraph({ d_in, d_sae }, objective, [], "float64"));
    const found = await run({ ...feeds, variance: numbers([], [1]) });
    close(found["unexplained"]!.data, [expected.mse], "unexplained");
    // Each term moves what is below the features: thresholds or encoder.
    const moved = trainedNames(objective.own).some((tensor) => {
      const whole = expected.gradients[tensor]!;
      return found[`d ${tensor}`]!.data.some((value, at) => Math.abs(value - whole[at]!) > 1e-3);
    });
    expect(moved).toBe(true);
  });
});

it("says that no feature of a batch is active", async () => {
  const run = await open(lossGraph({ d_in, d_sae }, objectives["batchtopk"]!, [], "float64"));
  const b_enc = numbers(
    [d_sae],
    weights["b_enc"]!.map(() => -1000),
  );
  expect((await run({ ...feeds, b_enc, variance: numbers([], [1]) }))["smallest"]!.data).toEqual([0]);
});
