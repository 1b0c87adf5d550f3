import { expect, it } from "vitest";
import { retryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 10, 29, 10, 0, 0);

it.each([
  ["7", 7000],
  [" 0 ", 0],
  ["1.5", 1500],
  ["Sun, 29 Nov 2026 10:00:30 GMT", 30_000],
  ["Sun, 29 Nov 2026 09:00:00 GMT", 0],
  ["soon", null],
  ["-3", null],
  ["", null],
  [null, null],
  [undefined, null],
])("%j asks for %s ms", (value, milliseconds) => {
  expect(retryAfter(value, now)).toBe(milliseconds);
});
