/** The time left is estimated from steps only; the time before the first step does not count. */
import { expect, it } from "vitest";
import { TimeLeft } from "./time-left.ts";

function clocked(kinds: readonly string[]) {
  let now = 0;
  const left = new TimeLeft(kinds, () => now);
  return (seconds: number, ...step: Parameters<TimeLeft["after"]>) => {
    now += seconds;
    return left.after(...step);
  };
}

it("does not count what comes before the first step, nor resumed ones", () => {
  const after = clocked(["only"]);
  expect(after(60, 0, 31, 100)).toBeNull();
  expect(after(2, 0, 32, 100)).toBe(2 * 68);
  expect(after(4, 0, 33, 100)).toBe(3 * 67);
  expect(after(3, 0, 100, 100)).toBe(0);
});

it("counts the trainings to come, each kind at its own pace once it is known", () => {
  const after = clocked(["with", "without", "random", "with", "without", "random"]);
  after(60, 0, 1, 10);
  expect(after(3, 0, 2, 10)).toBe(3 * 8 + 3 * 50);
  after(24, 0, 10, 10);
  // Between two trainings there is no step.
  expect(after(60, 1, 1, 10)).toBe(3 * 9 + 3 * 40);
  expect(after(1, 1, 2, 10)).toBe(1 * 8 + 2.8 * 10 + 3 * 10 + 1 * 10 + 2.8 * 10);
});
