/** A part of bench/fuzz.ts: damaged files of every kind are read, or refused in one line, in bounded time and memory. */
import { expect, test } from "vitest";
import { fuzz } from "./support/fuzz/run.ts";

// This takes half a minute alone, and several times that on a busy machine.
test("nearly two thousand damaged files", { timeout: 240_000 }, async () => {
  const { cases, failures, kinds } = await fuzz({
    seed: 20_261_125,
    from: 0,
    to: 1740,
    only: null,
    limits: { seconds: 5, megabytes: 256 },
  });
  expect(failures).toEqual([]);
  expect(cases).toBe(1740);
  for (const [kind, { opened, refused }] of Object.entries(kinds)) {
    // The test shows something only if some damaged files are refused and some are read.
    expect(opened, kind).toBeGreaterThan(0);
    expect(refused, kind).toBeGreaterThan(opened / 4);
  }
});
