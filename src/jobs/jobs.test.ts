/** Calls the three jobs as a server or a queue does: without a command line, a terminal or a signal of the process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { publishedCategories } from "../audit/features/published-categories.ts";
import type { SaeReport } from "../core/records/sae-report.ts";
import { auditDefaults } from "../library/defaults.ts";
import { usualOf } from "../sae/training/state/training-plan.ts";
import { audit } from "./audit/audit.ts";
import type { AuditEvent } from "./audit/audit-events.ts";
import type { AuditPlan } from "./audit/plan.ts";
import { readRun } from "./audit/run.ts";
import { reportOfRun } from "./audit-report/report-of-run.ts";
import type { JobEvent } from "./job/job-events.ts";
import { writeReport } from "./report-files/report-files.ts";
import { type SaeReportPlan, saeReport } from "./sae-report/sae-report.ts";
import { saeReportFiles, writeSaeReport } from "./sae-report/sae-report-files.ts";
import { saeTraining } from "./sae-training/sae-training.ts";
import type { SaeTrainingPlan } from "./sae-training/sae-training-plan.ts";
import type { TrainingEvent } from "./sae-training/training-events.ts";

const demo = join(import.meta.dirname, "../../organisms/demo");
const folder = mkdtempSync(join(tmpdir(), "fathom-jobs-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const enough = new Error("enough");

/** A context that records all events, and aborts at the first event for which `stopAt` is true. */
function contextOf<Event>(stopAt: (event: Event) => boolean = () => false) {
  const controller = new AbortController();
  const events: Event[] = [];
  const tell = (event: Event) => {
    events.push(event);
    if (stopAt(event)) controller.abort(enough);
  };
  return { events, context: { threads: 1, keepRounded: false, signal: controller.signal, tell } };
}

const bytes = (run: string, names: readonly string[]) =>
  names.map((name) => [name, readFileSync(join(run, name)).toString("base64")]);

const auditPlan: AuditPlan = {
  ...auditDefaults,
  model: demo,
  adapter: null,
  precision: "fp32",
  device: "cpu",
  fidelity: false,
  fidelity_bound: 1,
  prompts: "fiction",
  sae: [join(demo, "sae")],
  allow_failed: true,
  pooling: "mean",
  categories: [...publishedCategories],
  projection: false,
  calibration: null,
  templates: ["chat"],
  reasoning_cap: 1024,
  template_vars: {},
  date: "2024-07-26",
  caps: [4, 8],
  prefill_tokens: [0],
  seeds: [0],
  temperature: 0,
  system: null,
  framings: null,
  limit: 12,
  layer: null,
  batch_size: 2,
  seed: 0,
  judges: [{ rules: true, denied_premise: "refuse", weight: 0.2 }],
  show_text: false,
};

it("an audit that is aborted rejects with the reason, and a resume ends with the same bytes", async () => {
  const whole = join(folder, "audit-whole");
  const all = contextOf<AuditEvent>();
  const result = await audit(auditPlan, { ...all.context, out: whole, resume: false });
  if (!result.finished) throw new Error("expected a finished audit");
  expect(result.run.observations).toHaveLength(12);
  expect(new Set(all.events.map(({ kind }) => kind))).toEqual(
    new Set(["working", "counted", "stoppable", "answers", "answered"]),
  );
  expect(all.events.findLast(({ kind }) => kind === "answers")).toMatchObject({ done: 12, total: 12 });

  const cut = join(folder, "audit-cut");
  const some = contextOf<AuditEvent>((event) => event.kind === "answers" && event.done === 4);
  const stopped = audit(auditPlan, { ...some.context, out: cut, resume: false });
  await expect(stopped).rejects.toBe(enough);
  expect(readdirSync(cut).toSorted()).toEqual([
    "activations",
    "manifest.json",
    "observations.jsonl",
    "prompts.jsonl",
  ]);
  const rest = contextOf<AuditEvent>();
  await audit(auditPlan, { ...rest.context, out: cut, resume: true });
  const first = rest.events.find((event) => event.kind === "answers");
  expect(first?.done).toBeGreaterThanOrEqual(4);
  const derived = ["prompts.jsonl", "verdicts.jsonl", "inside.json", "findings.json"];
  expect(bytes(cut, derived)).toEqual(bytes(whole, derived));

  const data = reportOfRun(readRun(cut), auditPlan.show_text);
  const [report] = writeReport(data, cut, ["md"]);
  expect(readFileSync(report!, "utf8")).toContain("# Refusal depth of demo");
});

it("a run of the same directory at the same time is refused", async () => {
  const out = join(folder, "audit-twice");
  const { context } = contextOf<AuditEvent>();
  const one = audit(auditPlan, { ...context, out, resume: false });
  const two = audit(auditPlan, { ...context, out, resume: false });
  const ends = await Promise.allSettled([one, two]);
  expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const refused = ends.find((end) => end.status === "rejected");
  expect(String(refused?.reason)).toMatch(/no other process at work on it|a run already begun/);
});

