import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareLogits, Reference } from "./kl.ts";

const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 5, maxLength: 5 });

describe("KL of softmaxed logits", () => {
  test("is the sum that defines it", () => {
    const p = [0.5, 0.3, 0.2];
    const q = [0.2, 0.7, 0.1];
    const expected = p.reduce((sum, mass, i) => sum + mass * Math.log(mass / q[i]!), 0);
    const found = compareLogits(p.map(Math.log), q.map(Math.log));
    expect(found.kl).toBeCloseTo(expected, 14);
    expect(found.agrees).toBe(false);
  });

  test("is 0 for the same distribution, whatever offset its logits have, and never negative", () => {
    fc.assert(
      fc.property(logits, logits, fc.double({ min: -1e3, max: 1e3, noNaN: true }), (p, q, offset) => {
        expect(compareLogits(p, p)).toEqual({ kl: 0, agrees: true });
        const shifted = p.map((value) => value + offset);
        expect(compareLogits(p, shifted).kl).toBeLessThan(1e-9);
        expect(compareLogits(p, q).kl).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("is not symmetric, and works for logits too large for exp", () => {
    const [p, q] = [
      [1000, 998, 0],
      [1000, 1000, 0],
    ];
    expect(compareLogits(p, q).kl).not.toBeCloseTo(compareLogits(q, p).kl, 3);
    expect(compareLogits(p, [0, 0, -5000]).kl).toBeCloseTo(compareLogits(p, q).kl, 12);
  });

  test("is the same from log probabilities to a reference, and exactly 0 to itself", () => {
    const normal = (values: number[]) => {
      const sum = Math.log(values.reduce((total, value) => total + Math.exp(value), 0));
      return Float32Array.from(values, (value) => value - sum);
    };
    fc.assert(
      fc.property(logits, logits, (p, q) => {
        const reference = new Reference(normal(p));
        expect(reference.klTo(normal(p))).toBe(0);
        expect(Math.abs(reference.klTo(normal(q)) - compareLogits(p, q).kl)).toBeLessThan(1e-5);
      }),
    );
    expect(() => new Reference(Float32Array.of(0)).klTo(new Float32Array(2))).toThrow(RangeError);
  });

  test("two vocabularies cannot be compared", () => {
    expect(() => compareLogits([1], [1, 2])).toThrow(RangeError);
  });
});
