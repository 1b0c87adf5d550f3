/** Gradients through the model's door: edits that are held in the engine's thread, what a run costs, and bad input. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { GradientOptions, GradientRequest, Gradients } from "../../src/model/engine/gradients.ts";
import { type Model, openModel } from "../../src/model/model.ts";
import { openGradientFixture } from "../support/gradient-fixture.ts";
import { relativeError as error } from "../support/graph.ts";

const name = "qwen2-biases";
const fixture = openGradientFixture(name);
const { edits, requests, sites, read } = fixture;
let model: Model;

beforeAll(async () => {
  model = await openModel(join(import.meta.dirname, "../fixtures/engine", name), { threads: 1 });
});
afterAll(async () => {
  await model.close();
  fixture.close();
});

it("gives the gradients of edits that are held, and what they cost", async () => {
  const held = await model.holdEdits(edits);
  const rows: Gradients[] = [];
  let tokens = 0;
  const cost = await model.gradients(
    requests,
    { edits: held, sites, masks: "by_token" },
    (row) => (rows[row.index] = row),
    (count) => (tokens += count),
  );
  await model.releaseEdits(held);
  expect(tokens).toBe(requests.reduce((sum, { ids }) => sum + ids.length, 0));
  const blocks = model.checkpoint.config.layers.length;
  expect(cost).toEqual({ forward: requests.length * blocks, backward: requests.length * blocks });
  for (const [i, row] of rows.entries())
    for (const edit of edits.keys())
      expect(error(row.masks[edit]!, read(i, `d_mask.${edit}`))).toBeLessThan(1e-3);
});

it("gives the values at the sites, as a measurement does", async () => {
  const seen: Gradients["values"][] = [];
  await model.gradients(requests, { edits, sites, values: true }, ({ index, values }) => {
    seen[index] = values;
  });
  const asked = requests.map((request) => ({ ...request, positions: [] }));
  const want = { residuals: sites };
  let compared = 0;
  await model.measure(asked, { edits, watch: [], want }, ({ index, residuals }) => {
    for (const [i, expected] of residuals.entries()) {
      expect(error(seen[index]![i]!, expected)).toBeLessThan(1e-5);
      compared++;
    }
  });
  expect(compared).toBe(requests.length * sites.length);
});

it("computes no block that an objective or a variable does not need", async () => {
  const vector = new Float32Array(model.checkpoint.config.hiddenSize).fill(1);
  const objective = { kind: "residual", at: { layer: 1, site: "mlp_out" }, position: 2, vector } as const;
  const middle: GradientRequest[] = [{ id: "a", ids: [1, 5, 9], objective }];
  const cost = (options: Omit<GradientOptions, "edits">) =>
    model.gradients(middle, { edits: [], ...options }, () => undefined);
  expect(await cost({ sites: [{ layer: 0, site: "resid_post" }] })).toEqual({ forward: 2, backward: 1 });
  expect(await cost({ sites: [{ layer: 0, site: "embed" }] })).toEqual({ forward: 2, backward: 2 });
});

const logOdds = { kind: "log_odds", position: 0, tokens: [5] } as const;

it.each<[string, Partial<GradientRequest>, Partial<GradientOptions>, string]>([
  [
    "a site above the model",
    {},
    { sites: [{ layer: 9, site: "mlp_out" }] },
    "sites: expected a layer from 0 to",
  ],
  ["weights of no block", {}, { weightsOf: -1 }, "weightsOf: expected a layer from 0 to"],
  ["too few masks", { masks: [] }, {}, `masks of a: expected one for each of ${edits.length} edits, found 0`],
  ["edits not held", {}, { edits: { id: "77", sizes: [] } }, "edits: expected edits that this model holds"],
  ["a position too far", { objective: { ...logOdds, position: 3 } }, {}, "a position from 0 to 2, found 3"],
])("%s is refused in one line", async (_name, request, options, message) => {
  const asked = [{ id: "a", ids: [1, 5, 9], objective: logOdds, ...request }];
  const run = model.gradients(asked, { edits, sites: [], ...options }, () => undefined);
  await expect(run).rejects.toThrow(message);
});
