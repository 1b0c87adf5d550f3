/** A slice of bench/fuzz.ts: damaged files of every kind are read, or refused in one line, in bounded time and memory. */
import { expect, test } from "vitest";
import { fuzz } from "./support/fuzz/run.ts";

// A busy machine takes several times the half minute that this takes by itself.
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
    // Damage that always refuses, or never, would show nothing.
    expect(opened, kind).toBeGreaterThan(0);
    expect(refused, kind).toBeGreaterThan(opened / 4);
  }
});
