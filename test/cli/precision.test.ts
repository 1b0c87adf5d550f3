/** --precision on the command line: it is recorded, never changes within a run, and its error is measured. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fidelity } from "../../src/core/records/fidelity.ts";
import type { Finding } from "../../src/core/records/finding.ts";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { fathom, jsonLinesFile, lines, namesIn, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
process.env["XDG_CACHE_HOME"] = join(folder, "cache");
const kept = () => namesIn(join(folder, "cache", "fathom", "quantized"));
const exact = jsonLinesFile(folder, "exact.jsonl", [{ id: "a", ids: [3, 14, 15, 9, 26, 5] }]);
const plan = [
  "--model",
  tinyModel,
  "--prompts",
  "biology",
  "--limit",
  "6",
  "--prefill-tokens",
  "0",
  "--caps",
  "8,48",
];

function residual(precision: string, ...more: string[]): Float32Array {
  const out = join(folder, `${precision}.safetensors`);
  const args = ["--model", tinyModel, "--prompts", exact, "--layers", "2", "--out", out];
  const { code, stderr } = fathom(["capture", ...args, "--precision", precision, ...more]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const file = openSafetensors(out);
  const values = file.readFloat32("a.resid_post.2");
  file.close();
  return values;
}

test("capture in int8 is near fp32 but not equal; --no-cache leaves no files behind", () => {
  const fp32 = residual("fp32");
  const int8 = residual("int8", "--no-cache");
  expect(kept()).toEqual([]);
  const largest = Math.max(...fp32.map(Math.abs));
  const error = Math.max(...fp32.map((value, i) => Math.abs(value - int8[i]!))) / largest;
  expect(error).toBeGreaterThan(1e-5);
  expect(error).toBeLessThan(0.1);
  expect(residual("int8")).toEqual(int8);
  expect(kept()).toHaveLength(2);
  expect(residual("int8", "--low-memory")).toEqual(int8);
});

test("generate accepts it", () => {
  const args = ["--model", tinyModel, "--prompts", exact, "--max-new-tokens", "4", "--precision", "int4"];
  const { code, stdout } = fathom(["generate", ...args]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id: "a", finish: "length" });
});

test("an audit records it everywhere, and is resumed only with it", () => {
  const run = join(folder, "run");
  const args = ["audit", ...plan, "--out", run, "--quiet"];
  fathom([...args, "--precision", "int8"]);
  const manifest = JSON.parse(readFileSync(join(run, "manifest.json"), "utf8")) as object;
  expect(manifest).toMatchObject({ inputs: { plan: { precision: "int8" }, rounding: 2 } });
  const observations = lines(readFileSync(join(run, "observations.jsonl"), "utf8"));
  for (const line of observations)
    expect(JSON.parse(line)).toMatchObject({ condition: { precision: "int8" } });
  const report = readFileSync(join(run, "report.md"), "utf8");
  expect(report).toContain("int8: weights of at most 8 bits");
  expect(report).toContain("Precisions other than int8");

  const other = fathom([...args, "--precision", "int4", "--resume"]);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(
    'manifest.json inputs.plan.precision: expected "int8" as when the run began, found "int4"',
  );
  const same = fathom([...args, "--precision", "int8", "--resume"]);
  expect(same.stderr).not.toContain("expected");
});

test("an unknown precision is refused by name", () => {
  const { code, stderr } = fathom(["audit", ...plan, "--precision", "fp16", "--dry-run"]);
  expect(stderr).toBe('fathom: --precision: expected fp32, int8, int4, found "fp16"\n');
  expect(code).toBe(2);
});

const asked = [...plan, "--precision", "int4", "--quiet"];

test("--fidelity is measured before the run, kept in manifest and findings, and not measured again on a resume", () => {
  const run = join(folder, "faithful");
  const args = ["audit", ...asked, "--fidelity", "--fidelity-bound", "9", "--out", run];
  fathom(args);
  const manifest = readFileSync(join(run, "manifest.json"), "utf8");
  const { fidelity, inputs } = JSON.parse(manifest) as { fidelity: Fidelity; inputs: object };
  expect(inputs).toMatchObject({ fidelity_bound: 9 });
  expect(fidelity).toMatchObject({ prompts: 12, level: 0.95 });
  // The tokens of answers of at most 48, and the one after the last. The prompts' own tokens are not compared.
  expect(fidelity.tokens).toBeGreaterThanOrEqual(12);
  expect(fidelity.tokens).toBeLessThanOrEqual(12 * 49);
  expect(fidelity.kl.mean).toBeGreaterThan(1e-6);
  expect(fidelity.kl.p95).toBeGreaterThan(fidelity.kl.mean);
  expect(fidelity.top1.interval[0]).toBeLessThan(fidelity.top1.share);
  const findings = JSON.parse(readFileSync(join(run, "findings.json"), "utf8")) as Finding[];
  const ours = findings.filter(({ group }) => group === "fidelity");
  expect(ours.map(({ id, status, n }) => ({ id, status, n }))).toEqual([
    { id: "fidelity.kl", status: "found", n: fidelity.tokens },
    { id: "fidelity.top1", status: "found", n: fidelity.tokens },
  ]);
  expect(ours[0]!.estimate).toBeCloseTo(fidelity.kl.mean, 5);
  const report = readFileSync(join(run, "report.md"), "utf8");
  expect(report).toContain(ours[0]!.sentence);
  expect(report).not.toContain("--fidelity was not asked for");

  writeFileSync(join(run, "manifest.json"), manifest.replace(/"mean": [\d.e-]+/, '"mean": 0.125'));
  fathom([...args, "--resume"]);
  expect(readFileSync(join(run, "report.md"), "utf8")).toContain("0.125 nats");
});

test("a model that is further from fp32 than the bound is not audited: the message has the figure, the exit code is 100", () => {
  const run = join(folder, "unfaithful");
  const args = ["audit", ...asked, "--fidelity", "--fidelity-bound", "0.000001", "--out", run];
  for (const again of [[], ["--resume"]]) {
    const { code, stderr, stdout } = fathom([...args, ...again]);
    expect(stderr).toMatch(
      /^fathom: int4 is too far from fp32: mean KL\(fp32 ‖ int4\) [\d.]+ nats \(95% interval .*\), the same best token [\d.]+% .*; the bound is 0\.000001 nats\. Try: --precision int8 or fp32/,
    );
    expect(lines(stderr)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 100, stdout: "" });
  }
  expect(namesIn(run).sort()).toEqual(["manifest.json", "prompts.jsonl"]);
});

test("--dry-run --fidelity measures just that; without --fidelity a report says what it does not know", () => {
  const { code, stdout } = fathom([
    "audit",
    ...asked,
    "--fidelity",
    "--fidelity-bound",
    "9",
    "--dry-run",
    "--json",
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ fidelity: { prompts: 12 }, plan: { fidelity: true } });
  expect(readFileSync(join(folder, "run", "report.md"), "utf8")).toContain(
    "How far the model in int8 is from itself in fp32: --fidelity was not given.",
  );
});

test("--fidelity of fp32 has nothing to compare", () => {
  const { code, stderr } = fathom(["audit", ...plan, "--fidelity", "--dry-run"]);
  expect(stderr).toBe(
    "fathom: --fidelity: expected --precision int8 or int4, to be compared with fp32, found fp32\n",
  );
  expect(code).toBe(2);
});
