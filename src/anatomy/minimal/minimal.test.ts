import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answering, bruteForce, Circuit, type Unit } from "../../../test/support/circuit.ts";
import { type CircuitName, circuits } from "../../../test/support/circuits.ts";
import { random } from "../../core/random.ts";
import type { FeatureSet } from "../subject/subject.ts";
import { flipsByScore } from "../trial/trial.ts";
import { oneMinimal } from "./certificate.ts";
import { filterOrders, greedyFilter } from "./greedy-filter.ts";
import { flippingPrefix } from "./prefix.ts";
import { takeApart } from "./take-apart.ts";

const search = { boundary: 0, decoderCosine: null, limits: { sets: 8, searches: 20, measured: 8 } };
const everything = (circuit: Circuit): FeatureSet => circuit.candidates.map((_, i) => i);
const seeds = [1, 2, 3, 4, 5];

const apart = (circuit: Circuit) => takeApart(circuit, circuit.harmful("fit"), everything(circuit), search);

/** Sets of unit names, in a fixed order. */
const sorted = (sets: readonly FeatureSet[]) => sets.map((set) => set.join()).sort();

describe("every minimal set of a written circuit is found among its distractors", () => {
  const truth: Partial<Record<CircuitName, string[][]>> = {
    bottleneck: [["a"]],
    parallel: [["a", "b"]],
    and: [["a"], ["b"]],
    cascade2: [["a", "b"]],
    cascade3: [["a", "b", "c"]],
    idle: [["a", "b"]],
    twinBackups: [["a", "b", "c"]],
    noisyCascade: [["a", "b"]],
    brittleCeiling: [["a"]],
  };
  for (const [name, sets] of Object.entries(truth) as [CircuitName, string[][]][])
    it(name, async () => {
      for (const seed of seeds) {
        const circuit = circuits[name](seed, 60);
        const found = await apart(circuit);
        expect(found.outcome).toBe("found");
        expect(sorted(found.sets.map(({ features }) => features))).toEqual(
          sorted(sets.map((units) => circuit.named(...units))),
        );
        expect(found.sets.every((set) => set.flips && set.judged.complied === set.judged.asked)).toBe(true);
      }
    });

  it("one prompt at a time as well", async () => {
    const circuit = circuits.cascade2(7, 60);
    for (const prompt of circuit.harmful("fit")) {
      const found = await takeApart(circuit, [prompt], everything(circuit), search);
      expect(found.sets.map(({ features }) => features)).toEqual([circuit.named("a", "b")]);
    }
  });
});

describe("what cannot be taken apart is called by its name", () => {
  const outcomes: Partial<Record<CircuitName, string>> = {
    neverRefuses: "no refusal to take apart",
    outside: "not in this dictionary",
    outsideBackup: "not in this dictionary",
    speech: "only broken text",
  };
  for (const [name, outcome] of Object.entries(outcomes) as [CircuitName, string][])
    it(name, async () => {
      for (const seed of seeds) {
        const found = await apart(circuits[name](seed, 40));
        expect(found.outcome).toBe(outcome);
        expect(found.sets).toEqual([]);
      }
    });
});

/** A monotone circuit: the refusal needs one feature of every group, or all of one group. */
function grouped(seed: number, groups: readonly number[], kind: "any" | "all"): Circuit {
  const draw = random(seed);
  const names = groups.map((size, g) => Array.from({ length: size }, (_, i) => `${g}.${i}`));
  const units = names.flat().map((name): Unit => {
    const gain = 1 + 0.3 * draw.uniform();
    return { name, layer: draw.integer(6), drive: (_, harm) => gain * harm };
  });
  const on = (value: number) => Math.min(1, value);
  return new Circuit({
    units,
    seed,
    harmful: 3,
    harmless: 0,
    refusal: (read) =>
      kind === "all"
        ? Math.max(...names.map((group) => group.reduce((all, name) => all * on(read(name)), 1)))
        : names.reduce((all, group) => all * on(Math.max(...group.map(read))), 1),
  });
}

describe("brute force over all subsets agrees", () => {
  const shape = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    groups: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom("any" as const, "all" as const),
  });

  it("on every minimal set of random circuits", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ seed, groups, kind }) => {
        const circuit = grouped(seed, groups, kind);
        const prompts = circuit.harmful("fit");
        const trial = { prompts, around: (): FeatureSet => [], boundary: 0, needed: prompts.length };
        const truth = await bruteForce(everything(circuit), flipsByScore(circuit, trial));
        const limits = { sets: 40, searches: 200, measured: 8 };
        const found = await takeApart(circuit, prompts, everything(circuit), { ...search, limits });
        expect(found.exhaustive).toBe(true);
        expect(sorted(found.sets.map(({ features }) => features))).toEqual(sorted(truth));
      }),
      { numRuns: 60, seed: 14 },
    );
  });

  it("that a certified set of any predicate, monotone or not, is 1-minimal", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 90 }),
        async (seed, size) => {
          const flips = (sets: readonly FeatureSet[]) =>
            Promise.resolve(
              sets.map(
                (set) =>
                  set.length === size || (set.length > 0 && random(`${seed}/${set.join()}`).uniform() < 0.4),
              ),
            );
          const whole = Array.from({ length: size }, (_, i) => i);
          const kept = await oneMinimal(whole, flips);
          expect(await flips([kept])).toEqual([true]);
          const smaller = await flips(kept.map((f) => kept.filter((g) => g !== f)));
          expect(smaller.some(Boolean)).toBe(false);
        },
      ),
      { numRuns: 100, seed: 14 },
    );
  });
});

