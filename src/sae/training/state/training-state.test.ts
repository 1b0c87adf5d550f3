/** For every objective: a training that is stopped between two steps and resumed from the file ends with the same bytes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { random } from "../../../core/random.ts";
import { rowsOf } from "../../code/rows.ts";
import { siteOf } from "../../code/site.ts";
import { objectiveOf } from "../objectives/objectives.ts";
import { trainSae } from "../training.ts";
import { objectiveNames, type TrainingPlan, usualOf, usualPlan } from "./training-plan.ts";
import { type Keeping, readState, writeState } from "./training-state.ts";
import { trainedNames } from "./weights.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-state-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const [d_in, d_sae, steps] = [12, 40, 60];
const draw = random("rows");
const rows = rowsOf(
  Float32Array.from({ length: 600 * d_in }, () => draw.normal() ** 3),
  d_in,
);
// Some features die on the way, so that their silence matters, too.
const common = { ...usualPlan, d_sae, steps, batch: 64, seed: "s", rate: 0.05, deadAfterTokens: 200 };

const plans: TrainingPlan[] = [
  { ...common, ...usualOf.topk, objective: "topk", k: 4 },
  { ...common, ...usualOf.batchtopk, objective: "batchtopk", k: 4 },
  { ...common, ...usualOf.jumprelu, objective: "jumprelu", sparsity: 0.05 },
];

it("is of every objective", () => {
  expect(plans.map(({ objective }) => objective)).toEqual(objectiveNames);
});

it.each(plans)("$objective", async (plan) => {
  const train = async (keeping: Keeping) =>
    await trainSae(
      rows,
      siteOf("blocks.0.hook_resid_post", "m"),
      plan,
      () => undefined,
      { threads: 1 },
      keeping,
    );
  const never = new AbortController().signal;
  const whole = await train({ from: null, every: steps, keep: () => undefined, signal: never });
  expect(whole.curve.some(({ dead }) => dead > 0)).toBe(true);

  const path = join(folder, `${plan.objective}.safetensors`);
  const cut = new AbortController();
  const keep: Keeping["keep"] = (state) => {
    writeState(path, state);
    cut.abort(new Error("cut"));
  };
  await expect(train({ from: null, every: 37, keep, signal: cut.signal })).rejects.toThrow("cut");
  const from = readState(path, trainedNames(objectiveOf(plan, d_in).own), { d_in, d_sae, steps });
  expect(from.adam.steps).toBe(37);
  const kept = readFileSync(path);
  const flips = random("flips");
  for (let i = 0; i < 50; i++) {
    const changed = Buffer.from(kept);
    changed[flips.integer(changed.length)]! ^= 1 << flips.integer(8);
    writeFileSync(path, changed);
    expect(() =>
      readState(path, trainedNames(objectiveOf(plan, d_in).own), { d_in, d_sae, steps }),
    ).toThrow();
  }
  const resumed = await train({ from, every: steps, keep: () => undefined, signal: never });
  expect(resumed.sae.identity()).toBe(whole.sae.identity());
  expect(resumed.curve).toEqual(whole.curve);
});
