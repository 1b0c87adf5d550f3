/** A file of a run that is not what it was written as is one line, whatever it holds instead. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeRun } from "../../../test/support/fuzz/own-files.ts";
import { readRun } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-read-"));
const made = join(folder, "made");
beforeAll(() => {
  makeRun(made);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it.each([
  ["inside.json", /^.*/s, "[]", /inside\.json: expected views of the run's SAEs \(.*\), found none/],
  ["inside.json", /"sae": "[^"]*"/, '"sae": "another"', /inside\.json: expected .*, found 1: another/],
  ["inside.json", /"D": [^,]*/, '"D": 1e308', /inside\.json 0\.scores\.\d+\.D: expected Too big/],
  ["inside.json", /"D": [^,]*/, '"D": 1e309', /inside\.json: expected numbers that fit in a double/],
  [
    "findings.json",
    /"estimate": [^,]*/,
    '"estimate": -1e300',
    /findings\.json 0\.estimate: expected Too small/,
  ],
  [
    "verdicts.jsonl",
    /^.*?\n/,
    `${"[".repeat(5000)}\n`,
    /verdicts\.jsonl:1: expected JSON that nests at most 100 deep/,
  ],
])("%s with %s", (file, from, to, message) => {
  const run = join(folder, "run");
  cpSync(made, run, { recursive: true });
  const path = join(run, file);
  const before = readFileSync(path, "utf8");
  expect(before).toMatch(from);
  writeFileSync(path, before.replace(from, to));
  expect(() => readRun(run)).toThrow(message);
});