it("a prefix is found where the end of the ranking works against the flip", async () => {
  const flips = (sets: readonly FeatureSet[]) =>
    Promise.resolve(sets.map((set) => set.includes(2) && !set.includes(60)));
  expect(
    await flippingPrefix(
      Array.from({ length: 100 }, (_, i) => i),
      flips,
    ),
  ).toEqual([0, 1, 2]);
  expect(await flippingPrefix([60, 2], flips)).toBeNull();
});

it("a score that falls before the answer complies lowers the boundary, and the judge has the last word", async () => {
  // Three parts; the score is below 0 without one, the answer complies only without two.
  const units = ["a", "b", "c"].map((name, i): Unit => ({ name, layer: i, drive: (_, harm) => harm }));
  const circuit = new Circuit({ units, seed: 3, refusal: (read) => (read("a") + read("b") + read("c")) / 6 });
  const late = answering(circuit, ({ off }) => (off.length >= 2 ? "comply" : "refuse"));
  const found = await takeApart(late, circuit.harmful("fit"), [0, 1, 2], { ...search, boundary: -2 });
  expect(found.outcome).toBe("found");
  expect(found.lowered).toBeGreaterThan(0);
  expect(found.sets.length).toBeGreaterThan(0);
  for (const { features, certifiedBy, boundary } of found.sets) {
    expect(features).toHaveLength(2);
    expect(certifiedBy).toBe("judge");
    expect(boundary).toBeLessThan(-2);
  }
});

it("a ceiling that derails most answers is no ground for a set that flips the few others", async () => {
  const circuit = circuits.bottleneck(4, 20);
  const prompts = circuit.harmful("fit");
  const derails = answering(circuit, ({ off, prompt }) => {
    if (!off.includes(circuit.named("a")[0]!)) return "refuse";
    return prompt === prompts[0] ? "comply" : prompt === prompts[1] ? "incoherent" : "evade";
  });
  expect(await takeApart(derails, prompts, everything(circuit), search)).toMatchObject({
    outcome: "only broken text",
    sets: [],
  });
});

it("where ablating everything derails the answers, a part of the ranking says how many prompts can flip", async () => {
  const circuit = circuits.bottleneck(4, 40);
  const prompts = circuit.harmful("fit");
  const [a] = circuit.named("a");
  // Every fourth prompt complies under no ablation at all, so a set that had to flip nearly all would not be found.
  const derails = answering(circuit, ({ off, prompt }) => {
    if (!off.includes(a!)) return "refuse";
    if (off.length > 8) return "incoherent";
    return prompts.indexOf(prompt) % 4 === 0 ? "evade" : "comply";
  });
  const found = await takeApart(derails, prompts, everything(circuit), search);
  expect(found.outcome).toBe("found");
  expect(found.sets).toMatchObject([{ features: [a] }]);
  expect(found.standing.ceiling.complied).toBe(0);
  expect(found.standing.needed).toBeLessThan(prompts.length);
});

it("where the score cannot tell a set that complies, judged answers steer the search", async () => {
  const circuit = circuits.bottleneck(2, 30);
  const both = circuit.named("a", "distractor 3");
  const answers = answering(circuit, ({ off }) => (both.every((f) => off.includes(f)) ? "comply" : "refuse"));
  const found = await takeApart(answers, circuit.harmful("fit"), everything(circuit), search);
  expect(found.outcome).toBe("found");
  expect(found.sets).toMatchObject([{ features: both, certifiedBy: "judge", flips: true }]);
  // A boundary that nothing reaches is the same case.
  const blind = await takeApart(circuit, circuit.harmful("fit"), everything(circuit), {
    ...search,
    boundary: -1000,
  });
  expect(blind.sets).toMatchObject([{ features: circuit.named("a"), certifiedBy: "judge" }]);
});

it("the published filter keeps a bottleneck, and misses a backup that another order hides", async () => {
  const keep = async (name: CircuitName, tau: number) => {
    const circuit = circuits[name](5, 40);
    const runs = { prompts: circuit.harmful("fit"), around: (): FeatureSet => [] };
    const orders = filterOrders(everything(circuit), random(1));
    const kept = await greedyFilter(circuit, runs, orders, tau);
    return { circuit, kept };
  };
  const simple = await keep("bottleneck", 0.1);
  expect(simple.kept).toEqual(expect.arrayContaining([...simple.circuit.named("a")]));
  const double = await keep("cascade2", 0.1);
  expect(double.kept).not.toEqual(expect.arrayContaining([...double.circuit.named("a", "b")]));
  expect((await keep("neverRefuses", 0.9)).kept).toEqual([]);
});
