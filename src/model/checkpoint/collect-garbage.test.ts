import { expect, test } from "vitest";
import { collectGarbage } from "./collect-garbage.ts";

const megabyte = 2 ** 20;

/** Fills the heap with objects that live long enough to leave V8's young generation. @returns the heap's size then, bytes */
function fill(): number {
  const rows = Array.from({ length: 1_500_000 }, (_, i) => ({ i, text: `row ${i}` }));
  expect(rows.at(-1)!.text).toBe("row 1499999");
  return process.memoryUsage().heapTotal;
}

test("what is no longer used is given back to the system", () => {
  const full = fill();
  collectGarbage();
  expect(full - process.memoryUsage().heapTotal).toBeGreaterThan(64 * megabyte);
});