const trainingPlan: SaeTrainingPlan = {
  model: demo,
  adapter: null,
  precision: "fp32",
  device: "cpu",
  layers: [2],
  from: null,
  texts: { kind: "prompts", path: "fiction" },
  chat: true,
  training: {
    objective: "topk",
    dSae: 32,
    k: 4,
    sparsity: undefined,
    targetL0: undefined,
    bandwidth: undefined,
    steps: 20,
    seed: 0,
    batchSize: 64,
    rate: 1e-3,
    weightDecay: 0,
    l1Weight: 0,
    warmup: 0,
    decay: 0,
    auxWeight: usualOf.topk.auxWeight,
  },
  domain: null,
  checkpointEvery: 100,
};

it("a training that is aborted rejects with the reason, and a resume ends with the same bytes", async () => {
  const whole = join(folder, "sae-whole");
  const all = contextOf<TrainingEvent>();
  const [trained] = await saeTraining(trainingPlan, { ...all.context, out: whole, resume: false });
  expect(trained?.result?.sae.d_sae).toBe(32);
  const steps = all.events.filter((event) => event.kind === "steps");
  expect(steps.at(-1)).toMatchObject({ done: 20, total: 20, layer: null, training: null });

  const cut = join(folder, "sae-cut");
  const some = contextOf<TrainingEvent>((event) => event.kind === "steps" && event.done === 7);
  const stopped = saeTraining(trainingPlan, { ...some.context, out: cut, resume: false });
  await expect(stopped).rejects.toBe(enough);
  const rest = contextOf<TrainingEvent>();
  await saeTraining(trainingPlan, { ...rest.context, out: cut, resume: true });
  const first = rest.events.find((event) => event.kind === "steps");
  expect(first?.done).toBeGreaterThan(7);
  const files = ["cfg.json", "sae_weights.safetensors", "training.json"];
  expect(bytes(cut, files)).toEqual(bytes(whole, files));
  expect(readdirSync(folder)).not.toContain("sae-cut.training");
});

it("a training of several layers reads each token once, with and without a domain, and says which layer it is at", async () => {
  const domain: SaeTrainingPlan["domain"] = {
    set: "fiction",
    contrast: "mean-cosine",
    weight: 0.1,
    tiers: ["benign", "hazard_adjacent"],
    pooling: "mean",
    seeds: 1,
    randomTiers: false,
  };
  const small = { ...trainingPlan, training: { ...trainingPlan.training, steps: 2 } };
  for (const [name, plan] of [
    ["plain", small],
    ["domain", { ...small, texts: null, domain }],
  ] as const) {
    const one = contextOf<TrainingEvent>();
    await saeTraining(
      { ...plan, layers: [3] },
      { ...one.context, out: join(folder, `${name}-3`), resume: false },
    );
    const all = contextOf<TrainingEvent>();
    const out = join(folder, `${name}-all`);
    const trained = await saeTraining({ ...plan, layers: [1, 3] }, { ...all.context, out, resume: false });
    expect(trained.map(({ layer, out: to }) => [layer, to])).toEqual([
      [1, join(out, "layer-1")],
      [3, join(out, "layer-3")],
    ]);
    const read = ({ events }: typeof all) =>
      events.filter((event) => event.kind === "counted" && event.what === "capturing");
    expect(read(all)).toEqual(read(one));
    const layers = all.events.flatMap((event) => (event.kind === "steps" ? [event.layer] : []));
    expect(layers.at(0)).toEqual({ layer: 1, place: 1, layers: 2 });
    expect(layers.at(-1)).toEqual({ layer: 3, place: 2, layers: 2 });
    const files = ["cfg.json", "sae_weights.safetensors", "training.json"];
    expect(bytes(join(out, "layer-3"), files)).toEqual(bytes(join(folder, `${name}-3`), files));
  }
});

const reportPlan: SaeReportPlan = {
  model: demo,
  adapter: null,
  sae: join(demo, "sae"),
  format: null,
  k: null,
  layer: null,
  texts: { kind: "prompts", set: "fiction", chat: true },
  tokens: 1024,
  features: 4,
  show: [],
  contexts: { strongest: 2, drawn: 1, before: 4, behind: 4, logits: 3 },
  seed: 0,
  allowFailed: true,
  showText: false,
};

it("a report on an SAE that is aborted rejects with the reason, and is the same when it is made again", async () => {
  const some = contextOf<JobEvent>((event) => event.kind === "counted" && event.what === "reading");
  await expect(saeReport(reportPlan, some.context)).rejects.toBe(enough);
  const [one, two] = [
    await saeReport(reportPlan, contextOf().context),
    await saeReport(reportPlan, contextOf().context),
  ];
  const dateless = (report: SaeReport) => ({
    ...report,
    identities: report.identities.filter(({ label }) => label !== "begun"),
  });
  expect(dateless(two)).toEqual(dateless(one));
  const files = saeReportFiles(join(folder, "report.json"));
  writeSaeReport(one, files);
  expect(JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))).toEqual(one);
});
