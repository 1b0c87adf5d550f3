/** Gradients of batches. Their numbers are compared with PyTorch in test/fixtures (oracle/engine_fixtures.py). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Site } from "../../src/model/architecture/slots/sites.ts";
import { type Checkpoint, openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import type { Objective } from "../../src/model/engine/backward/objectives.ts";
import { capture } from "../../src/model/engine/capture.ts";
import { CapturedRows } from "../../src/model/engine/captured-rows.ts";
import { Engine } from "../../src/model/engine/engine.ts";
import { GradientEngine, type GradientRequest, type Gradients } from "../../src/model/engine/gradients.ts";
import { openEngineFixture } from "../support/engine-fixture.ts";
import { relativeError as error } from "../support/graph.ts";

// Attention over everything, soft caps and windows, and keys and values that later layers share.
describe.each(["llama-gqa-bias", "gemma2-caps", "gemma4-e2b"])("%s", (name) => {
  const { folder, reference, close } = openEngineFixture(name);
  let checkpoint: Checkpoint;
  let engine: Engine;
  let gradients: GradientEngine;
  let sites: Site[];

  beforeAll(async () => {
    checkpoint = await openCheckpoint(folder);
    engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
    gradients = new GradientEngine(engine);
    const outputs = checkpoint.config.layers.map((_, layer): Site => ({ layer, site: "resid_post" }));
    sites = [{ layer: 0, site: "embed" }, ...outputs];
  });
  afterAll(async () => {
    await gradients.close();
    await engine.close();
    checkpoint.weights.close();
    close();
  });

  const run = async (requests: readonly GradientRequest[], wanted: readonly Site[] = sites) => {
    const rows: Gradients[] = [];
    await gradients.run(requests, { edits: [], sites: wanted }, (row) => (rows[row.index] = row));
    return rows;
  };
  const request = (id: number, ids: readonly number[], objective: Objective): GradientRequest => ({
    ...{ id: String(id), ids, objective },
  });
  const vectorAt = (layer: number, position: number): Objective => ({
    kind: "residual",
    at: { layer, site: "resid_post" },
    position,
    vector: Float32Array.from({ length: checkpoint.config.hiddenSize }, (_, i) => Math.cos(i)),
  });

  it("gives a row the same in a batch of other lengths and objectives as alone", async () => {
    const [short, middle, long] = reference.prompts as [number[], number[], number[]];
    const requests = [
      request(0, long, { kind: "log_odds", position: 40, tokens: [5, 9] }),
      request(1, short, { kind: "log_sum_exp", position: 1, tokens: [7] }),
      request(2, middle, vectorAt(1, 3)),
      request(3, middle, {
        kind: "log_probability",
        terms: middle.slice(1).map((token, position) => ({ position, token })),
      }),
    ];
    const together = await run(requests);
    expect(together.length).toBe(4);
    for (const [i, one] of requests.entries()) {
      const [alone] = await run([one]);
      expect(together[i]!.value).toBeCloseTo(alone!.value, 5);
      for (const [at, gradient] of together[i]!.sites.entries()) {
        expect(gradient.length).toBe(one.ids.length * checkpoint.config.hiddenSize);
        expect(error(gradient, alone!.sites[at]!), `row ${i}, site ${at}`).toBeLessThan(1e-5);
      }
    }
  });

  it("gives the same bits however few rows are kept at once", async () => {
    const ids = reference.prompts[2]!.slice(0, 40);
    // Four calls.
    const requests = Array.from({ length: 40 }, (_, i) =>
      request(i, ids.slice(0, 40 - (i % 3)), { kind: "log_odds", position: 5 + (i % 30), tokens: [i] }),
    );
    const whole = await run(requests);
    expect(whole.length).toBe(40);
    const little = new GradientEngine(engine, 1);
    const rows: Gradients[] = [];
    await little.run(requests, { edits: [], sites }, (row) => (rows[row.index] = row));
    await little.close();
    expect(rows).toEqual(whole);
  });

  it("gives a scalar of a middle layer the captured value, its vector there, and zeros above", async () => {
    const ids = reference.prompts[1]!;
    const [row] = await run([request(0, ids, vectorAt(1, 4))]);
    const captured = new CapturedRows();
    await capture(engine, [{ id: "0", ids }], { layers: [1], logits: false, edits: [] }, captured.take);
    const d = checkpoint.config.hiddenSize;
    const residual = captured.row(0, 1);
    const expected = residual.slice(4 * d, 5 * d).reduce((sum, value, i) => sum + value * Math.cos(i), 0);
    expect(row!.value).toBeCloseTo(expected, 4);
    const [embed, below, own, ...above] = row!.sites;
    expect(above.every((gradient) => gradient.every((value) => value === 0))).toBe(true);
    own!.forEach((value, i) => {
      expect(value).toBe(Math.floor(i / d) === 4 ? Math.fround(Math.cos(i % d)) : 0);
    });
    // Causal: nothing after the position matters, and the position itself does.
    for (const gradient of [embed!, below!]) {
      expect(gradient.slice(5 * d).every((value) => value === 0)).toBe(true);
      expect(gradient.slice(4 * d, 5 * d).some((value) => value !== 0)).toBe(true);
    }
  });
});
