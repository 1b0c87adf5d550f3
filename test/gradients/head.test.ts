/** The gradient through the head in ranges of the vocabulary, against the whole vocabulary at once. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { random } from "../../src/core/random.ts";
import { openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import { HeadGradient } from "../../src/model/engine/backward/head-gradient.ts";
import { relativeError as error } from "../support/graph.ts";

const fixtures = join(import.meta.dirname, "../fixtures");

// A tied head with a soft cap, and a head of its own.
describe.each(["gemma2-caps", "llama-gqa-bias"])("%s", (name) => {
  it.each([100, 64, 1])("is the same in ranges of %i tokens", async (range) => {
    const { config, weights } = await openCheckpoint(join(fixtures, "engine", name));
    const rng = random("head");
    const normals = (n: number) => Float32Array.from({ length: n }, () => rng.normal());
    const x = normals(3 * config.hiddenSize);
    const cotangents = [0, 1, 2].map(() => normals(config.vocabSize));
    // A range without a gradient is not computed.
    for (const cotangent of cotangents) cotangent.fill(0, 0, 130);
    const whole = new HeadGradient(config, weights, { threads: 1 });
    const inRanges = new HeadGradient(config, weights, { threads: 1 }, range);
    const expected = await whole.run(x, cotangents);
    expect(expected.some((value) => value !== 0)).toBe(true);
    expect(error(await inRanges.run(x, cotangents), expected)).toBeLessThan(1e-5);
    await whole.close();
    await inRanges.close();
    weights.close();
  });
});
