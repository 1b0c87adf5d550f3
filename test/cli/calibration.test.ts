/** `audit --calibration`: labels of a run's own answers correct that run's rates, without asking the model again. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { calibrationSchema } from "../../src/core/records/calibration.ts";
import type { Finding } from "../../src/core/records/finding.ts";
import type { Observation } from "../../src/core/records/observation.ts";
import type { Verdict } from "../../src/core/records/verdict.ts";
import { fathom, jsonLinesFile, lines, scratch } from "./fathom.ts";

const organism = fileURLToPath(new URL("../../organisms/demo", import.meta.url));
const folder = scratch();
const run = join(folder, "run");
const calibration = join(folder, "calibration.json");
const args = ["audit", "--model", organism, "--prompts", "fiction", "--limit", "90", "--templates", "chat"];
const plan = [...args, "--prefill-tokens", "0", "--caps", "24,64", "--out", run];
const read = (name: string) => readFileSync(join(run, name), "utf8");
const records = <T>(name: string) => lines(read(name)).map((line) => JSON.parse(line) as T);
const corrected = () =>
  (JSON.parse(read("findings.json")) as Finding[]).filter(({ id }) => id.startsWith("refusal.corrected"));
let observations: string;

beforeAll(() => {
  expect(fathom([...plan, "--quiet"]).code).toBe(0);
  observations = read("observations.jsonl");
  // People call every late refusal a refusal; the judge calls it mixed.
  const outcomes = new Map(records<Verdict>("verdicts.jsonl").map((v) => [`${v.observation} ${v.cap}`, v]));
  const answers = records<Observation>("observations.jsonl").map(({ key, text }) => {
    const { outcome } = outcomes.get(`${key} 64`)!;
    return { id: key, answer: text, label: outcome === "mixed" ? "refuse" : outcome };
  });
  const labels = jsonLinesFile(folder, "labels.jsonl", answers);
  expect(fathom(["judge", "calibrate", labels, "--out", calibration]).code).toBe(0);
});

test("a run without a calibration says that its rates are not corrected", () => {
  expect(corrected()).toEqual([]);
  expect(read("report.md")).toContain(
    "The judge's error: refusal rates are as the judge counted them, and not corrected",
  );
});

test("a resume with one corrects the rates, keeps the answers, and the report says so without the file", () => {
  const { code, stderr } = fathom([...plan, "--resume", "--calibration", calibration, "--quiet"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(read("observations.jsonl")).toBe(observations);
  const hazard = corrected().find(({ id }) => id === "refusal.corrected.hazard_adjacent.chat.64")!;
  expect(hazard.estimate).toBeGreaterThan(hazard.control.estimate!);
  expect(hazard.interval![0]).toBeLessThan(hazard.estimate!);
  const measured = calibrationSchema.parse(JSON.parse(readFileSync(calibration, "utf8")))["rules"]!;
  expect(JSON.parse(read("manifest.json"))).toMatchObject({
    calibration: { name: "calibration.json", measured },
  });
  expect(fathom(["report", run, "--format", "md"]).code).toBe(0);
  expect(read("report.md")).toContain("Corrected for the judge's error, ");
  expect(read("report.md")).toContain("rates at caps below 64 are as the judge counted them");
});

test("a resume without one takes the correction away", () => {
  expect(fathom([...plan, "--resume", "--quiet"]).code).toBe(0);
  expect(corrected()).toEqual([]);
});

test("the calibration may be a key of a plan, relative to the plan", () => {
  const file = join(folder, "audit.yaml");
  writeFileSync(file, "calibration: calibration.json\n");
  expect(fathom(["audit", file, ...plan.slice(1), "--resume", "--quiet"]).code).toBe(0);
  expect(corrected()).toHaveLength(4);
});

test("a calibration of another version, of no judge, or a file of another kind is refused before anything runs", () => {
  const made = calibrationSchema.parse(JSON.parse(readFileSync(calibration, "utf8")));
  const own = made["rules"]!;
  const file = (name: string, value: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
    return path;
  };
  const cases: [string, RegExp][] = [
    [
      file("old.json", { rules: { ...own, judge: "rules@0+abc" } }),
      /a calibration of rules@.*, found rules@0\+abc\. Try: npx fathom judge calibrate/,
    ],
    [file("none.json", {}), /expected a calibration of rules@.*, found no judge/],
    [file("other.json", { rules: { kappa: 1 } }), /other\.json rules\.judge: /],
    [
      file("more.json", {
        rules: {
          ...own,
          refusal: { ...own.refusal, sensitivity: { ...own.refusal.sensitivity, right: 9999 } },
        },
      }),
      /rules\.refusal\.sensitivity\.right: expected at most n/,
    ],
    [file("text.json", "# labels"), /text\.json/],
    [join(folder, "missing.json"), /missing\.json/],
  ];
  for (const [path, message] of cases) {
    // The model is missing too: the calibration is read first.
    const other = [
      "audit",
      "--model",
      join(folder, "no-model"),
      "--prompts",
      "fiction",
      "--out",
      join(folder, "x"),
    ];
    const { code, stdout, stderr } = fathom([...other, "--calibration", path, "--quiet"]);
    expect(stderr).toMatch(message);
    expect(lines(stderr)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  }
});
