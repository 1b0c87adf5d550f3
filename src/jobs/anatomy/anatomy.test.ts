/** A whole anatomy of circuits whose facts are known, and its end after kills. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { anatomyPlan } from "../../cli/anatomy/plan-of.ts";
import { anatomySchema } from "../../core/records/anatomy.ts";
import { findingSchema } from "../../core/records/finding.ts";
import { readJson } from "../../files/disk/io.ts";
import { bundledCircuits } from "../../organisms/circuits/bundled.ts";
import { compileCircuit } from "../../organisms/circuits/circuits.ts";
import type { CircuitFacts, Place } from "../../organisms/circuits/facts.ts";
import { writeCircuit } from "../../organisms/circuits/save.ts";
import { anatomy } from "./anatomy.ts";
import type { AnatomyRecords } from "./anatomy-records.ts";
import { measurementsPath } from "./begin.ts";
import type { AnatomyPlan } from "./plan/plan.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-anatomy-job-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

/** Small sizes: what is found does not depend on how many controls stand beside it. */
const sizes = {
  ...{ controls: 39, judged_controls: 20, control_prompts: 6, resamples: 200, random_directions: 19 },
  ...{
    per_prompt: 1,
    stability: 2,
    ranked: 16,
    waking_draws: 9,
    cost_controls: 2,
    halves: 4,
    dimensions: 2,
    cone_samples: 2,
  },
};

function planFor(name: string, seed: number): { plan: AnatomyPlan; facts: CircuitFacts } {
  const folder = join(scratch, `${name}-${seed}`);
  const circuit = compileCircuit(bundledCircuits().find((one) => one.name === name)!, seed);
  writeCircuit(folder, circuit);
  const plan = anatomyPlan({
    ...{ model: folder, harmful: join(folder, "harmful.jsonl"), harmless: join(folder, "harmless.jsonl") },
    ...{ sae: circuit.dictionaries.map((one) => join(folder, one.folder)), cache: true, positions: [-1] },
  });
  return { plan: { ...plan, sizes: { ...plan.sizes, ...sizes } }, facts: circuit.facts };
}

/** Fewer candidates than features, so that they are ranked, and the published methods besides. */
function withPublished({ sizes: own, ...plan }: AnatomyPlan): AnatomyPlan {
  return { ...plan, integrated_steps: 4, greedy_filter: 0.1, sizes: { ...own, candidates: 60 } };
}

const run = async (plan: AnatomyPlan, out: string, resume = false, signal = new AbortController().signal) =>
  await anatomy(plan, { out, resume, threads: 1, keepRounded: false, tell: () => undefined, signal });

const place = ({ layer, feature }: Pick<Place, "layer" | "feature">) => `${layer}/${feature}`;
const places = (sets: readonly (readonly Pick<Place, "layer" | "feature">[])[]) =>
  sets.map((set) => set.map(place).sort().join(" ")).sort();

/** What a record says of itself: its interventions are sound, its rounds hold on new prompts, and its sites are those asked for. */
function expectChecked({ anatomy: found }: AnatomyRecords, plan: AnatomyPlan, facts: CircuitFacts): void {
  expect(found.sites.map(({ features }) => features > 0)).toEqual(plan.saes.map(() => true));
  const searched = found.outcome !== "no refusal to take apart";
  expect(new Set(found.sites.map(({ gate }) => gate))).toEqual(new Set([searched ? "passed" : "not run"]));
  if (found.outcome !== "found") return;
  expect(found.search!.arms).toMatchObject({ no_op: 0, repeat: 0, moved: found.search!.arms!.prompts });
  expect(found.search!.ranking!.both_ends.n).toBe(sizes.ranked);
  expect(found.depth_on_test!.estimate).toBe(facts.depth);
  for (const [r, { hardening }] of found.rounds.entries()) {
    const { estimate } = found.cascade[r + 1]!.repair;
    expect(estimate! > 5).toBe(r + 1 < facts.depth!);
    expect((hardening?.returned.estimate ?? 0) > 0.5).toBe(r + 1 < facts.depth!);
  }
  for (const { cost, sentences, harmless, flips, at_mean } of found.minimal_sets) {
    // What a circuit's parts do on harmless prompts is nothing, so the mean is zero.
    expect(at_mean!.flips).toEqual(flips);
    expect(cost!.controls!.sets).toBe(sizes.cost_controls);
    // The parts of a circuit do nothing in a text without its topics.
    expect([sentences!.cross_entropy.estimate, sentences!.agreement.estimate]).toEqual([0, 1]);
    expect(harmless.newly_refuse).toBe(0);
  }
  const stages = new Set(found.ledger.map(({ stage }) => stage));
  expect([...stages].slice(-4)).toEqual([
    ...["tests and controls", "redundancy", "size and cost", "shown features"],
  ]);
}

