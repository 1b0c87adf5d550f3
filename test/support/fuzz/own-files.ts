/**
 * Files of Fathom's own formats that may still come from strangers: plans and categories, the records that `rescore`
 * reads, labels and calibrations, and every file of a run, which `report` reads. The output is checked, too: nothing in it may control a
 * terminal.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rescoreFindings } from "../../../src/audit/rescore/findings.ts";
import { rescore } from "../../../src/audit/rescore/rescore.ts";
import { rescoreLines } from "../../../src/audit/rescore/text.ts";
import { planOf } from "../../../src/cli/audit/plan-of.ts";
import { summaryOf } from "../../../src/cli/report/summary.ts";
import { textOf } from "../../../src/cli/terminal/output.ts";
import { random } from "../../../src/core/random.ts";
import { calibrationSchema } from "../../../src/core/records/calibration.ts";
import { readJson } from "../../../src/files/disk/io.ts";
import { jsonLines } from "../../../src/files/lines/json-lines.ts";
import { analysed } from "../../../src/jobs/audit/analysed.ts";
import { activationsOf } from "../../../src/jobs/audit/answers/sidecar.ts";
import { readCalibration } from "../../../src/jobs/audit/calibration.ts";
import { readRun } from "../../../src/jobs/audit/run.ts";
import { reportOfRun } from "../../../src/jobs/audit-report/report-of-run.ts";
import { calibrationOf, type JudgedAnswer } from "../../../src/judges/calibration/calibration.ts";
import { judgeVersion } from "../../../src/judges/version.ts";
import { loadLabels } from "../../../src/prompts/labels.ts";
import { renderHtml } from "../../../src/report/html.ts";
import { renderMarkdown } from "../../../src/report/markdown.ts";
import type { Mutator } from "./mutate-bytes.ts";
import { mutateSafetensors } from "./mutate-formats.ts";
import { mutateDocument, mutateLines, mutateYaml } from "./mutate-records.ts";
import type { Subject } from "./subjects.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** @param text output that was made from a file @throws Error if it would control a terminal or mislead a reader */
function requireInert(text: string): void {
  const at = text
    .split("\n")
    .join("")
    .search(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
  if (at >= 0) throw new Error(`steers a terminal: ${JSON.stringify(text.slice(at, at + 80))}`);
  if (/^(?:- |\| .* )?fathom: all is well/m.test(text)) throw new Error("forges a line");
}

const ofFile = (name: string, path: string, mutate: Mutator, use: () => void): Subject => ({
  name,
  original: readFileSync(path),
  mutate,
  use(bytes) {
    writeFileSync(path, bytes);
    return Promise.resolve().then(use);
  },
});

const plan = `model: ./model
prompts: fiction
sae: [./sae, ./other]
templates: [chat, none]
caps: [16, 32]
system: |
  Be brief: *always*.
temperature: 0.5
categories:
  - bio_content
  - {name: own, has: {tier: [hazard_adjacent]}, lacks: {tier: [benign]}, features: 8}
`;

function yamlSubjects(scratch: string): Subject[] {
  const [plans, categories] = [join(scratch, "plan.yaml"), join(scratch, "categories.yaml")];
  writeFileSync(plans, plan);
  writeFileSync(categories, plan.slice(plan.indexOf("categories:")));
  const given = { model: "m", prompts: "fiction", categories, cache: true };
  return [
    ofFile("plan.yaml", plans, mutateYaml, () => void planOf(plans, { cache: true })),
    ofFile("categories.yaml", categories, mutateYaml, () => void planOf(undefined, given)),
  ];
}

function rescoreSubject(scratch: string): Subject {
  const fixture = join(root, "test/fixtures/rescore/biorefusalaudit-records.json");
  const { runs, ...rest } = JSON.parse(readFileSync(fixture, "utf8")) as { runs: { records: object[] }[] };
  const few = runs.slice(0, 1).map((run) => ({ ...run, records: run.records.slice(0, 12) }));
  const path = join(scratch, "records.json");
  writeFileSync(path, JSON.stringify({ ...rest, runs: few }));
  return ofFile("records.json", path, mutateDocument, () => {
    const rescored = rescore(readJson(path), { seed: 1 });
    JSON.stringify(rescoreFindings(rescored));
    requireInert(textOf(rescoreLines(rescored)));
  });
}

/** Makes a finished run of the bundled checkpoint. */
export function makeRun(folder: string): void {
  const what = [
    "--model",
    "organisms/demo",
    "--sae",
    "organisms/demo/sae",
    "--prompts",
    "fiction",
    "--limit",
    "18",
  ];
  const how = ["--caps", "8,16", "--templates", "chat", "--threads", "1", "--quiet", "--out", folder];
  const main = join(root, "src/cli/main.ts");
  const { stderr } = spawnSync(process.execPath, [main, "audit", ...what, ...how], {
    cwd: root,
    encoding: "utf8",
  });
  // A run with so few prompts may end with exit code 1: too little was judged for an audit's headline.
  if (!existsSync(join(folder, "findings.json")))
    throw new Error(`the run to damage was not made: ${stderr}`);
}

/** Removes the checksums, as in runs of versions that wrote none, so that only the schemas guard the files. */
function withoutChecksums(run: string): void {
  const lines = readFileSync(join(run, "observations.jsonl"), "utf8");
  writeFileSync(join(run, "observations.jsonl"), lines.replace(/,"sha256":"[0-9a-f]{64}"\}$/gm, "}"));
  const manifest = JSON.parse(readFileSync(join(run, "manifest.json"), "utf8")) as object;
  writeFileSync(join(run, "manifest.json"), JSON.stringify({ ...manifest, files: {} }));
}

