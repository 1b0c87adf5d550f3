import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../core/random.ts";
import { normalCdf, normalQuantile } from "./distributions/normal.ts";
import { studentTail } from "./distributions/student.ts";
import { cohensD, cohensDInterval, varianceShare } from "./effect.ts";
import { ridge } from "./fits/ridge.ts";
import { groupedFolds } from "./folds.ts";
import { benjaminiHochberg } from "./multiple/bh.ts";
import { holm } from "./multiple/holm.ts";
import { fisherExact, type Interval, mcnemarExact, newcombe, pairedNewcombe, wilson } from "./proportion.ts";
import { spearman } from "./rank-correlation.ts";
import { bootstrap, permutationTest } from "./resample.ts";
import { equivalenceTest, signFlipTest } from "./sign-flip.ts";
import { mean, quantile, standardDeviation } from "./summary.ts";

interface Reference {
  wilson: { successes: number; n: number; level: number; interval: Interval }[];
  newcombe: {
    a: { successes: number; n: number };
    b: { successes: number; n: number };
    level: number;
    interval: Interval;
  }[];
  mcnemar: { first: number; second: number; p: number }[];
  fisher: {
    a: { successes: number; n: number };
    b: { successes: number; n: number };
    greater: number;
    less: number;
  }[];
  effect: { a: number[]; b: number[]; d: number; exact_interval: Interval }[];
  share: { values: number[]; groups: string[]; share: number }[];
  ridge: { x: number[][]; y: number[][]; lambda: number; coefficients: number[][]; condition: number }[];
  summaries: {
    values: number[];
    quantiles: { q: number; value: number }[];
    sd: [number, number];
    normal: { p: number; x: number }[];
  };
  resampling: {
    values: number[];
    interval: Interval;
    a: number[];
    b: number[];
    p: number;
    paired: number[];
    signs_p: number;
  };
  holm: { p: number[]; adjusted: number[] }[];
  bh: { p: number[]; q: number[] }[];
  tails: { t: number; df: number; p: number }[];
  sign_flips: { d: number[]; greater: number; margin: number; equivalence: number }[];
  spearman: { x: number[]; y: number[]; rho: number }[];
}

// Values of SciPy, statsmodels and scikit-learn, written by oracle/stats_fixtures.py.
const reference = JSON.parse(
  readFileSync(new URL("../../test/fixtures/stats/reference.json", import.meta.url), "utf8"),
) as Reference;

const expectClose = (got: readonly number[], want: readonly number[], tolerance: number) => {
  expect(got.length).toBe(want.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - want[i]!), `${value} against ${want[i]}`).toBeLessThanOrEqual(tolerance);
  });
};

