/**
 * After a training that changes nothing, an SAE that training started from computes the same as before. An unfit SAE
 * is refused.
 */
import { describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { inMemory } from "../code/matrix.ts";
import { rowsOf } from "../code/rows.ts";
import { makeSae, nothingStated, type Sae, type SaeParts } from "../code/sae.ts";
import { SaeSession } from "../code/sae-session.ts";
import { siteOf } from "../code/site.ts";
import { unitRows } from "../code/unit-rows.ts";
import { type TrainingPlan, usualOf, usualPlan } from "./state/training-plan.ts";
import { trainSae } from "./training.ts";
import { objectiveFor } from "./warm-start.ts";

const [d_in, d_sae] = [10, 24];
const draw = random("warm");
const normal = (length: number, size = 1) => Float32Array.from({ length }, () => size * draw.normal());
const site = siteOf("blocks.1.hook_resid_post", "m");
const rows = rowsOf(normal(300 * d_in, 20), d_in);

function saeOf(changes: Partial<SaeParts>, unit = true): Sae {
  const W_dec = normal(d_sae * d_in);
  if (unit) unitRows(W_dec, d_in);
  return makeSae({
    format: "made",
    path: "made",
    d_in,
    d_sae,
    kind: "topk",
    W_enc: inMemory(normal(d_in * d_sae), [d_in, d_sae]),
    b_enc: normal(d_sae, 5),
    W_dec: inMemory(W_dec, [d_sae, d_in]),
    b_dec: normal(d_in, 5),
    threshold: null,
    k: 4,
    magnitude: null,
    applyBDecToInput: true,
    normalize: "none",
    rescaleByDecoderNorm: false,
    site,
    stated: nothingStated,
    notes: [],
    ...changes,
  });
}

const jumprelu = () => ({ kind: "jumprelu", k: null, threshold: normal(d_sae, 10) }) as const;
const sound: Record<string, () => Sae> = {
  topk: () => saeOf({}),
  "topk that does not subtract b_dec": () => saeOf({ applyBDecToInput: false }),
  "topk rescaled by its rows' norms": () => saeOf({ rescaleByDecoderNorm: true }, false),
  jumprelu: () => saeOf(jumprelu()),
  "jumprelu with rows of any norm": () => saeOf({ ...jumprelu(), applyBDecToInput: false }, false),
};

async function reconstructed(sae: Sae): Promise<Float32Array> {
  const session = await SaeSession.open(sae, { threads: 1 });
  const out = await session.decode(await session.encode(rows.read(0, rows.count)));
  await session.close();
  return out;
}

describe("a training that moves nothing leaves the reconstruction of", () => {
  it.each(Object.entries(sound))("%s", async (_, make) => {
    const sae = make();
    const common = { ...usualPlan, d_sae, steps: 1, batch: 32, seed: "s", rate: 1e-30 };
    const plan: TrainingPlan =
      objectiveFor(sae, { layer: 1, d_in }, undefined) === "topk"
        ? { ...common, ...usualOf.topk, objective: "topk", k: sae.k! }
        : { ...common, ...usualOf.jumprelu, objective: "jumprelu", sparsity: 1 };
    const trained = await trainSae(rows, site, plan, () => undefined, { threads: 1 }, null, [], sae);
    const before = await reconstructed(sae);
    const after = await reconstructed(trained.sae);
    const largest = before.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const [at, value] of before.entries())
      expect(Math.abs(after[at]! - value)).toBeLessThan(2e-5 * largest);
  });
});

it("is refused by name if it does not fit", () => {
  const place = { layer: 1, d_in };
  const magnitude = { r_mag: normal(d_sae), b_mag: normal(d_sae) };
  expect(() => objectiveFor(saeOf({ kind: "gated", k: null, magnitude }), place, undefined)).toThrow(
    /kind: expected topk or jumprelu, to train it on, found gated/,
  );
  expect(() => objectiveFor(saeOf({}), place, "jumprelu")).toThrow(
    /--objective: expected topk, found jumprelu/,
  );
  expect(objectiveFor(saeOf(jumprelu()), place, "batchtopk")).toBe("batchtopk");
  expect(() => objectiveFor(saeOf({}), { layer: 2, d_in }, undefined)).toThrow(
    /--layer: expected the SAE's, 1/,
  );
  expect(() => objectiveFor(saeOf({}), { layer: 1, d_in: 12 }, undefined)).toThrow(
    /d_in: expected the model's/,
  );
  expect(() => objectiveFor(saeOf({ normalize: "layer_norm" }), place, undefined)).toThrow(
    /found layer_norm/,
  );
  expect(() => objectiveFor(saeOf({}, false), place, undefined)).toThrow(/W_dec: expected rows of norm 1/);
  expect(objectiveFor(saeOf({ site: null }), place, undefined)).toBe("topk");
});
