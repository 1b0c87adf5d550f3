import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { random } from "../core/random.ts";
import { bcaBootstrap, bcaTails } from "./bca.ts";
import { betaQuantile } from "./distributions/beta.ts";
import { chiSquareTail } from "./distributions/gamma.ts";
import { cliffsDelta } from "./effect.ts";
import { likelihoodRatio, logisticRegression } from "./fits/logistic.ts";
import { gatekeeping } from "./multiple/gatekeeping.ts";
import { mcnemarPower, unitsToTell } from "./power.ts";
import { binomialTails, clopperPearson, type Interval, mcnemarMidP, wilson } from "./proportion.ts";
import { mean } from "./summary.ts";

interface Reference {
  clopper_pearson: { successes: number; n: number; level: number; interval: Interval }[];
  binomial: { successes: number; n: number; rate: number; above: number; below: number }[];
  mid_p: { first: number; second: number; p: number }[];
  power: { first: number; second: number; n: number; alpha: number; power: number }[];
  cliff: { a: number[]; b: number[]; delta: number }[];
  bca: {
    tails: { observed: number; draws: number[]; without: number[]; level: number; tails: Interval }[];
    values: number[];
    interval: Interval;
  };
  logistic: {
    x: number[][];
    y: number[];
    clusters: string[];
    coefficients: number[];
    covariance: number[][];
    clustered: number[][];
    log_likelihood: number;
  }[];
  chi_square: { x: number; df: number; p: number }[];
  beta: { p: number; a: number; b: number; x: number }[];
  families: { first: number[]; second: number[]; adjusted: (number | null)[]; rejected: boolean[] }[];
}

// Values of SciPy and statsmodels, written by oracle/inference_fixtures.py.
const reference = JSON.parse(
  readFileSync(new URL("../../test/fixtures/stats/inference.json", import.meta.url), "utf8"),
) as Reference;

const tolerance = 1e-10;
const expectClose = (got: readonly number[], want: readonly number[]) => {
  expect(got.length).toBe(want.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - want[i]!), `${value} against ${want[i]}`).toBeLessThanOrEqual(tolerance);
  });
};

describe("compared with SciPy and statsmodels, to 1e-10", () => {
  it("Clopper–Pearson", () => {
    for (const { successes, n, level, interval } of reference.clopper_pearson)
      expectClose(clopperPearson(successes, n, level), interval);
    expect(() => clopperPearson(4, 3, 0.95)).toThrow("0 <= successes <= n");
  });

  it("binomial tests against a rate", () => {
    for (const { successes, n, rate, above, below } of reference.binomial) {
      const tails = binomialTails(successes, n, rate);
      expectClose([tails.above, tails.below], [above, below]);
    }
  });

  it("McNemar's mid-p and its power", () => {
    for (const { first, second, p } of reference.mid_p) expectClose([mcnemarMidP(first, second)], [p]);
    for (const { first, second, n, alpha, power } of reference.power)
      expectClose([mcnemarPower({ firstOnly: first, secondOnly: second }, n, alpha)], [power]);
    expect(mcnemarPower({ firstOnly: 0, secondOnly: 0 }, 9, 0.05)).toBe(0);
    expect(() => mcnemarPower({ firstOnly: 0.7, secondOnly: 0.4 }, 9, 0.05)).toThrow("at most 1");
  });

  it("Cliff's delta", () => {
    for (const { a, b, delta } of reference.cliff) expectClose([cliffsDelta(a, b)], [delta]);
    expect(cliffsDelta([], [1])).toBeNaN();
  });

  it("the tails of a BCa interval; its ends within Monte Carlo error", () => {
    for (const { observed, draws, without, level, tails } of reference.bca.tails)
      expectClose(bcaTails(observed, draws, without, level)!, tails);
    const { values, interval } = reference.bca;
    const options = {
      items: values.map((value, i) => ({ value, i })),
      cluster: ({ i }: { i: number }) => String(i),
      statistic: (items: readonly { value: number }[]) => mean(items.map(({ value }) => value)),
      level: 0.95,
    };
    const got = bcaBootstrap({ ...options, resamples: 20_000, random: random("bca") })!;
    for (const end of [0, 1]) expect(Math.abs(got[end]! - interval[end]!)).toBeLessThan(0.02);
    const constant = { ...options, statistic: () => 1, resamples: 50, random: random(1) };
    expect(bcaBootstrap(constant)).toBeNull();
    expect(bcaBootstrap({ ...constant, cluster: () => "one" })).toBeNull();
    expect(bcaTails(2, [1, 1], [1, 2], 0.95)).toBeNull();
  });

  it("logistic regression with the sandwich of clusters", () => {
    for (const {
      x,
      y,
      clusters,
      coefficients,
      covariance,
      clustered,
      log_likelihood,
    } of reference.logistic) {
      const got = logisticRegression(x, y, clusters)!;
      expectClose(got.coefficients, coefficients);
      expectClose(got.covariance.flat(), covariance.flat());
      expectClose(got.clustered.flat(), clustered.flat());
      expectClose([got.logLikelihood], [log_likelihood]);
    }
  });

  it("χ² tails and beta quantiles", () => {
    for (const { x, df, p } of reference.chi_square) expectClose([chiSquareTail(x, df)], [p]);
    for (const { p, a, b, x } of reference.beta) expectClose([betaQuantile(p, a, b)], [x]);
    for (const call of [
      () => chiSquareTail(1, 0),
      () => betaQuantile(2, 1, 1),
      () => betaQuantile(0.5, 0, 1),
    ])
      expect(call).toThrow(RangeError);
  });

  it("families in order: a closed gate tests nothing", () => {
    for (const { first, second, adjusted, rejected } of reference.families) {
      const named = (family: string, p: readonly number[]) =>
        p.map((value, i) => ({ name: `${family}${i}`, p: value }));
      const decisions = [
        ...gatekeeping(
          [
            { name: "first", gate: [], hypotheses: named("a", first) },
            { name: "second", gate: ["a0"], hypotheses: named("b", second) },
          ],
          0.05,
        ).values(),
      ];
      expect(decisions.map((decision) => decision.rejected)).toEqual(rejected);
      decisions.forEach((decision, i) => {
        if (adjusted[i] === null) expect(decision.adjusted).toBeNull();
        else expectClose([decision.adjusted!], [adjusted[i]!]);
      });
    }
  });
});

