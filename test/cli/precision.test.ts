/** --precision on the command line: chosen, recorded, and never changed under a run. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSafetensors } from "../../src/files/safetensors.ts";
import { fathom, jsonLinesFile, lines, namesIn, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
process.env["XDG_CACHE_HOME"] = join(folder, "cache");
const kept = () => namesIn(join(folder, "cache", "fathom", "quantized"));
const exact = jsonLinesFile(folder, "exact.jsonl", [{ id: "a", ids: [3, 14, 15, 9, 26, 5] }]);
const plan = ["--model", tinyModel, "--prompts", "biology", "--limit", "6", "--caps", "8,48"];

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

test("capture in int8 is near fp32 and not it; --no-cache leaves nothing behind", () => {
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

test("generate takes it", () => {
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
  expect(manifest).toMatchObject({ inputs: { plan: { precision: "int8" }, rounding: 1 } });
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

test("a precision that there is not is refused by name", () => {
  const { code, stderr } = fathom(["audit", ...plan, "--precision", "fp16", "--dry-run"]);
  expect(stderr).toBe('fathom: --precision: expected fp32, int8, int4, found "fp16"\n');
  expect(code).toBe(2);
});