describe("compared with other implementations", () => {
  it("Wilson (statsmodels)", () => {
    for (const { successes, n, level, interval } of reference.wilson)
      expectClose(wilson(successes, n, level), interval, 1e-12);
  });

  it("Newcombe, independent groups (statsmodels)", () => {
    for (const { a, b, level, interval } of reference.newcombe)
      expectClose(newcombe(a, b, level), interval, 1e-10);
  });

  it("Newcombe, paired (the worked table of his 1998 paper, four decimals)", () => {
    const counts = { both: 36, firstOnly: 12, secondOnly: 2, neither: 0 };
    expectClose(pairedNewcombe(counts, 0.95), [0.0569, 0.3404], 5e-5);
  });

  it("McNemar, exact (statsmodels)", () => {
    for (const { first, second, p } of reference.mcnemar)
      expect(Math.abs(mcnemarExact(first, second) - p)).toBeLessThan(1e-10);
  });

  it("Fisher, exact (SciPy)", () => {
    for (const { a, b, greater, less } of reference.fisher) {
      expectClose([fisherExact(a, b, "greater"), fisherExact(b, a, "greater")], [greater, less], 1e-9);
      expectClose([fisherExact(a, b, "two-sided")], [Math.min(1, 2 * Math.min(greater, less))], 1e-9);
    }
  });

  it("Cohen's d (SciPy's t), its interval near the exact noncentral one", () => {
    for (const { a, b, d, exact_interval } of reference.effect) {
      expectClose([cohensD(a, b)], [d], 1e-12);
      expectClose(cohensDInterval(d, a.length, b.length, 0.95), exact_interval, 0.08);
    }
  });

  it("share of variance (statsmodels' analysis of variance)", () => {
    for (const { values, groups, share } of reference.share)
      expectClose([varianceShare(values, groups)], [share], 1e-12);
  });

  it("ridge and its condition number (scikit-learn, NumPy)", () => {
    for (const { x, y, lambda, coefficients, condition } of reference.ridge) {
      const got = ridge(x, y, lambda);
      expectClose(got.coefficients.flat(), coefficients.flat(), 1e-9);
      expectClose([got.conditionNumber / condition], [1], 1e-9);
    }
  });

  it("quantiles, standard deviations, normal quantiles (NumPy, SciPy)", () => {
    const { values, quantiles, sd, normal } = reference.summaries;
    for (const { q, value } of quantiles) expectClose([quantile(values, q)], [value], 1e-14);
    expectClose([standardDeviation(values, 0), standardDeviation(values, 1)], sd, 1e-14);
    for (const { p, x } of normal) expectClose([normalQuantile(p)], [x], 1e-6);
    expectClose([normalQuantile(0.975)], [1.959963984540054], 1e-13);
  });

  it("Holm (statsmodels)", () => {
    for (const { p, adjusted } of reference.holm) expectClose(holm(p), adjusted, 1e-14);
  });

  it("Benjamini–Hochberg (SciPy)", () => {
    for (const { p, q } of reference.bh) expectClose(benjaminiHochberg(p), q, 1e-14);
  });

  it("sign flips, one-sided and two one-sided, exact and sampled (SciPy)", () => {
    for (const { d, greater, margin, equivalence } of reference.sign_flips) {
      const flips = { resamples: 100, random: random("unused") };
      expectClose([signFlipTest(d, flips)], [greater], 1e-12);
      expectClose([equivalenceTest(d, margin, flips)], [equivalence], 1e-12);
    }
    // Differences of 0 change nothing but make the list too long to count.
    const { d, greater } = reference.sign_flips[2]!;
    const longer = [...d, ...new Array<number>(10).fill(0)];
    const sampled = signFlipTest(longer, { resamples: 20_000, random: random("signs") });
    expectClose([sampled], [greater], 0.01);
    expect(signFlipTest([0, 0], { resamples: 9, random: random(1) })).toBe(1);
    expect(() => equivalenceTest([1], 0, { resamples: 9, random: random(1) })).toThrow("margin");
  });

  it("Spearman's rank correlation (SciPy)", () => {
    for (const { x, y, rho } of reference.spearman) expectClose([spearman(x, y)], [rho], 1e-12);
    expect(spearman([1, 1], [1, 2])).toBeNaN();
    expect(() => spearman([1], [])).toThrow("equally many");
  });

  it("the tail of Student's t (SciPy), to a relative 1e-12", () => {
    for (const { t, df, p } of reference.tails) expectClose([studentTail(t, df) / p], [1], 1e-12);
    expect(() => studentTail(1, 0)).toThrow("df");
  });

  it("bootstrap and permutation (SciPy), within Monte Carlo error", () => {
    const { values, interval, a, b, p, paired, signs_p } = reference.resampling;
    const got = bootstrap({
      items: values.map((value, i) => ({ value, i })),
      cluster: ({ i }) => String(i),
      statistic: (items) => mean(items.map(({ value }) => value)),
      resamples: 20_000,
      level: 0.95,
      random: random("bootstrap"),
    });
    expectClose(got!, interval, 0.02);

    const pooled = [...a, ...b];
    const difference = (all: number[]) => mean(all.slice(0, a.length)) - mean(all.slice(a.length));
    const test = { side: "two-sided", resamples: 20_000, level: 0.95 } as const;
    const shuffled = permutationTest({
      ...test,
      observed: difference(pooled),
      draw: (r) => difference(r.shuffle(pooled)),
      random: random("permutation"),
    });
    expectClose([shuffled.p], [p], 0.01);
    const flipped = permutationTest({
      ...test,
      observed: mean(paired),
      draw: (r) => mean(paired.map((value) => (r.uniform() < 0.5 ? value : -value))),
      random: random("signs"),
    });
    expectClose([flipped.p], [signs_p], 0.01);
  });
});

