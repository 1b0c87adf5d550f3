/** Rotary settings that a file gives in two places are either read as Transformers reads them or refused by name. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import { inverseFrequencies } from "../rotary.ts";

interface Held {
  frequencies: number[];
  factor: number;
}

const { cases } = JSON.parse(readFileSync("test/fixtures/rope/frequencies.json", "utf8")) as {
  cases: { says: string; config: object; rope: Record<string, Held> }[];
};

/** Two places that contradict each other without a known recipe: Fathom refuses, and does not follow Transformers. */
const refused: Readonly<Record<string, RegExp>> = {
  "llama: a base that is only in what is dropped":
    /"rope_parameters" "rope_theta": expected 10000, which "rope_scaling" beside it stands for, found 1000000/,
  "llama: two bases": /"rope_theta": expected 500000 as in "rope_theta", found 10000/,
  "qwen3: two original contexts":
    /"rope_parameters" "original_max_position_embeddings": expected 64, found 32/,
  "phi3: a part that is only in what is dropped":
    /"rope_parameters" "partial_rotary_factor": expected 1, which "rope_scaling" beside it .* found 0.5/,
  "phi3: two original contexts": /"rope_scaling" "original_max_position_embeddings": expected 64, found 16/,
  "gemma3_text: the older name of its kind": /"rope_scaling" "type": expected "rope_type", .* found "linear"/,
};

describe("rotary settings in two places", () => {
  test.each(cases)("$says", ({ says, config, rope }) => {
    const parse = () => parseConfig(config, "config.json");
    if (refused[says] !== undefined) {
      expect(parse).toThrow(refused[says]);
      return;
    }
    const { layers } = parse();
    for (const { rope: read, window } of layers) {
      const kind = window === null ? "full_attention" : "sliding_attention";
      const held = rope["all"] ?? rope[kind]!;
      const frequencies = [...inverseFrequencies(read, false)];
      for (const [i, frequency] of held.frequencies.entries())
        expect(Math.abs(frequencies[i]! - frequency)).toBeLessThanOrEqual(2e-7 * frequency);
      const { scaling } = read;
      const factor = scaling !== null && "attentionFactor" in scaling ? scaling.attentionFactor : 1;
      expect(factor).toBeCloseTo(held.factor, 6);
      expect(frequencies).toHaveLength(held.frequencies.length);
    }
  });

  test("every refused name is among the cases", () => {
    const names = cases.map(({ says }) => says);
    expect(Object.keys(refused).filter((name) => !names.includes(name))).toEqual([]);
  });
});
