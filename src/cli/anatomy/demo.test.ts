/** The anatomy with which `npm run demo` ends, with smaller sizes: the same command line, and a run that CI has time for. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { anatomySchema } from "../../core/records/anatomy.ts";
import { readJson } from "../../files/disk/io.ts";

const root = join(import.meta.dirname, "../../..");
const scratch = mkdtempSync(join(tmpdir(), "fathom-demo-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

it("takes the bundled model's refusals apart, and prints and writes the report", () => {
  const { scripts } = readJson(join(root, "package.json")) as { scripts: { demo: string } };
  const [clean, audit, anatomy] = scripts.demo.split(" && ");
  expect(clean).toContain("rmSync");
  expect(audit).toMatch(/ audit organisms\/demo\/audit\.yaml --out runs\/demo$/);
  const [node, entry, verb, ...options] = anatomy!.split(" ");
  expect([node, entry, verb]).toEqual(["node", "src/cli/main.ts", "anatomy"]);
  const out = join(scratch, "anatomy");
  const smaller =
    "--candidates 40 --search-prompts 6 --sets 1 --controls 19 --judged-controls 2 --control-prompts 2";
  // Two of the dictionaries: those of the features that carry the refusals.
  const fewer = options.join(" ").replaceAll(/--sae organisms\/demo\/saes\/layer-[134] /g, "");
  // Of an option that is given twice the last counts.
  const args = [entry!, verb!, ...`${fewer} --out ${out} ${smaller} --quiet`.split(" ")];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    ...{ encoding: "utf8", cwd: root, timeout: 300_000 },
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const found = anatomySchema.parse(readJson(join(out, "anatomy.json")));
  expect(found.outcome).toBe("found");
  expect(found.minimal_sets.length).toBeGreaterThan(0);
  for (const name of ["report.html", "report.md"]) {
    expect(existsSync(join(out, name))).toBe(true);
    expect(stdout).toContain(name);
  }
}, 320_000);
