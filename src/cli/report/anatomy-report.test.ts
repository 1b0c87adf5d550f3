/** `fathom report` on the directory of an anatomy: its own page, Markdown and summary, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fathom } from "../../../test/cli/fathom.ts";
import { syntheticAnatomy } from "../../../test/support/synthetic-anatomy.ts";
import { anatomyReportSchema } from "../../core/records/anatomy-report.ts";
import { beginAnatomy } from "../../jobs/anatomy/begin.ts";
import { prepareAnatomy } from "../../jobs/anatomy/prepare.ts";
import { anatomyPlan } from "../anatomy/plan-of.ts";

const root = join(import.meta.dirname, "../../..");
const run = mkdtempSync(join(tmpdir(), "fathom-anatomy-report-"));
const { anatomy, findings } = syntheticAnatomy({});
const read = (name: string) => readFileSync(join(run, name), "utf8");

beforeAll(async () => {
  const model = join(root, "organisms/demo");
  const requests = "fiction-requests";
  const options = { model, harmful: requests, harmless: requests, sae: [join(model, "sae")], cache: true };
  const prepared = await prepareAnatomy(anatomyPlan(options), 1, () => undefined);
  beginAnatomy(run, { ...prepared, prompts: prepared.promptLines }, false)();
  writeFileSync(join(run, "anatomy.json"), JSON.stringify(anatomy));
});
afterAll(() => {
  rmSync(run, { recursive: true });
});

it("refuses an anatomy that is not finished", () => {
  const { code, stderr } = fathom(["report", run]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /expected a finished anatomy, found one without findings\.json\. Try: the same fathom anatomy/,
  );
});

it("writes the page, the Markdown and the data, and says the verdict in the terminal", () => {
  writeFileSync(join(run, "findings.json"), JSON.stringify(findings));
  const { code, stdout, stderr } = fathom(["report", run, "--format", "html,md,json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toBe("Anatomy of refusal in demo");
  expect(stdout).toContain("[+] Redundancy depth 2: the refusal comes back once");
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(lines.at(-1)).toContain("report.json");

  const data = anatomyReportSchema.parse(JSON.parse(read("report.json")));
  expect(data.anatomy).toEqual(anatomy);
  expect(data.findings).toEqual(findings);
  expect(data.command).toBe(
    "fathom anatomy --model demo --harmful fiction-requests --harmless fiction-requests",
  );
  expect(read("report.html")).toContain("<title>Anatomy of refusal in demo</title>");
});

it("has in its Markdown every table, n and control, and no prompt", () => {
  const markdown = read("report.md");
  for (const title of ["Minimal sets", "Features", "Rounds", "Cascade", "Backups", "Size and cost"])
    expect(markdown).toContain(`\n## ${title}\n`);
  expect(markdown).toContain(
    "| 1 | \\#12 in block 1; \\#40 in block 3 | yes, by the judge | 94% \\[79%, 98%\\] | 90% \\[75%, 97%\\] | 31 |",
  );
  expect(markdown).toMatch(
    /\| \\#40 in block 3 \| Load-bearing \| Without it the refusal score falls by 10\.8/,
  );
  const tables = markdown.split("\n\n").filter((block) => block.startsWith("| "));
  expect(tables.length).toBeGreaterThan(9);
  for (const table of tables) {
    const bars = table.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(bars).size).toBe(1);
  }
  for (const { prompt } of read("prompts.jsonl")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { prompt: string }))
    expect(markdown).not.toContain(prompt);
});

it("names a file that was changed", () => {
  writeFileSync(join(run, "anatomy.json"), JSON.stringify({ ...anatomy, depth: "two" }));
  const { code, stderr } = fathom(["report", run]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/anatomy\.json.*depth.*Try: remove findings\.json/);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
