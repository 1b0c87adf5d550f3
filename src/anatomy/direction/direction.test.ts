/** The choice of a direction and its controls, on toys whose truth is known. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import {
  type AskCandidate,
  type Candidate,
  chooseAnyway,
  chooseDirection,
  type DirectionFilters,
  type KnownCandidate,
  rejection,
} from "./choose.ts";
import { coneTest } from "./cone.ts";
import { dimensionsOf } from "./dimensions.ts";
import { doseCurve } from "./dose.ts";
import { cosine, DifferenceOfMeans, dot, norm, orthogonalTo, unit } from "./means.ts";
import { positiveCombinations, randomDirections } from "./random-directions.ts";
import { byEstimate, mayBeat, mayInduce, pilotPrompts, pilotSize } from "./screen.ts";
import { type SideRow, splitHalfCosine } from "./split-half.ts";

const published: DirectionFilters = { leastInduce: 0, mostKl: 0.1, depth: 0.8 };
const none: DirectionFilters = { leastInduce: null, mostKl: null, depth: null };
const candidate = (layer: number, bypass: number, rest: Partial<Candidate> = {}): Candidate => ({
  ...{ layer, position: -1, bypass, induce: 1, kl: 0.01, deciding: null },
  ...rest,
});

it("adds rows in float64: a difference far below float32's resolution of the mean survives", () => {
  const means = new DifferenceOfMeans(1);
  for (let i = 0; i < 4096; i++) {
    means.add("harmful", Float32Array.of(i === 0 ? 4096 + 2 ** -11 : 4096));
    means.add("harmless", Float32Array.of(4096));
  }
  expect(means.difference()[0]).toBeCloseTo(2 ** -23, 12);
  expect(means.scale()).toBeCloseTo(8192, 3);
  expect(() => new DifferenceOfMeans(1).difference()).toThrow(RangeError);
});

/** A table that is known whole asks for nothing. */
const neverAsked: AskCandidate = () => {
  throw new Error("asked for what is known");
};
const choice = async (table: readonly KnownCandidate[], filters: DirectionFilters, layers = 20) =>
  await chooseDirection(table, filters, layers, neverAsked);
const anyway = async (table: readonly KnownCandidate[]) =>
  await chooseAnyway(table, published, 20, neverAsked);

