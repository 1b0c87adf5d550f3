/**
 * Every objective under edits of every activation at every site, with masks per row and per token: the gradients with
 * respect to masks and sites against PyTorch's autograd over hooks (oracle/gradient_fixtures.py).
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Checkpoint, openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import { Engine } from "../../src/model/engine/engine.ts";
import { GradientEngine, type GradientOptions, type Gradients } from "../../src/model/engine/gradients.ts";
import { gradientFixtures, openGradientFixture } from "../support/gradient-fixture.ts";
import { relativeError as error } from "../support/graph.ts";

const checkpoints = join(import.meta.dirname, "../fixtures/engine");

describe.each(gradientFixtures)("%s", (name) => {
  const fixture = openGradientFixture(name);
  const { requests, edits, sites, values, read } = fixture;
  let checkpoint: Checkpoint;
  let engine: Engine;
  let gradients: GradientEngine;

  beforeAll(async () => {
    checkpoint = await openCheckpoint(join(checkpoints, name));
    engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
    gradients = new GradientEngine(engine);
  });
  afterAll(async () => {
    await gradients.close();
    await engine.close();
    checkpoint.weights.close();
    fixture.close();
  });
  const run = async (options: Omit<GradientOptions, "edits" | "sites">, asked = requests) => {
    const rows: Gradients[] = [];
    await gradients.run(asked, { edits, sites, ...options }, (row) => (rows[row.index] = row));
    return rows;
  };

  it("gives PyTorch's values, activations and gradients, all rows in one batch", async () => {
    const rows = await run({ masks: "by_token", activations: true });
    expect(rows.length).toBe(requests.length);
    const worst = { value: 0, activation: 0, mask: 0, site: 0 };
    const note = (part: keyof typeof worst, found: ArrayLike<number>, expected: ArrayLike<number>) => {
      worst[part] = Math.max(worst[part], error(found, expected));
    };
    for (const [i, row] of rows.entries()) {
      const value = values[i]!;
      note("value", [Math.abs(row.value - value) / Math.max(1, Math.abs(value))], [0]);
      for (const edit of edits.keys()) {
        note("activation", row.activations[edit]!, read(i, `activation.${edit}`));
        note("mask", row.masks[edit]!, read(i, `d_mask.${edit}`));
      }
      const expected = read(i, "d_site");
      const size = expected.length / sites.length;
      for (const site of sites.keys())
        note("site", row.sites[site]!, expected.subarray(site * size, (site + 1) * size));
    }
    if (process.env["FATHOM_FIGURES"] !== undefined) console.log(name, worst);
    for (const [part, figure] of Object.entries(worst)) expect(figure, part).toBeLessThan(1e-3);
    expect(worst.value).toBeLessThan(1e-4);
    expect(worst.mask).toBeGreaterThan(0);
  });

  // In some of the others a feature switches within a step.
  const smooth = ["llama-gqa-bias", "gemma2-caps", "gemma4-e2b"].includes(name);
  if (smooth)
    it("predicts how the value changes when a feature is edited a little more or less", async () => {
      const step = 1e-3;
      const rows = await run({ masks: "summed" });
      const asked = edits.flatMap((_, edit) =>
        [step, -step].map((by) => {
          const masks = requests[0]!.masks!.map((mask, at) => {
            const features = Float32Array.from(mask as Float32Array);
            if (at === edit) features[0]! += by;
            return features;
          });
          return { ...requests[0]!, masks };
        }),
      );
      const moved = await run({}, asked);
      const found = rows[0]!.masks.map((mask) => mask[0]!);
      const differences = edits.map(
        (_, edit) => (moved[2 * edit]!.value - moved[2 * edit + 1]!.value) / (2 * step),
      );
      // float32 values of about 5 are known to about 3e-6, so a difference to about 3e-3.
      expect(error(found, differences)).toBeLessThan(0.02);
    });

  it("sums the gradients of masks over tokens", async () => {
    const byToken = await run({ masks: "by_token" });
    for (const [i, { masks }] of (await run({ masks: "summed" })).entries())
      for (const [edit, found] of masks.entries()) {
        const n = found.length;
        const sums = new Float64Array(n);
        byToken[i]!.masks[edit]!.forEach((value, at) => (sums[at % n]! += value));
        expect(error(found, sums)).toBeLessThan(1e-5);
      }
  });

  it("gives a row the same alone", async () => {
    const together = await run({ masks: "summed" });
    for (const i of [1, 3, 6]) {
      const [alone] = await run({ masks: "summed" }, [requests[i]!]);
      expect(together[i]!.value).toBeCloseTo(alone!.value, 4);
      for (const part of ["masks", "sites"] as const)
        for (const [at, found] of together[i]![part].entries())
          expect(error(found, alone![part][at]!), `${part} ${at}`).toBeLessThan(1e-4);
    }
  });
});
