/** Runs that are killed at their start, and runs whose files are changed afterwards. */
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { killedAtItsStart } from "../support/kills.ts";
import { fathom, lines, namesIn, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
const plan = [
  "--model",
  tinyModel,
  "--prompts",
  "biology",
  "--limit",
  "4",
  "--prefill-tokens",
  "0",
  "--caps",
  "24",
  "--threads",
  "1",
];
const whole = join(folder, "whole");
const read = (run: string, name: string) => readFileSync(join(run, name), "utf8");
const resume = (run: string, more: readonly string[] = []) =>
  fathom(["audit", ...plan, "--out", run, "--resume", "--quiet", ...more]);
/** A copy that a test may damage. */
const copy = (name: string): string => {
  const run = join(folder, name);
  cpSync(whole, run, { recursive: true });
  return run;
};
const change = (path: string, at: number, to: (byte: number) => number) => {
  const bytes = readFileSync(path);
  bytes[at] = to(bytes[at]!);
  writeFileSync(path, bytes);
};
const files = ["prompts.jsonl", "observations.jsonl", "verdicts.jsonl", "inside.json", "findings.json"];

beforeAll(() => {
  fathom(["audit", ...plan, "--out", whole, "--quiet"]);
});

// To run forty kills by hand: FATHOM_KILLS=40
const kills = Number(process.env["FATHOM_KILLS"] ?? 4);
test(
  `killed ${kills} times within its first 300 ms, a run goes on by the same command or --resume, to the same bytes`,
  async () => {
    for (let kill = 0; kill < kills; kill++) {
      const run = join(folder, `killed-${kill}`);
      const args = ["audit", ...plan, "--out", run, "--quiet"];
      await killedAtItsStart(args, run, (300 * kill) / kills);
      const begun =
        existsSync(join(run, "observations.jsonl")) && read(run, "observations.jsonl").includes("\n");
      const again = begun || kill % 2 === 1 ? [...args, "--resume"] : args;
      const { stderr } = fathom(again);
      for (const name of files)
        expect([name, stderr, read(run, name)]).toEqual([name, stderr, read(whole, name)]);
      expect(namesIn(run).sort()).toEqual(namesIn(whole).sort());
      expect(namesIn(join(run, "activations")).sort()).toEqual(namesIn(join(whole, "activations")).sort());
      rmSync(run, { recursive: true });
    }
  },
  kills * 30_000,
);

test("a changed letter in an observation is noticed, by report and by a resume", () => {
  const run = copy("changed-answer");
  const journal = join(run, "observations.jsonl");
  const at = readFileSync(journal).indexOf('"refusal_scores":[') + 20;
  const digit = (byte: number) => (byte === 0x31 ? 0x32 : 0x31);
  change(journal, at, digit);
  for (const { code, stderr } of [fathom(["report", run]), resume(run)]) {
    expect(stderr).toContain(`${journal}:1: expected the text that its checksum is of, found another`);
    expect(lines(stderr)).toHaveLength(1);
    expect(code).toBe(2);
  }
});

test("a report only reads: it reports a journal that is cut short, and does not change it", () => {
  const run = copy("cut");
  const journal = join(run, "observations.jsonl");
  const cut = readFileSync(journal).subarray(0, -40);
  writeFileSync(journal, cut);
  const before = statSync(journal).mtimeMs;
  const { code, stderr } = fathom(["report", run]);
  expect(stderr).toContain("expected a whole line, found a piece of one");
  expect(lines(stderr)).toHaveLength(1);
  expect(code).toBe(2);
  expect([statSync(journal).mtimeMs, readFileSync(journal).equals(cut)]).toEqual([before, true]);
  expect(resume(run).stderr).not.toContain("expected");
  for (const name of files.filter((one) => one !== "observations.jsonl"))
    expect(read(run, name)).toBe(read(whole, name));
});

test("edited or deleted prompts are noticed; a resume writes deleted ones again", () => {
  const run = copy("prompts");
  const path = join(run, "prompts.jsonl");
  change(path, 20, (byte) => byte ^ 1);
  for (const { code, stderr } of [fathom(["report", run]), resume(run)]) {
    expect(stderr).toMatch(/prompts\.jsonl: expected the prompts .*SHA-256 [0-9a-f]{64}\), found others/);
    expect(lines(stderr)).toHaveLength(1);
    expect(code).toBe(2);
  }
  rmSync(path);
  expect(fathom(["report", run]).stderr).toMatch(
    /prompts\.jsonl: expected the prompts of the run, found no file/,
  );
  resume(run);
  expect(read(run, "prompts.jsonl")).toBe(read(whole, "prompts.jsonl"));
  expect(fathom(["report", run]).code).toBe(0);
});

test("lost or changed activations are observed again, with the same bytes", () => {
  const run = copy("activations");
  const names = namesIn(join(run, "activations")).sort();
  const [changed, lost] = [join(run, "activations", names[0]!), join(run, "activations", names[1]!)];
  change(changed, statSync(changed).size - 3, (byte) => byte ^ 1);
  rmSync(lost);
  const journal = read(run, "observations.jsonl");
  resume(run);
  for (const name of names)
    expect(
      readFileSync(join(run, "activations", name)).equals(readFileSync(join(whole, "activations", name))),
    ).toBe(true);
  expect(read(run, "observations.jsonl")).toBe(journal);
  expect(read(run, "findings.json")).toBe(read(whole, "findings.json"));
});

test("a run of a version without checksums is read and resumed", () => {
  const run = copy("older");
  const manifest = JSON.parse(read(run, "manifest.json")) as Record<string, unknown>;
  delete manifest["files"];
  writeFileSync(join(run, "manifest.json"), JSON.stringify(manifest));
  const older = lines(read(run, "observations.jsonl")).map((line) => {
    const {
      sha256: _,
      activations,
      ...record
    } = JSON.parse(line) as { activations: object[]; sha256: string };
    return { ...record, activations: activations.map((one) => ({ ...one, sha256: undefined })) };
  });
  // The last answer is still to come.
  const kept = older.slice(0, -1).map((record) => `${JSON.stringify(record)}\n`);
  writeFileSync(join(run, "observations.jsonl"), kept.join(""));
  expect(fathom(["report", run]).stderr).toContain("expected 8 observations, found 7");
  resume(run);
  expect(read(run, "findings.json")).toBe(read(whole, "findings.json"));
  expect(fathom(["report", run, "--out", join(folder, "older-report")]).code).toBe(0);
});