function expectFacts({ anatomy: found }: AnatomyRecords, facts: CircuitFacts): void {
  expect(found.outcome).toBe(facts.outcome);
  expect(places(found.minimal_sets.map(({ features }) => features))).toEqual(places(facts.minimal_sets));
  expect(found.depth).toBe(facts.depth);
  expect(found.rounds.map(({ width }) => width)).toEqual(facts.rounds.map(({ width }) => width));
  found.rounds.forEach(({ features }, r) => {
    expect(places(facts.rounds[r]!.alternatives)).toContain(places([features])[0]);
  });
  expect(found.backups.map((one) => `${place(one)} ${one.status}`).sort()).toEqual(
    facts.backups.map((one) => `${place(one)} ${one.status}`).sort(),
  );
}

/** The backup is silent until the primary is gone, so no block of five lowers the refusal: the published filter keeps nothing. */
function expectFilter({ anatomy: { outcome, published_filter: filter, sites } }: AnatomyRecords): void {
  if (outcome === "no refusal to take apart") {
    expect(filter).toBeNull();
    return;
  }
  expect(filter).toEqual({ share: 0.1, prompts: 6, kept: null });
  const count = (of: "features" | "candidates") => sites.reduce((sum, site) => sum + site[of], 0);
  expect([count("features") > 60, count("candidates")]).toEqual([true, 60]);
}

describe("finds what a circuit was written to do", () => {
  it.each(["cascade-2", "never-refuses", "outside-dictionary"])(
    "%s",
    async (name) => {
      const { plan, facts } = planFor(name, 4);
      const out = join(scratch, `run-${name}`);
      const records = await run(withPublished(plan), out);
      expectFacts(records, facts);
      expectFilter(records);
      expectChecked(records, plan, facts);
      const written = readJson(join(out, "anatomy.json"));
      expect(anatomySchema.parse(written)).toEqual(written);
      for (const finding of readJson(join(out, "findings.json")) as unknown[])
        expect(findingSchema.parse(finding)).toEqual(finding);
    },
    120_000,
  );
});

it("refuses the SAE of another model, though its width and its site are right", async () => {
  const { plan } = planFor("bottleneck", 5);
  const { plan: other } = planFor("bottleneck", 6);
  const foreign = run({ ...plan, only: "minimal", saes: other.saes }, join(scratch, "foreign"));
  const error = await foreign.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "FathomError", exit: 2 });
  expect((error as Error).message).toMatch(
    /^[^\n]*: expected an SAE that explains this model's own activations, found [^\n]*Try: an SAE of this model, or --only direction$/,
  );
}, 120_000);

describe("a kill", () => {
  it("loses the measurement in progress, and the same command ends with the same bytes", async () => {
    const { plan } = planFor("bottleneck", 5);
    const [whole, cut] = [join(scratch, "whole"), join(scratch, "cut")];
    await run(plan, whole);
    const journal = readFileSync(measurementsPath(whole), "utf8");
    const lines = journal.split("\n").slice(0, -1);
    expect(lines.length).toBeGreaterThan(20);
    await run(plan, cut);
    for (const kept of [3, Math.floor(lines.length / 2), lines.length - 1]) {
      // What a kill leaves: whole lines, and a piece of the next.
      writeFileSync(
        measurementsPath(cut),
        `${lines.slice(0, kept).join("\n")}\n${lines[kept]!.slice(0, 40)}`,
      );
      await run(plan, cut, true);
      for (const name of ["anatomy.json", "findings.json", "measurements.jsonl"])
        expect(readFileSync(join(cut, name), "utf8"), `${name} after ${kept} lines`).toBe(
          readFileSync(join(whole, name), "utf8"),
        );
    }
  }, 120_000);

  it("an abort in the middle keeps what is finished", async () => {
    const { plan } = planFor("bottleneck", 5);
    const out = join(scratch, "aborted");
    const controller = new AbortController();
    let counted = 0;
    const tell = () => {
      if (++counted === 30) controller.abort(new Error("stopped"));
    };
    const context = { out, resume: false, threads: 1, keepRounded: false, tell, signal: controller.signal };
    await expect(anatomy(plan, context)).rejects.toThrow("stopped");
    const lines = readFileSync(measurementsPath(out), "utf8").split("\n").length;
    expect(lines).toBeGreaterThan(2);
    await run(plan, out, true);
    expect(readFileSync(join(out, "anatomy.json"), "utf8")).toBe(
      readFileSync(join(scratch, "whole", "anatomy.json"), "utf8"),
    );
  }, 120_000);
});

it("no file of a run holds a text of an answer", () => {
  const out = join(scratch, "run-cascade-2");
  const { facts } = planFor("cascade-2", 4);
  for (const name of ["measurements.jsonl", "anatomy.json", "findings.json", "manifest.json"])
    for (const text of Object.values(facts.answers))
      expect(readFileSync(join(out, name), "utf8")).not.toContain(text);
});
