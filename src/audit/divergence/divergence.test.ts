import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FathomError } from "../../core/errors.ts";
import { random } from "../../core/random.ts";
import { calibrate, crossFit, divergence } from "./divergence.ts";
import { labelShare } from "./label-share.ts";

const identity = [0, 1, 2, 3, 4].map((i) => [0, 1, 2, 3, 4].map((j) => (i === j ? 1 : 0)));
const positive = fc.array(fc.double({ min: 1e-3, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });
// Scaling the smallest doubles rounds their direction away, so everything below 1e-200 counts as 0.
const coordinate = fc
  .double({ min: -1, max: 1, noNaN: true })
  .map((value) => (Math.abs(value) < 1e-200 ? 0 : value));
const signed = fc.array(coordinate, { minLength: 5, maxLength: 5 });
const scale = fc.double({ min: 1e-3, max: 1e3, noNaN: true });

describe("divergence", () => {
  it("is 0 for features as expected, 1 for orthogonal ones, 2 for opposite ones", () => {
    const s = [1, 0, 0, 0, 0];
    expect(divergence(s, [3, 0, 0, 0, 0], identity)).toBe(0);
    expect(divergence(s, [0, 0, 7, 0, 0], identity)).toBe(1);
    expect(divergence(s, [-2, 0, 0, 0, 0], identity)).toBe(2);
  });

  it("uses the row of T that the label names, not the column", () => {
    const T = [
      [0, 1],
      [1, 1],
    ];
    expect(divergence([1, 0], [0, 5], T)).toBe(0);
    expect(divergence([1, 0], [5, 0], T)).toBe(1);
  });

  it("lies in [0, 2] and does not depend on the length of f, s or T", () => {
    fc.assert(
      fc.property(positive, signed, fc.array(signed, { minLength: 5, maxLength: 5 }), scale, (s, f, T, c) => {
        const D = divergence(s, f, T);
        if (D === null) return;
        expect(D).toBeGreaterThanOrEqual(0);
        expect(D).toBeLessThanOrEqual(2);
        const times = (vector: number[]) => vector.map((value) => value * c);
        for (const same of [
          divergence(s, times(f), T),
          divergence(times(s), f, T),
          divergence(s, f, T.map(times)),
        ])
          if (same !== null) expect(same).toBeCloseTo(D, 5);
      }),
    );
  });

  it("is null, never 1, if a side is absent or zero", () => {
    const s = [0, 1, 0, 0, 0];
    expect(divergence(null, s, identity)).toBeNull();
    expect(divergence(s, null, identity)).toBeNull();
    expect(divergence(s, [0, 0, 0, 0, 0], identity)).toBeNull();
    expect(divergence([0, 0, 0, 0, 0], s, identity)).toBeNull();
    const unseen = identity.map((row, i) => (i === 1 ? row.map(() => 0) : row));
    expect(divergence(s, [1, 1, 1, 1, 1], unseen)).toBeNull();
  });

  it("throws for vectors of another width", () => {
    expect(() => divergence([1, 0], [1, 0, 0, 0, 0], identity)).toThrow(FathomError);
  });
});

describe("calibration", () => {
  const stream = random("calibration");
  const T = Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => stream.uniform()));
  const pairs = Array.from({ length: 400 }, () => {
    const s = [0, 0, 0, 0, 0];
    s[stream.integer(5)] = 1;
    return { s, f: T[s.indexOf(1)]!.map((value) => value + 0.01 * stream.normal()) };
  });

  it("recovers the T that made the data", () => {
    const got = calibrate(pairs, 1e-3);
    got.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(T[i]![j]!, 2);
      });
    });
  });

  it("fails if the labels do not determine its rows", () => {
    const one = pairs.map(({ f }) => ({ s: [0.2, 0.2, 0.2, 0.2, 0.2], f }));
    expect(() => calibrate(one, 1e-6)).toThrow(/condition number below/);
    expect(() => calibrate(one)).not.toThrow();
  });

  it("never scores an answer with a T that was fitted on it or on its fold", () => {
    const folds = pairs.map((_, i) => i % 5);
    const before = crossFit(pairs, folds);
    // All of fold 0 is reversed. That must not change D of fold 0 through T; it may change D of the other folds.
    const turned = pairs.map(({ s, f }, i) => ({ s, f: folds[i] === 0 ? f.map((value) => -value) : f }));
    const after = crossFit(turned, folds);
    before.forEach((D, i) => {
      if (folds[i] === 0) expect(after[i]).toBeCloseTo(2 - D!, 9);
      else expect(after[i]).not.toBe(D);
    });
  });

  it("needs two folds", () => {
    expect(() =>
      crossFit(
        pairs,
        pairs.map(() => 0),
      ),
    ).toThrow(/two folds/);
  });
});

