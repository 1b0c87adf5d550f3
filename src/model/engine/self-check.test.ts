/** The self-check accepts an engine that computes the same as the CPU, and names the part that does not. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.ts";
import { Engine } from "./engine.ts";
import { requireAgreement } from "./self-check.ts";

const folder = fileURLToPath(new URL("../../../test/fixtures/engine/", import.meta.url));

describe.each(["llama-gqa-bias", "gemma2-caps"])("%s", (name) => {
  let checkpoint: Checkpoint;
  let engine: Engine;
  beforeAll(async () => {
    checkpoint = await openCheckpoint(folder + name);
    engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    checkpoint.weights.close();
  });

  /** The engine, with each block's output and the logits changed. */
  const lying = (change: (value: number, at: number) => number, head = change): Engine =>
    Object.assign(Object.create(engine) as Engine, {
      step: async (...[cache, first, rows, options]: Parameters<Engine["step"]>) =>
        await engine.step(cache, first, rows, {
          ...options,
          capture: {
            layers: options!.capture!.layers,
            take: (layer, values) => {
              options!.capture!.take(layer, values.map(change));
            },
          },
        }),
      head: async (...given: Parameters<Engine["head"]>) => {
        const result = await engine.head(...given);
        return { ...result, logits: result.logits!.map(head) };
      },
    });
  const same = (value: number) => value;

  it("accepts an engine that is right, and one that rounds differently", async () => {
    await requireAgreement(engine);
    await requireAgreement(lying((value) => value * (1 + 1e-5)));
  });

  it("refuses a block that is wrong by one percent, and one that gives NaN", async () => {
    await expect(requireAgreement(lying((value) => value * 1.01))).rejects.toThrow(
      /block 0 within 0.001 of what the CPU computes, found a difference of 0.01/,
    );
    await expect(requireAgreement(lying((value, at) => (at === 3 ? NaN : value)))).rejects.toThrow(
      /block 0 .*NaN/,
    );
  });

  it("refuses a head that gives wrong logits", async () => {
    await expect(requireAgreement(lying(same, (value) => value * 2))).rejects.toThrow(/the head within/);
  });
});
