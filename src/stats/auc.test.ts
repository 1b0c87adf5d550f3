import fc from "fast-check";
import { expect, it } from "vitest";
import { auc } from "./auc.ts";

it("is 1 if every positive is above every negative, and 0 the other way round", () => {
  expect(auc([3, 4], [1, 2])).toBe(1);
  expect(auc([1, 2], [3, 4])).toBe(0);
});

it("counts equal scores half", () => {
  expect(auc([1], [1])).toBe(0.5);
  expect(auc([1, 2], [1, 0])).toBe((0.5 + 1 + 1 + 1) / 4);
});

it("is undefined without one of the classes", () => {
  expect(auc([], [1])).toBeNaN();
  expect(auc([1], [])).toBeNaN();
});

it("is the share of pairs that are in order, by the definition", () => {
  const scores = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(scores, scores, (positives, negatives) => {
      let wins = 0;
      for (const a of positives) for (const b of negatives) wins += a > b ? 1 : a === b ? 1 / 2 : 0;
      expect(auc(positives, negatives)).toBeCloseTo(wins / positives.length / negatives.length, 12);
      expect(auc(positives, negatives) + auc(negatives, positives)).toBeCloseTo(1, 12);
    }),
  );
});