describe("the choice", () => {
  it("takes the lowest bypass that no filter rejects", async () => {
    const table = [
      candidate(4, -2),
      candidate(5, -9, { kl: 0.2 }),
      candidate(6, -8, { induce: -0.1 }),
      candidate(7, -7),
      candidate(16, -10),
    ];
    expect(await choice(table, published)).toBe(3);
    expect(table.map((one) => rejection(one, published, 20))).toEqual([null, "kl", "induce", null, "depth"]);
    expect(await choice(table, { ...published, depth: null })).toBe(4);
    expect(await choice(table, { ...published, mostKl: null })).toBe(1);
    expect(await choice(table, { ...published, leastInduce: null })).toBe(2);
    expect(await choice(table, none)).toBe(4);
  });

  it("has nothing to take if the filters reject all", async () => {
    expect(await choice([candidate(1, -9, { kl: 1 })], published)).toBeNull();
  });

  it("does without induce, and then without KL, where they reject all, and says so", async () => {
    const weak = [candidate(1, -2, { induce: -1 }), candidate(2, -3, { induce: -1, kl: 1 })];
    expect(await anyway(weak)).toEqual({ index: 0, givenUp: ["induce"] });
    expect(await anyway(weak.slice(1))).toEqual({ index: 0, givenUp: ["induce", "kl"] });
    expect(await anyway([...weak, candidate(3, -1)])).toEqual({ index: 2, givenUp: [] });
    expect(await anyway([candidate(19, -2)])).toBeNull();
  });

  it("keeps the block inputs below int(0.8 L), as the authors' code does", () => {
    // L = 24: int(19.2) = 19, so inputs of blocks 0 to 18, which are outputs of blocks -1 to 17.
    const kept = Array.from({ length: 25 }, (_, i) => candidate(i - 1, 0)).filter(
      (one) => rejection(one, published, 24) === null,
    );
    expect([kept[0]!.layer, kept.at(-1)!.layer]).toEqual([-1, 17]);
  });

  it("is the earlier layer, then the earlier position, of equal ones", async () => {
    const table = [candidate(3, -1), candidate(2, -1), candidate(2, -1, { position: -3 })];
    expect(await choice(table, none)).toBe(2);
  });

  it("reads the effects at the deciding position where there is one", async () => {
    const table = [
      candidate(1, -5, { deciding: { bypass: -1, induce: 1 } }),
      candidate(2, -4, { deciding: { bypass: -2, induce: 1 } }),
      candidate(3, -6, { deciding: { bypass: -3, induce: -1 } }),
    ];
    expect(await choice(table, published)).toBe(1);
  });

  const tables = fc.uniqueArray(
    fc.record({
      layer: fc.integer({ min: -1, max: 9 }),
      bypass: fc.integer({ min: -3, max: 3 }),
      induce: fc.integer({ min: -1, max: 1 }),
      kl: fc.constantFrom(0.05, 0.15),
      known: fc.boolean(),
    }),
    { selector: ({ layer }) => layer, maxLength: 8 },
  );
  type Rows = typeof tables extends fc.Arbitrary<infer T> ? T : never;
  const whole = (rows: Rows) =>
    rows.map(({ layer, bypass, induce, kl }) => candidate(layer, bypass, { induce, kl }));

  it("is the same in any order of the candidates", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        const table = whole(rows);
        const chosen = await choice(table, published, 10);
        const turned = [...table].reverse();
        const again = await choice(turned, published, 10);
        expect(chosen === null ? null : table[chosen]).toBe(again === null ? null : turned[again]);
      }),
    );
  });

  it("is the same where induce and KL are asked for only when it depends on them", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (rows) => {
        const table = whole(rows);
        const known: KnownCandidate[] = table.map((one, i) =>
          rows[i]!.known ? { ...one } : { ...one, induce: null, kl: null },
        );
        const ask: AskCandidate = async (index, what) => {
          expect(known[index]![what]).toBeNull();
          return await Promise.resolve((known[index] = { ...known[index]!, [what]: table[index]![what] }));
        };
        const lazily = await chooseAnyway([...known], published, 10, ask);
        expect(lazily).toEqual(await chooseAnyway(table, published, 10, neverAsked));
        // Nobody's KL is asked for behind the chosen one of those that pass.
        if (lazily?.givenUp.length !== 0) return;
        const { bypass } = table[lazily.index]!;
        for (const [i, one] of known.entries())
          if (!rows[i]!.known && one.bypass > bypass) expect(one.kl).toBeNull();
      }),
    );
  });
});

describe("the screen", () => {
  it("orders by estimate, without those that are too deep", () => {
    const table = Array.from({ length: 10 }, (_, layer) => candidate(layer, 0));
    const estimates = [5, 1, 4, 2, 3, 0, 9, 8, -5, -6];
    // int(0.8 · 10) = 8: outputs of blocks 7 to 9 are too deep.
    expect(byEstimate(table, estimates, published, 10)).toEqual([5, 1, 3, 4, 2, 0, 6]);
    expect(byEstimate(table, estimates, none, 10)[0]).toBe(9);
  });
  it("leaves out the worst half of many candidates and nobody of few", () => {
    expect([0, 12, 40, 60, 90, 130].map(pilotSize)).toEqual([0, 12, 40, 40, 45, 65]);
    expect([2, 5, 32, 128].map(pilotPrompts)).toEqual([2, 4, 4, 16]);
  });
  it("gives up on induce only where the estimates have been good", () => {
    const good = [{ estimate: -1.2, induce: -1.25 }];
    expect(mayInduce(-1, 0, good)).toBe(false);
    expect(mayInduce(-0.1, 0, good)).toBe(true);
    expect(mayInduce(-9, 0, [...good, { estimate: -10, induce: 2 }])).toBe(true);
  });
  it("gives up a candidate only if it is clearly worse on the same prompts", () => {
    const chosen = [-3, -5, -1, -7];
    expect(mayBeat(chosen, chosen)).toBe(true);
    // Worse on each prompt by about as much, however far the prompts are apart.
    expect(mayBeat([-2, -4, 0.1, -6.1], chosen)).toBe(false);
    expect(mayBeat([-2, -6, 0, -7.5], chosen)).toBe(true);
    expect(mayBeat([0], [-3])).toBe(true);
  });
});