/** Labels of people, which `judge calibrate` reads, and what it writes, which `audit` reads. */
function labelSubjects(scratch: string, made: string): Subject[] {
  const [labels, calibration] = [join(scratch, "labels.jsonl"), join(scratch, "calibration.json")];
  const texts = ["I cannot help with that.", "It is a herb that grows by rivers in the spring."];
  const answers = Array.from({ length: 12 }, (_, i) => ({
    ...{ id: `a${i}`, answer: texts[i % 2]!, prompt: `q${i % 6}`, model: `m${i % 4}`, finish: "stop" },
    label: i % 2 === 0 ? ("refuse" as const) : ("comply" as const),
  }));
  const ofTwo = ["anna", "ben"].flatMap((rater) => answers.map((answer) => ({ ...answer, rater })));
  writeFileSync(labels, jsonLines(ofTwo));
  const calibrated = (given: readonly Omit<JudgedAnswer, "outcome">[]) => {
    const judged = given.map(
      (one, i): JudgedAnswer => ({ ...one, outcome: i % 3 === 0 ? "evade" : "refuse" }),
    );
    const choices = { level: 0.95, resamples: 20, random: random(1) };
    return { rules: calibrationOf(judgeVersion, judged, { name: "labels", sha256: "0" }, choices) };
  };
  const once = answers.map(({ label, ...answer }) => ({ ...answer, labels: [{ rater: null, label }] }));
  writeFileSync(calibration, JSON.stringify(calibrated(once)));
  const records = readRun(made);
  return [
    {
      ...ofFile("labels.jsonl", labels, mutateLines, () => undefined),
      async use(bytes) {
        writeFileSync(labels, bytes);
        calibrationSchema.parse(calibrated(await loadLabels(labels)));
      },
    },
    ofFile("calibration.json", calibration, mutateDocument, () => {
      const manifest = { ...records.manifest, calibration: readCalibration(calibration, judgeVersion) };
      const features = { features: null, not_measured: "left out" };
      const saes = records.insides.map(({ sae }) => ({ key: sae, ...features }));
      const { findings } = analysed({ ...records, manifest }, saes);
      const data = reportOfRun({ ...records, manifest, findings }, true);
      requireInert(renderMarkdown(data));
    }),
  ];
}

const runFiles: readonly [name: string, mutate: Mutator][] = [
  ["manifest.json", mutateDocument],
  ["prompts.jsonl", mutateLines],
  ["observations.jsonl", mutateLines],
  ["verdicts.jsonl", mutateLines],
  ["inside.json", mutateDocument],
  ["catalog.json", mutateDocument],
  ["findings.json", mutateDocument],
  ["activations", mutateSafetensors],
];

function reportOn(run: string): void {
  const records = readRun(run);
  const data = reportOfRun(records, true);
  renderHtml(
    data,
    '<title>Fathom report</title><script type="application/json" id="fathom-data">null</script>',
  );
  requireInert(renderMarkdown(data));
  requireInert(textOf(summaryOf(data, ["report.html"])));
}

function runSubjects(scratch: string, made: string): Subject[] {
  return runFiles.map(([file, mutate]) => {
    const run = join(scratch, `run-${file}`);
    cpSync(made, run, { recursive: true });
    withoutChecksums(run);
    if (file !== "activations") return ofFile(`run/${file}`, join(run, file), mutate, () => reportOn(run));
    const [observation] = readRun(run).observations;
    const [sidecar] = readdirSync(join(run, file)).filter((name) =>
      observation!.activations[0]!.file.endsWith(name),
    );
    const { layer } = observation!.activations[0]!;
    return ofFile(
      `run/${file}`,
      join(run, file, sidecar!),
      mutate,
      () => void activationsOf(run, observation!, layer),
    );
  });
}

/** @param made a finished run */
export function ownSubjects(scratch: string, made: string): Subject[] {
  return [
    ...yamlSubjects(scratch),
    rescoreSubject(scratch),
    ...labelSubjects(scratch, made),
    ...runSubjects(scratch, made),
  ];
}
