/**
 * The interval over replicates and units covers the truth as often as it states, whether replicates or units differ
 * more.
 */
import { describe, expect, it } from "vitest";
import { random } from "../core/random.ts";
import { studentCritical } from "./distributions/student.ts";
import { meanOverReplicates } from "./replicates.ts";

const items = (values: readonly number[], cluster = (at: number) => String(at)) =>
  values.map((value, at) => ({ cluster: cluster(at), value }));

describe("the mean over replicates", () => {
  it("is the t interval of a mean for one replicate of single items", () => {
    const { estimate, interval } = meanOverReplicates([items([1, 2, 3, 4])], 0.95);
    // SciPy: t.interval(0.95, 3, loc=2.5, scale=sem([1, 2, 3, 4])).
    expect(estimate).toBe(2.5);
    expect(interval![0]).toBeCloseTo(0.4457397432394794, 10);
    expect(interval![1]).toBeCloseTo(4.554260256760521, 10);
  });

  it("counts the items of a cluster as one", () => {
    const twice = [1, 1, 2, 2, 3, 3, 4, 4];
    const inPairs = items(twice, (at) => String(Math.floor(at / 2)));
    const once = meanOverReplicates([items([1, 2, 3, 4])], 0.95).interval!;
    const clustered = meanOverReplicates([inPairs], 0.95).interval!;
    expect(clustered[0]).toBeCloseTo(once[0], 12);
    expect(meanOverReplicates([items(twice)], 0.95).interval![0]).toBeGreaterThan(once[0]);
  });

  it("is the t interval of the replicates' means if their items do not differ", () => {
    const { estimate, interval } = meanOverReplicates(
      [1, 2, 6].map((of) => items([of, of])),
      0.95,
    );
    expect(estimate).toBe(3);
    expect(interval![1] - 3).toBeCloseTo(4.302652729749462 * Math.sqrt(7 / 3), 9);
  });

  it("has no interval for one cluster, and an interval of length 0 if nothing differs", () => {
    expect(meanOverReplicates([items([1, 2], () => "one")], 0.95).interval).toBeNull();
    expect(meanOverReplicates([items([2, 2])], 0.95).interval).toEqual([2, 2]);
  });

  // 12 of 36 units are held out in each of three replicates; each unit has two items.
  it.each([
    { of: "units", replicate: 0, unit: 1, item: 0.1 },
    { of: "items", replicate: 0, unit: 0, item: 1 },
    { of: "both", replicate: 0.3, unit: 0.7, item: 0.7 },
    { of: "replicates", replicate: 1, unit: 0.3, item: 0.3 },
  ])("covers the truth 19 times in 20 if $of differ", ({ replicate, unit, item }) => {
    const draw = random(`coverage ${replicate} ${unit}`);
    const runs = 500;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const units = Array.from({ length: 36 }, () => unit * draw.normal());
      const replicates = Array.from({ length: 3 }, () => {
        const shift = replicate * draw.normal();
        const held = draw.shuffle([...units.keys()]).slice(0, 12);
        return held.flatMap((at) =>
          [0, 1].map(() => ({ cluster: String(at), value: shift + units[at]! + item * draw.normal() })),
        );
      });
      const [low, high] = meanOverReplicates(replicates, 0.95).interval!;
      if (low <= 0 && high >= 0) covered++;
    }
    // Two standard errors of 500 runs below 95%. An interval that is too wide is allowed.
    expect(covered / runs).toBeGreaterThan(0.93);
  });
});

it("critical values are SciPy's t.ppf", () => {
  const known: [tail: number, df: number, t: number][] = [
    [0.025, 1, 12.706204736174694],
    [0.025, 2, 4.302652729749462],
    [0.05, 5, 2.0150483733330233],
    [0.005, 23, 2.807335683769999],
  ];
  for (const [tail, df, t] of known) expect(studentCritical(tail, df) / t).toBeCloseTo(1, 11);
  expect(() => studentCritical(0.5, 3)).toThrow("tail");
});
