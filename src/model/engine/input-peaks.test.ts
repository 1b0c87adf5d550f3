/** Compares the inputs of matrices with those of Transformers (oracle/input_peaks_fixtures.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint, openWeights } from "../checkpoint/checkpoint.ts";
import { inputPeaks } from "./input-peaks.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures");
const recorded = JSON.parse(readFileSync(join(fixtures, "quantized/input-peaks.json"), "utf8")) as Record<
  string,
  Record<string, number[]>
>;

test.each(Object.entries(recorded))(
  "the largest inputs of %s are those of Transformers",
  async (name, expected) => {
    const checkpoint = await openCheckpoint(join(fixtures, "engine", name));
    const weights = await openWeights(checkpoint.path, checkpoint.config, null);
    try {
      const peaks = await inputPeaks(checkpoint.config, weights, { threads: 1 }, Object.keys(expected));
      expect([...peaks.keys()].sort()).toEqual(Object.keys(expected).sort());
      for (const [matrix, values] of peaks)
        for (const [input, value] of values.entries())
          expect(Math.abs(value / expected[matrix]![input]! - 1), `${matrix}, input ${input}`).toBeLessThan(
            1e-3,
          );
    } finally {
      weights.close();
    }
  },
);
