import { describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { parseConfig } from "../../model/architecture/config.ts";
import { configJson, vocabularySize } from "../design/architecture.ts";
import type { Example } from "../design/encode.ts";
import { AdamW, learningRate } from "./adamw.ts";
import { Backprop, initialParameters } from "./backprop.ts";
import { batches } from "./batches.ts";
import { train } from "./train.ts";

const shape = {
  layers: 2,
  width: 16,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 6,
  hidden: 24,
  contextLength: 64,
};
const config = parseConfig(configJson(shape), "test");

/** Sequences in which each token is the one before plus three, which is learned quickly. */
function counting(count: number, seed: string): Example[] {
  const rng = random(seed);
  return Array.from({ length: count }, () => {
    const start = rng.integer(40);
    const ids = Array.from({ length: 5 + rng.integer(8) }, (_, i) => 10 + ((start + 3 * i) % 40));
    return { ids, learned: ids.map((_, i) => i > 1) };
  });
}

describe("backprop", () => {
  it("gives gradients that predict how the loss changes along each parameter", async () => {
    const parameters = initialParameters(config, 0.3, random("finite differences"));
    const backprop = await Backprop.open(config, parameters, {});
    const batch = counting(3, "batch");
    const { loss, gradients } = await backprop.lesson(batch);
    // The model is untrained with large weights, so the loss is near or above the entropy of a uniform guess.
    expect(loss).toBeGreaterThan(Math.log(vocabularySize) / 2);
    for (const [name, { values }] of parameters) {
      const gradient = gradients.get(name)!;
      const norm = Math.hypot(...gradient.subarray(0, 50_000));
      expect(norm, name).toBeGreaterThan(0);
      const before = values.slice();
      const along = async (distance: number) => {
        for (let i = 0; i < values.length; i++) values[i] = before[i]! + (distance * gradient[i]!) / norm;
        return (await backprop.lesson(batch)).loss;
      };
      const h = 1e-2;
      const slope = ((await along(h)) - (await along(-h))) / (2 * h);
      values.set(before);
      expect(Math.abs(slope - norm) / norm, name).toBeLessThan(0.02);
    }
    await backprop.close();
  });

  it("does not let padding change a row's loss or gradients", async () => {
    const parameters = initialParameters(config, 0.3, random("padding"));
    const backprop = await Backprop.open(config, parameters, {});
    const short: Example = { ids: [10, 13, 16], learned: [false, true, true] };
    const long: Example = {
      ids: Array.from({ length: 12 }, (_, i) => 10 + i),
      learned: Array(12).fill(false) as boolean[],
    };
    const alone = await backprop.lesson([short]);
    const padded = await backprop.lesson([short, long]);
    expect(padded.loss).toBeCloseTo(alone.loss, 5);
    for (const [name, gradient] of alone.gradients) {
      const other = padded.gradients.get(name)!;
      const largest = Math.max(...gradient.map(Math.abs));
      expect(Math.max(...gradient.map((g, i) => Math.abs(g - other[i]!))), name).toBeLessThan(
        1e-4 * largest + 1e-9,
      );
    }
    await backprop.close();
  });
});

describe("training", () => {
  const plan = {
    seed: "t",
    steps: 150,
    tokensPerBatch: 256,
    peakRate: 1e-2,
    warmup: 5,
    floor: 0.1,
    weightDecay: 0,
  };

  it("learns to count by threes, and repeats under its seed", async () => {
    const run = async () => {
      const losses: number[] = [];
      await train(config, counting(400, "train"), plan, ({ loss }) => losses.push(loss));
      return losses;
    };
    const losses = await run();
    expect(losses.length).toBe(plan.steps);
    expect(losses[0]).toBeCloseTo(Math.log(vocabularySize), 0);
    expect(losses.at(-1)).toBeLessThan(1);
    expect(await run()).toEqual(losses);
  });
});

describe("AdamW", () => {
  it("moves by the rate against the sign of a first gradient, and decays matrices only", () => {
    const parameters = new Map([
      ["matrix", { shape: [1, 2], values: Float32Array.of(1, 1) }],
      ["norm", { shape: [2], values: Float32Array.of(1, 1) }],
    ]);
    const gradients = new Map([
      ["matrix", Float32Array.of(0.1, -0.1)],
      ["norm", Float32Array.of(0.1, -0.1)],
    ]);
    const adam = new AdamW({ beta1: 0.9, beta2: 0.98, epsilon: 1e-12, weightDecay: 0.5, clipNorm: 1 });
    expect(adam.step(parameters, gradients, 0.1)).toBeCloseTo(0.2, 6);
    expect(Array.from(parameters.get("matrix")!.values)).toEqual([
      expect.closeTo(0.85, 5),
      expect.closeTo(1.05, 5),
    ]);
    expect(Array.from(parameters.get("norm")!.values)).toEqual([
      expect.closeTo(0.9, 5),
      expect.closeTo(1.1, 5),
    ]);
  });

  it("warms up to its peak and cools to its floor", () => {
    const schedule = { steps: 100, warmup: 10, peak: 1, floor: 0.02 };
    expect(learningRate(0, schedule)).toBeCloseTo(0.1, 6);
    expect(learningRate(99, schedule)).toBeCloseTo(0.02, 6);
    expect(learningRate(12, schedule)).toBeGreaterThan(0.95);
  });
});

describe("batches", () => {
  it("reads every example once per pass, within the budget, in a different order in each pass", () => {
    const examples = counting(500, "examples");
    const stream = batches(examples, 100, "s");
    const pass = () => {
      const read: Example[] = [];
      while (read.length < examples.length) {
        const batch = stream.next().value as Example[];
        expect(batch.length * Math.max(...batch.map(({ ids }) => ids.length))).toBeLessThanOrEqual(100);
        read.push(...batch);
      }
      return read;
    };
    const first = pass();
    const second = pass();
    expect(new Set(first)).toEqual(new Set(examples));
    expect(new Set(second)).toEqual(new Set(examples));
    expect(first).not.toEqual(second);
  });
});
