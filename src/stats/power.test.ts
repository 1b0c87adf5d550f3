import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  binomialPower,
  fewestUnits,
  fisherPower,
  mcnemarPower,
  pairsThatDiffer,
  smallestEffect,
} from "./power.ts";

interface Reference {
  binomial: { rate: number; n: number; against: number; alpha: number; power: number }[];
  fisher: {
    a: { rate: number; n: number };
    b: { rate: number; n: number };
    alpha: number;
    power: number;
  }[];
}

// Values of SciPy, written by oracle/power_fixtures.py.
const reference = JSON.parse(
  readFileSync(new URL("../../test/fixtures/stats/power.json", import.meta.url), "utf8"),
) as Reference;

describe("compared with SciPy, to 1e-10", () => {
  it.each(reference.binomial)("the exact binomial test: $rate of $n", (one) => {
    const got = binomialPower(one.rate, one.n, one.against, one.alpha);
    expect(Math.abs(got - one.power), `${got} against ${one.power}`).toBeLessThan(1e-10);
  });

  it.each(reference.fisher)("Fisher's exact test: $a.rate of $a.n, $b.rate of $b.n", (one) => {
    const got = fisherPower(one.a, one.b, one.alpha);
    expect(Math.abs(got - one.power), `${got} against ${one.power}`).toBeLessThan(1e-10);
  });
});

it("pairs share as many answers as is said", () => {
  expect(pairsThatDiffer(0.8, 0.3, 0)).toEqual({
    firstOnly: expect.closeTo(0.56, 12) as number,
    secondOnly: expect.closeTo(0.06, 12) as number,
  });
  // One number decides both: whoever succeeds on the rarer side succeeds on the other.
  expect(pairsThatDiffer(0.3, 0.8, 1)).toEqual({ firstOnly: 0, secondOnly: 0.5 });
});

it("the smallest effect is the first that has the power, and the fewest units are about as many", () => {
  const powerOf = (effect: number, n: number) =>
    mcnemarPower(pairsThatDiffer(0.05 + effect, 0.05, 0.5), n, 0.025);
  const found = smallestEffect((effect) => powerOf(effect, 108), 0.95, 0.8)!;
  // docs/method.md: 11 points in 108 triples.
  expect(found).toBeCloseTo(0.11, 2);
  expect(powerOf(found, 108)).toBeGreaterThanOrEqual(0.8);
  expect(powerOf(found - 0.001, 108)).toBeLessThan(0.8);
  const n = fewestUnits((units) => powerOf(found, units), 1000, 0.8)!;
  expect(n).toBeGreaterThan(95);
  expect(n).toBeLessThanOrEqual(108);
  // Five pairs cannot reach p < 2.5%, whatever they answer.
  expect(smallestEffect((effect) => powerOf(effect, 5), 0.95, 0.8)).toBeNull();
  expect(fewestUnits((units) => powerOf(0, units), 500, 0.8)).toBeNull();
});

it("a set of 20,000 pairs is planned within seconds", () => {
  const powerOf = (effect: number) => mcnemarPower(pairsThatDiffer(0.05 + effect, 0.05, 0.5), 20_000, 0.025);
  const began = performance.now();
  const found = smallestEffect(powerOf, 0.95, 0.8)!;
  expect(found).toBeGreaterThan(0.001);
  expect(found).toBeLessThan(0.02);
  expect(performance.now() - began).toBeLessThan(20_000);
});