describe("nested logistic regressions, compared with statsmodels (oracle/confound_fixtures.py)", () => {
  const { cases } = JSON.parse(
    readFileSync(new URL("../../test/fixtures/stats/confound.json", import.meta.url), "utf8"),
  ) as {
    cases: (Pick<Reference["logistic"][number], "x" | "y" | "clusters"> & {
      coefficient: number;
      error: number;
      ratio: number;
      p: number;
    })[];
  };
  it.each(cases)("χ² $ratio", ({ x, y, clusters, coefficient, error, ratio, p }) => {
    const full = logisticRegression(x, y, clusters)!;
    const reduced = logisticRegression(
      x.map((row) => row.slice(0, 3)),
      y,
      clusters,
    )!;
    const got = likelihoodRatio(full, reduced, 1);
    expectClose(
      [full.coefficients[3]!, Math.sqrt(full.clustered[3]![3]!), got.statistic, got.p],
      [coefficient, error, ratio, p],
    );
  });
});

describe("what they refuse", () => {
  it("a regression without a finite maximum, with collinear columns, or without clusters", () => {
    const ones = [
      [1, 0],
      [1, 0],
      [1, 1],
      [1, 1],
    ];
    const clusters = ["a", "b", "c", "d"];
    expect(logisticRegression(ones, [0, 0, 1, 1], clusters)).toBeNull();
    const collinear = ones.map(([one]) => [one!, one!]);
    expect(logisticRegression(collinear, [0, 1, 0, 1], clusters)).toBeNull();
    expect(() => logisticRegression(ones, [0, 1, 0, 1], ["a", "a", "a", "a"])).toThrow("2 clusters");
    expect(() => logisticRegression(ones, [0], clusters)).toThrow("equally many");
  });

  it("a gate that waits for nothing earlier, and a name that occurs twice", () => {
    const family = { name: "one", gate: ["later"], hypotheses: [{ name: "a", p: 0.01 }] };
    expect(() => gatekeeping([family], 0.05)).toThrow("later");
    const twice = { ...family, gate: [] };
    expect(() => gatekeeping([twice, twice], 0.05)).toThrow("twice");
  });
});

it("the units that a comparison needs reach the power that was asked for", () => {
  // A rate of 0.4 in 50 against 0.2: the exact power at the size it names, by binomial tests at 5%.
  const rate = 0.4;
  const interval = wilson(20, 50, 0.95);
  const n = unitsToTell({ estimate: rate, interval, level: 0.95, n: 50 }, 0.2, { alpha: 0.05, power: 0.8 });
  expect(n).toBeGreaterThan(30);
  expect(n).toBeLessThan(60);
  const sharper = { alpha: 0.01, power: 0.9 };
  expect(unitsToTell({ estimate: rate, interval, level: 0.95, n: 50 }, 0.2, sharper)).toBeGreaterThan(n);
  expect(unitsToTell({ estimate: 0.2, interval, level: 0.95, n: 50 }, 0.2, sharper)).toBe(Infinity);
});
