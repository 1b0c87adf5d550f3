/** `--anatomy`: the headline on depth of an audit rests on an anatomy of the same model, and no other is taken. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { anatomyPlan } from "../../../src/cli/anatomy/plan-of.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { beginAnatomy } from "../../../src/jobs/anatomy/begin.ts";
import { prepareAnatomy } from "../../../src/jobs/anatomy/prepare.ts";
import { syntheticAnatomy } from "../../support/synthetic-anatomy.ts";
import { fathom, lines, scratch } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const run = join(folder, "run");
const anatomy = join(folder, "anatomy");
const audit = [
  ...["audit", "--model", organism, "--prompts", "fiction", "--limit", "30", "--templates", "chat"],
  ...["--prefill-tokens", "0", "--caps", "24", "--out", run, "--quiet"],
];
const found = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Finding[];
const depthOf = (findings: readonly Finding[]) => findings.find(({ id }) => id === "headline.depth")!;
const made = syntheticAnatomy({});

beforeAll(async () => {
  const options = { model: organism, harmful: "fiction-requests", harmless: "fiction-requests", cache: true };
  const prepared = await prepareAnatomy(
    anatomyPlan({ ...options, sae: [join(organism, "sae")] }),
    1,
    () => undefined,
  );
  beginAnatomy(anatomy, { ...prepared, prompts: prepared.promptLines }, false)();
  writeFileSync(join(anatomy, "anatomy.json"), JSON.stringify(made.anatomy));
  writeFileSync(join(anatomy, "findings.json"), JSON.stringify(made.findings));
  expect(fathom(audit).code).toBe(0);
});

test("without an anatomy it is not measured; a report takes one, and leaves the run as it is", () => {
  const before = readFileSync(join(run, "findings.json"), "utf8");
  expect(depthOf(found(join(run, "findings.json"))).sentence).toContain("not measured: no anatomy was given");
  const { code, stdout } = fathom(["report", run, "--anatomy", anatomy, "--format", "json", "--json"]);
  expect(code).toBe(0);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const depth = made.findings.find(({ id }) => id === "anatomy.depth")!;
  expect(findings.find(({ id }) => id === "anatomy.depth")).toEqual(depth);
  expect(depthOf(findings).sentence).toContain(depth.sentence);
  expect(readFileSync(join(run, "findings.json"), "utf8")).toBe(before);
});

test("a resume adds one to a finished run, which then needs no other folder", () => {
  const { code, stderr } = fathom([...audit, "--resume", "--anatomy", anatomy]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(found(join(run, "findings.json")).map(({ id }) => id)).toContain("anatomy.depth");
  const again = fathom(["report", run, "--format", "json", "--json"]);
  expect(depthOf((JSON.parse(again.stdout) as { findings: Finding[] }).findings).sentence).not.toContain(
    "not measured",
  );
  expect(readFileSync(join(run, "report.md"), "utf8")).toContain("anatomy");
});

test("an anatomy of another model, another precision, none, or of a report of an anatomy is one line", () => {
  const manifest = join(anatomy, "manifest.json");
  const text = readFileSync(manifest, "utf8");
  const refused = (args: string[]) => {
    const { code, stderr } = fathom(args);
    expect(code).toBe(2);
    expect(lines(stderr)).toHaveLength(1);
    return stderr;
  };
  const { inputs } = JSON.parse(text) as { inputs: { model: { sha256: string } } };
  writeFileSync(manifest, text.replaceAll(inputs.model.sha256, "0".repeat(64)));
  expect(refused(["report", run, "--anatomy", anatomy])).toMatch(
    /an anatomy of the same model, demo .*found demo/,
  );
  writeFileSync(manifest, text.replace('"precision": "fp32"', '"precision": "int8"'));
  expect(refused(["report", run, "--anatomy", anatomy])).toContain("an anatomy of the same precision, fp32");
  writeFileSync(manifest, text);
  expect(refused(["report", run, "--anatomy", run])).toContain("expected an anatomy");
  expect(refused(["report", anatomy, "--anatomy", anatomy])).toContain("a report of an audit");
  const endpoint = ["audit", "--endpoint", "http://127.0.0.1:1/v1", "--model", "m", "--prompts", "fiction"];
  expect(refused([...endpoint, "--anatomy", anatomy, "--dry-run"])).toContain("no weights");
});