describe("random directions", () => {
  const basis = [unit(Float64Array.of(1, 1, 0, 0, 0, 0)), unit(Float64Array.of(0, 0, 1, -1, 0, 0))];
  it("have length 1, differ, and are orthogonal to the basis", () => {
    const drawn = randomDirections(6, 20, random(1), basis);
    for (const one of drawn) {
      expect(norm(one)).toBeCloseTo(1, 12);
      for (const direction of basis) expect(dot(one, direction)).toBeCloseTo(0, 12);
    }
    expect(Math.abs(cosine(drawn[0]!, drawn[1]!))).toBeLessThan(0.999);
    expect(randomDirections(6, 20, random(1), basis)).toEqual(drawn);
  });
  it("leave nothing of what lies in the basis", () => {
    expect(norm(orthogonalTo(basis, Float64Array.of(2, 2, 0, 0, 0, 0)))).toBeCloseTo(0, 12);
  });
  it("combine positively: no sample points away from a direction of the basis", () => {
    for (const one of positiveCombinations(basis, 50, random(2))) {
      expect(norm(one)).toBeCloseTo(1, 12);
      for (const direction of basis) expect(dot(one, direction)).toBeGreaterThan(0);
    }
  });
});

describe("the split-half cosine", () => {
  const rows = (signal: number, pairs: number): SideRow[] => {
    const draws = random("rows");
    return Array.from({ length: 2 * pairs }, (_, i) => {
      const row = Float32Array.from({ length: 16 }, () => draws.normal());
      if (i % 2 === 0) row[3]! += signal;
      return { side: i % 2 === 0 ? "harmful" : "harmless", cluster: `pair ${i >> 1}`, row };
    });
  };
  const options = () => ({ splits: 100, level: 0.95, random: random("halves") });
  it("is near 1 for a direction that is there, and around 0 for one that is not", () => {
    expect(splitHalfCosine(rows(20, 40), options())!.interval[0]).toBeGreaterThan(0.95);
    const { estimate, interval } = splitHalfCosine(rows(0, 40), options())!;
    expect(Math.abs(estimate)).toBeLessThan(0.3);
    expect(interval[0]).toBeLessThan(0);
  });
  it("is undefined for a single pair", () => {
    expect(splitHalfCosine(rows(1, 1), options())).toBeNull();
  });
});

describe("dimensions", () => {
  const random = [-0.1, 0, 0.1, 0.05, -0.05].map((change) => 4 + change);
  it("count as long as a removal does more than random ones", () => {
    const removals = [
      { before: 4, after: 1, random },
      { before: 4, after: 3.5, random },
      { before: 4, after: 3.95, random },
      { before: 4, after: -9, random },
    ];
    expect(dimensionsOf(removals, 0.95)).toBe(2);
    expect(dimensionsOf(removals.slice(0, 2), 0.95)).toBe(2);
    expect(dimensionsOf([], 0.95)).toBe(0);
  });
  it("of a cone hold if samples fall to the boundary and below what random directions reach", () => {
    const against = { boundary: 3.95, random };
    expect(coneTest(2, [-1, 0, 3.94, 3], against, 0.95)).toMatchObject({ samples: 4, bypassing: 3 });
    expect(coneTest(2, [1, 2], { boundary: 0, random }, 0.95).bypassing).toBe(0);
  });
});

it("draws the curve over doses with an interval over prompts", () => {
  const at = (...values: number[]) => values.map((value, i) => ({ cluster: `pair ${i}`, value }));
  const curve = doseCurve([0, 1], [at(-3, -2, -4), at(1, 2, 3)], 0.95);
  expect(curve.map(({ dose, estimate }) => [dose, estimate])).toEqual([
    [0, -3],
    [1, 2],
  ]);
  expect(curve[1]!.interval![0]).toBeCloseTo(2 - 4.3027 / Math.sqrt(3), 3);
});