describe("properties", () => {
  const counts = fc
    .integer({ min: 1, max: 200 })
    .chain((n) => fc.record({ n: fc.constant(n), successes: fc.double({ min: 0, max: n, noNaN: true }) }));

  it("a Wilson interval holds its rate, stays in [0, 1], mirrors, and widens with the level", () => {
    fc.assert(
      fc.property(counts, ({ n, successes }) => {
        const [low, high] = wilson(successes, n, 0.95);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(successes / n + 1e-12);
        expect(high).toBeGreaterThanOrEqual(successes / n - 1e-12);
        expectClose(wilson(n - successes, n, 0.95), [1 - high, 1 - low], 1e-9);
        const [wideLow, wideHigh] = wilson(successes, n, 0.99);
        expect(wideLow <= low + 1e-12 && wideHigh >= high - 1e-12).toBe(true);
      }),
    );
  });

  it("swapping the groups of a difference mirrors its interval", () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        const [low, high] = newcombe(a, b, 0.9);
        expectClose(newcombe(b, a, 0.9), [-high, -low], 1e-12);
      }),
    );
    const cell = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(cell, cell, cell, cell, (both, firstOnly, secondOnly, neither) => {
        fc.pre(both + firstOnly + secondOnly + neither > 0);
        const [low, high] = pairedNewcombe({ both, firstOnly, secondOnly, neither }, 0.95);
        const swapped = { both, firstOnly: secondOnly, secondOnly: firstOnly, neither };
        expectClose(pairedNewcombe(swapped, 0.95), [-high, -low], 1e-9);
        expect(low >= -1 - 1e-9 && high <= 1 + 1e-9).toBe(true);
      }),
    );
  });

  it("the normal CDF is symmetric and inverts its quantile", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
        expect(normalQuantile(p) + normalQuantile(1 - p)).toBeCloseTo(0, 8);
      }),
    );
  });

  it("a label that equals the value explains everything; without spread the share is NaN", () => {
    expect(varianceShare([1, 1, 4, 4], ["a", "a", "b", "b"])).toBe(1);
    expect(varianceShare([0.3, 0.3, 0.3], ["a", "b", "b"])).toBeNaN();
    expect(cohensD([2, 2], [2, 2])).toBeNaN();
  });

  it("folds keep groups whole and strata even", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 2, max: 6 }),
        fc.integer(),
        (n, k, seed) => {
          const groups = Array.from({ length: n * 3 }, (_, i) => `g${i % n}`);
          const strata = groups.map((group) => (Number(group.slice(1)) % 3 === 0 ? "x" : "y"));
          const folds = groupedFolds(groups, strata, k, random(seed));
          groups.forEach((group, i) => {
            expect(folds[i]).toBe(folds[groups.indexOf(group)]);
          });
          for (const stratum of ["x", "y"]) {
            const sizes = new Array<number>(k).fill(0);
            folds.slice(0, n).forEach((fold, i) => {
              if (strata[i] === stratum) sizes[fold]! += 1;
            });
            expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });
});

describe("resampling", () => {
  it("covers: 95% cluster intervals hold the truth about 95% of the time if items repeat in clusters", () => {
    let covered = 0;
    let naive = 0;
    const worlds = 200;
    for (let world = 0; world < worlds; world++) {
      const r = random(`world ${world}`);
      const items = Array.from({ length: 30 }, (_, c) => ({ c, value: r.normal() })).flatMap((item) =>
        Array.from({ length: 4 }, () => item),
      );
      const interval = (cluster: (item: { c: number }, place: number) => string) =>
        bootstrap({
          items: items.map((item, place) => ({ ...item, name: cluster(item, place) })),
          cluster: ({ name }) => name,
          statistic: (drawn) => mean(drawn.map(({ value }) => value)),
          resamples: 300,
          level: 0.95,
          random: r.split("draws"),
        })!;
      const holdsZero = ([low, high]: Interval) => low <= 0 && high >= 0;
      if (holdsZero(interval(({ c }) => String(c)))) covered += 1;
      if (holdsZero(interval((_, place) => String(place)))) naive += 1;
    }
    expect(covered / worlds).toBeGreaterThan(0.89);
    expect(naive / worlds).toBeLessThan(0.8);
  });

  it("gives no interval for one cluster, or if the statistic is mostly undefined", () => {
    const options = { resamples: 50, level: 0.95, random: random(1) };
    const one = bootstrap({ ...options, items: [1, 2], cluster: () => "a", statistic: (v) => mean(v) });
    expect(one).toBeNull();
    const undefinedStatistic = () => NaN;
    expect(
      bootstrap({ ...options, items: [1, 2], cluster: String, statistic: undefinedStatistic }),
    ).toBeNull();
  });

  it("never reports p = 0, counts ties as extreme, and finds an effect only on its own side", () => {
    const base = { resamples: 99, level: 0.95, random: random(3) };
    expect(permutationTest({ ...base, observed: 9, draw: () => 0, side: "greater" }).p).toBe(0.01);
    expect(permutationTest({ ...base, observed: 0, draw: () => 0, side: "two-sided" }).p).toBe(1);
    expect(permutationTest({ ...base, observed: 9, draw: () => 0, side: "less" }).p).toBe(1);
  });
});