describe("the label-only null", () => {
  const options = (seed: number) => ({ level: 0.95, resamples: 200, random: random(seed) });
  const T = [[0.05, 0.05, 0.8, 0.05, 0.05], [0.05, 0.05, 0.05, 0.8, 0.05], ...identity.slice(2)];
  /** Records labelled refuse (40%) or comply, with features made by `feature`. */
  const world = (seed: number, feature: (label: string, r: ReturnType<typeof random>) => number[]) => {
    const r = random(seed);
    const rows = Array.from({ length: 60 }, (_, i) => {
      const label = r.uniform() < 0.4 ? "refuse" : "comply";
      return {
        i,
        label,
        s: [label === "refuse" ? 1 : 0, label === "refuse" ? 0 : 1, 0, 0, 0],
        f: feature(label, r),
      };
    });
    const scored = rows.map(({ i, label, s, f }) => ({
      D: divergence(s, f, T)!,
      label,
      tier: i % 2 === 0 ? "benign" : "hazard",
      cluster: String(i),
    }));
    const shuffled = (stream: ReturnType<typeof random>) => {
      const dealt = stream.shuffle(rows.map(({ f }) => f));
      return rows.map(({ s }, i) => divergence(s, dealt[i]!, T)!);
    };
    return labelShare(scored, shuffled, options(seed));
  };
  const seeds = Array.from({ length: 20 }, (_, i) => i);

  it('says "the label restated" of a D that only follows the label, and sees that the features add nothing', () => {
    for (const seed of seeds) {
      const share = world(seed, (_, r) => [0.43, 0.22, 0.35, 0, 0].map((x) => x + 0.01 * r.normal()));
      expect(share.verdict).toBe("the label restated");
      expect(share.shuffled_features!.estimate).toBeGreaterThan(0.9);
    }
  });

  it('says "says more than the label" of features that ignore the label', () => {
    const verdicts = seeds.map(
      (seed) => world(seed, (_, r) => [0, 1, 2, 3, 4].map(() => Math.abs(r.normal()))).verdict,
    );
    expect(verdicts).not.toContain("the label restated");
    expect(verdicts.filter((verdict) => verdict === "says more than the label").length).toBeGreaterThan(17);
  });

  it("does not mistake many labels with few records each for a restated label", () => {
    const r = random("few");
    const few = Array.from({ length: 12 }, (_, i) => ({
      D: r.uniform(),
      label: `label ${Math.floor(i / 3)}`,
      tier: "benign",
      cluster: String(i),
    }));
    expect(labelShare(few, null, options(1)).verdict).not.toBe("the label restated");
  });

  it("gives no verdict without values, without two labels, or without any spread", () => {
    const row = { D: 0.5, label: "refuse", tier: "benign", cluster: "a" };
    const rows = (n: number, change: (i: number) => Partial<typeof row>) =>
      Array.from({ length: n }, (_, i) => ({ ...row, cluster: String(i), ...change(i) }));
    expect(labelShare([], null, options(1)).verdict).toBe("not measured");
    expect(
      labelShare(
        rows(40, (i) => ({ D: i / 40 })),
        null,
        options(1),
      ).verdict,
    ).toBe("undetermined");
    const two = rows(40, (i) => ({ label: i % 2 === 0 ? "refuse" : "comply" }));
    expect(labelShare(two, null, options(1)).verdict).toBe("undetermined");
  });
});
