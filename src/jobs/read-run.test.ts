/** A changed or damaged file of a run gives a one-line error, whatever it holds. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeRun } from "../../test/support/fuzz/own-files.ts";
import { readRun } from "./audit/run.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-read-"));
const made = join(folder, "made");
beforeAll(() => {
  makeRun(made);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const copied = (name: string, change: (manifest: object) => object): string => {
  const run = join(folder, name);
  cpSync(made, run, { recursive: true });
  const path = join(run, "manifest.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as object)));
  return run;
};

it.each([
  ["the first", { format: 1 }],
  ["no stated", { format: undefined }],
])("a run of %s format is opened, and nothing in it is changed", (_name, format) => {
  const run = copied("older", (manifest) => ({ ...manifest, ...format }));
  const path = join(run, "findings.json");
  const stored = JSON.parse(readFileSync(path, "utf8")) as { about?: object }[];
  for (const finding of stored) delete finding.about;
  writeFileSync(path, JSON.stringify(stored));
  const before = readdirSync(run).map((name) => [name, statSync(join(run, name)).mtimeMs]);
  expect(readRun(run).findings).toEqual(readRun(made).findings);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(stored);
  expect(readdirSync(run).map((name) => [name, statSync(join(run, name)).mtimeMs])).toEqual(before);
});

it.each([
  [{ format: 3 }, /manifest\.json: expected a run of format 2 or older, found format 3/],
  [{ format: 2.5 }, /manifest\.json: expected a run of format 2 or older, found format 2\.5/],
  [{ format: 0 }, /manifest\.json format: expected/],
  [{ format: "2" }, /manifest\.json format: expected/],
  [{ format: null }, /manifest\.json format: expected/],
])("a run with %j is refused", (format, message) => {
  const run = copied("strange", (manifest) => ({ ...manifest, ...format }));
  expect(() => readRun(run)).toThrow(message);
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
