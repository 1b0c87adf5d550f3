import { expect, it } from "vitest";
import { circuits } from "../../../test/support/circuits.ts";
import { random } from "../../core/random.ts";
import type { FeatureSet } from "../subject/subject.ts";
import { rankAgreement } from "./agreement.ts";
import { estimate, gradientOf, integrated, measuredEffects, ranked, unionOfRankings } from "./ranking.ts";

const free = (prompts: readonly number[]) => ({ prompts, around: (): FeatureSet => [] });

it("the trapezoid ranks a backup that is silent on the clean run, and flags it", async () => {
  for (const seed of [1, 2, 3]) {
    const circuit = circuits.cascade3(seed, 80);
    const universe = circuit.candidates.map((_, i) => i);
    const runs = free(circuit.harmful("fit"));
    const { effect, curved } = await estimate(gradientOf(circuit, runs), universe);
    const parts = circuit.named("a", "b", "c");
    const order = ranked(effect, universe, null);
    expect([...order.slice(0, 3)].sort((a, b) => a - b)).toEqual(parts);
    for (const part of circuit.named("b", "c")) expect(curved[part]).toBe(true);
  }
});

it("an estimate agrees with real ablation where effects are nearly linear", async () => {
  const circuit = circuits.bottleneck(4, 80);
  const runs = free(circuit.harmful("fit"));
  const active = circuit.candidates.map((_, i) => i);
  const { effect } = await estimate(gradientOf(circuit, runs), active);
  const options = { sample: 40, resamples: 500, level: 0.95, random: random(1) };
  const agreement = await rankAgreement(circuit, runs, effect, active, options);
  expect(agreement.n).toBe(40);
  for (const { estimate: correlation, interval } of [agreement.alone, agreement.bothEnds]) {
    expect(correlation).toBeGreaterThan(0.9);
    expect(interval![0]).toBeGreaterThan(0.75);
    expect(interval![1]).toBeLessThanOrEqual(1);
  }
  const shuffled = Float64Array.from(random(5).shuffle(active));
  const poor = await rankAgreement(circuit, runs, shuffled, active, options);
  expect(poor.bothEnds.interval![0]).toBeLessThan(0.3);
});

it("real ablation, alone and as the last, sees both of two sufficient parts", async () => {
  const circuit = circuits.parallel(2, 20);
  const runs = free(circuit.harmful("fit"));
  const universe = circuit.candidates.map((_, i) => i);
  const effects = await measuredEffects(circuit, runs, circuit.named("a", "b"), universe);
  for (const { alone, last } of effects) {
    expect(Math.abs(alone)).toBeLessThan(1);
    expect(last).toBeLessThan(-10);
  }
});

it("integrated gradients add up to what the whole ablation does, and leave nothing for what has no effect", async () => {
  // f(s) = s0 s1 + s0², from s = (0, 0, 0) to (1, 1, 1): the integrals of its slopes are 1/2 + 1, 1/2 and 0.
  const gradientAt = (s: number) => Promise.resolve(Float64Array.of(s + 2 * s, s, 0));
  expect(await integrated(gradientAt, 1)).toEqual(Float64Array.of(1.5, 0.5, 0));
  const threshold = (s: number) => Promise.resolve(Float64Array.of(s > 0.25 ? 1 : 0));
  expect(await integrated(threshold, 10)).toEqual(Float64Array.of(0.7));
  expect((await integrated(threshold, 1000))[0]).toBeCloseTo(0.75, 12);
});

it("ties follow the decoder's cosine, then the index", () => {
  const effect = Float64Array.from([0, -1, 0, 0]);
  expect(ranked(effect, [0, 1, 2, 3], Float64Array.from([0.1, 0, 0.9, 0.1]))).toEqual([1, 2, 0, 3]);
  expect(ranked(effect, [0, 2, 3], null)).toEqual([0, 2, 3]);
});

it("a union takes from each ranking in turn", () => {
  expect(
    unionOfRankings(
      [
        [5, 4, 3],
        [5, 1, 2],
      ],
      4,
    ),
  ).toEqual([1, 2, 4, 5]);
  expect(unionOfRankings([[5, 4, 3], [9]], 3)).toEqual([4, 5, 9]);
  expect(unionOfRankings([[1], [1, 2]], 10)).toEqual([1, 2]);
});
