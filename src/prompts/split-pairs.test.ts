import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fewestPairs, splitPairs } from "./split-pairs.ts";

const pairsOf = (n: number, categories: number) =>
  Array.from({ length: n }, (_, i) => ({ name: `pair ${i + 1}`, category: `kind ${i % categories}` }));
const count = (parts: readonly string[], part: string) => parts.filter((one) => one === part).length;

describe("splitPairs", () => {
  test("224 pairs of 16 kinds: 128, 32 and 64, and each kind 8, 2 and 4", () => {
    const pairs = pairsOf(224, 16);
    const parts = splitPairs(pairs, 0);
    expect(["fit", "validate", "test"].map((part) => count(parts, part))).toEqual([128, 32, 64]);
    for (let kind = 0; kind < 16; kind++) {
      const own = parts.filter((_, i) => pairs[i]!.category === `kind ${kind}`);
      expect(["fit", "validate", "test"].map((part) => count(own, part))).toEqual([8, 2, 4]);
    }
  });

  test("any number of pairs: shares of 4/7, 1/7, 2/7 within a pair or three, the same for the same seed", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: fewestPairs, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        (n, k, seed) => {
          const parts = splitPairs(pairsOf(n, k), seed);
          expect(splitPairs(pairsOf(n, k), seed)).toEqual(parts);
          for (const [part, share] of [
            ["fit", 4 / 7],
            ["validate", 1 / 7],
            ["test", 2 / 7],
          ] as const) {
            expect(count(parts, part)).toBeGreaterThan(0);
            expect(Math.abs(count(parts, part) - share * n)).toBeLessThan(2);
          }
        },
      ),
    );
  });

  test("another seed gives another split, and too few pairs give none", () => {
    expect(splitPairs(pairsOf(50, 5), 1)).not.toEqual(splitPairs(pairsOf(50, 5), 2));
    expect(() => splitPairs(pairsOf(fewestPairs - 1, 1), 0)).toThrow(/expected 7 pairs at least, found 6/);
  });
});
