import { expect, it } from "vitest";
import { logOdds } from "./log-odds.ts";

it("is the published formula", () => {
  const p = 0.2 + 0.05;
  expect(logOdds([Math.log(0.2), Math.log(0.05)])).toBeCloseTo(Math.log((p + 1e-8) / (1 - p + 1e-8)), 12);
});

it("stays finite and in order where p is almost 0 or almost 1", () => {
  const scores = [[-200], [-30], [-16], [-0.5], [-1e-6], [-1e-7], [0]].map((one) => logOdds(one));
  expect(scores.every(Number.isFinite)).toBe(true);
  expect([...scores].sort((a, b) => a - b)).toEqual(scores);
  expect(new Set(scores.slice(1)).size).toBe(scores.length - 1);
});

it("takes a sum that rounding puts above 1 for 1", () => {
  expect(logOdds([Math.log(0.5), Math.log(0.5) + 1e-6])).toBe(logOdds([0]));
});
