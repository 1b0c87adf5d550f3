/** The corrected rates and differences: their algebra, and the coverage of their intervals by simulation. */
import { describe, expect, it } from "vitest";
import { type Random, random } from "../core/random.ts";
import { correctedDifference, correctedRate, type TestError, youden } from "./misclassified.ts";
import { newcombe, wilson } from "./proportion.ts";

const level = 0.95;
const runs = 2000;

const error = (found: number, positives: number, cleared: number, negatives: number): TestError => ({
  sensitivity: { right: found, n: positives },
  specificity: { right: cleared, n: negatives },
});

const drawn = (n: number, p: number, stream: Random): number => {
  let count = 0;
  for (let i = 0; i < n; i++) if (stream.uniform() < p) count += 1;
  return count;
};

/** One simulated calibration: `positives` and `negatives` answers that people labelled. */
const calibrated = (
  se: number,
  sp: number,
  positives: number,
  negatives: number,
  stream: Random,
): TestError => error(drawn(positives, se, stream), positives, drawn(negatives, sp, stream), negatives);

describe("corrected rate", () => {
  it("is Rogan and Gladen's estimate, clipped to [0, 1]", () => {
    const judge = error(90, 100, 190, 200);
    expect(correctedRate({ successes: 47.5, n: 100 }, judge, level)!.estimate).toBeCloseTo(0.5, 12);
    expect(correctedRate({ successes: 2, n: 100 }, judge, level)!.estimate).toBe(0);
    expect(correctedRate({ successes: 95, n: 100 }, judge, level)!.estimate).toBe(1);
  });

  it("is the counted rate with Wilson's interval if the test is known to be perfect", () => {
    const judge = error(1e9, 1e9, 1e9, 1e9);
    const { estimate, interval } = correctedRate({ successes: 30, n: 80 }, judge, level)!;
    const [low, high] = wilson(30, 80, level);
    expect(estimate).toBeCloseTo(30 / 80, 9);
    expect(interval[0]).toBeCloseTo(low, 6);
    expect(interval[1]).toBeCloseTo(high, 6);
  });

  it("is null where the test may be no better than chance", () => {
    expect(correctedRate({ successes: 5, n: 10 }, error(50, 100, 50, 100), level)).toBeNull();
    expect(correctedRate({ successes: 5, n: 10 }, error(3, 5, 3, 5), level)).toBeNull();
    expect(youden(error(3, 5, 3, 5), level).interval[0]).toBeLessThan(0);
  });

  it("is wider than the counted rate, and narrower with more labels", () => {
    const width = (labels: number) => {
      const [low, high] = correctedRate(
        { successes: 40, n: 100 },
        error(0.9 * labels, labels, 0.95 * labels, labels),
        level,
      )!.interval;
      return high - low;
    };
    const [low, high] = wilson(40, 100, level);
    expect(width(100)).toBeGreaterThan(width(1000));
    expect(width(1000)).toBeGreaterThan(high - low);
  });

  // Inside (0, 1), coverage is within two points of the level. Where the true rate is an end, it is above it.
  it.each([
    { n: 48, positives: 40, negatives: 60, se: 0.9, sp: 0.95, pi: 0.3 },
    { n: 66, positives: 100, negatives: 200, se: 0.6, sp: 0.97, pi: 0.8 },
    { n: 75, positives: 30, negatives: 30, se: 0.75, sp: 0.75, pi: 0.5 },
    { n: 200, positives: 200, negatives: 200, se: 0.75, sp: 0.9, pi: 0.05 },
    { n: 1000, positives: 100, negatives: 100, se: 0.6, sp: 0.97, pi: 0.95 },
  ])("covers the true rate $pi at the level, n = $n, se = $se, sp = $sp", (at) => {
    const stream = random(`rate ${JSON.stringify(at)}`);
    let covered = 0;
    let determined = 0;
    for (let run = 0; run < runs; run++) {
      const judge = calibrated(at.se, at.sp, at.positives, at.negatives, stream);
      const counted = at.pi * at.se + (1 - at.pi) * (1 - at.sp);
      const result = correctedRate({ successes: drawn(at.n, counted, stream), n: at.n }, judge, level);
      if (result === null) continue;
      determined += 1;
      if (result.interval[0] <= at.pi && at.pi <= result.interval[1]) covered += 1;
    }
    expect(determined).toBeGreaterThan(0.95 * runs);
    expect(Math.abs(covered / determined - level)).toBeLessThan(0.02);
  });

  it("covers a true rate of 0 and of 1 at least at the level", () => {
    for (const pi of [0, 1]) {
      const stream = random(`end ${pi}`);
      let covered = 0;
      for (let run = 0; run < runs; run++) {
        const judge = calibrated(0.9, 0.95, 100, 100, stream);
        const successes = drawn(66, pi === 1 ? 0.9 : 0.05, stream);
        const [low, high] = correctedRate({ successes, n: 66 }, judge, level)!.interval;
        if (low <= pi && pi <= high) covered += 1;
      }
      expect(covered / runs).toBeGreaterThan(level);
    }
  });

  it("would cover too little if it took the test's error for known", () => {
    const at = { n: 1000, se: 0.6, sp: 0.97, pi: 0.8 };
    const stream = random("known");
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const judge = calibrated(at.se, at.sp, 100, 100, stream);
      const [se, sp] = [judge.sensitivity.right / 100, judge.specificity.right / 100];
      const successes = drawn(at.n, at.pi * at.se + (1 - at.pi) * (1 - at.sp), stream);
      const [low, high] = wilson(successes, at.n, level).map((p) => (p + sp - 1) / (se + sp - 1));
      if (low! <= at.pi && at.pi <= high!) covered += 1;
    }
    expect(covered / runs).toBeLessThan(0.8);
  });
});

describe("corrected difference", () => {
  it("is d / J, with the same interval turned around if the two sides change places", () => {
    const judge = error(80, 100, 190, 200);
    const { estimate, interval } = correctedDifference(
      { estimate: 0.3, interval: [0.1, 0.48] },
      judge,
      level,
    )!;
    const turned = correctedDifference({ estimate: -0.3, interval: [-0.48, -0.1] }, judge, level)!;
    expect(estimate).toBeCloseTo(0.3 / 0.75, 12);
    expect(turned.estimate).toBeCloseTo(-estimate, 12);
    expect(turned.interval[0]).toBeCloseTo(-interval[1], 9);
    expect(turned.interval[1]).toBeCloseTo(-interval[0], 9);
  });

  it("holds 0 exactly if the counted difference's interval does", () => {
    const judge = error(80, 100, 190, 200);
    for (const interval of [
      [-0.01, 0.4],
      [0.01, 0.4],
    ] as const) {
      const [low] = correctedDifference({ estimate: 0.2, interval: [...interval] }, judge, level)!.interval;
      expect(low <= 0).toBe(interval[0] <= 0);
    }
  });

  it.each([
    { n: 48, m: 48, positives: 40, negatives: 60, se: 0.9, sp: 0.95, a: 0.5, b: 0.1 },
    { n: 66, m: 30, positives: 100, negatives: 200, se: 0.6, sp: 0.97, a: 0.2, b: 0.7 },
    { n: 75, m: 75, positives: 60, negatives: 60, se: 0.75, sp: 0.85, a: 0.5, b: 0.5 },
  ])("covers the true difference of $a and $b at the level", (at) => {
    const stream = random(`difference ${JSON.stringify(at)}`);
    const rate = (pi: number) => pi * at.se + (1 - pi) * (1 - at.sp);
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const judge = calibrated(at.se, at.sp, at.positives, at.negatives, stream);
      const first = { successes: drawn(at.n, rate(at.a), stream), n: at.n };
      const second = { successes: drawn(at.m, rate(at.b), stream), n: at.m };
      const counted = {
        estimate: first.successes / first.n - second.successes / second.n,
        interval: newcombe(first, second, level),
      };
      const [low, high] = correctedDifference(counted, judge, level)!.interval;
      if (low <= at.a - at.b && at.a - at.b <= high) covered += 1;
    }
    expect(Math.abs(covered / runs - level)).toBeLessThan(0.02);
  });
});
