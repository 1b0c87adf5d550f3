/** `fathom export`: every form is read back, and no form holds what a report withholds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, it } from "vitest";
import { readRun } from "../../src/jobs/audit/run.ts";
import { exportRun } from "../../src/jobs/export/export-run.ts";
import { printable } from "../../src/judges/printable.ts";
import { fathom, lines, scratch } from "../cli/fathom.ts";

const root = join(import.meta.dirname, "../..");
const folder = scratch();
const run = join(folder, "run");

beforeAll(() => {
  const plan = [
    "--model",
    join(root, "organisms/demo"),
    "--prompts",
    "fiction",
    "--limit",
    "18",
    "--prefill-tokens",
    "0",
    "--caps",
    "16,64",
  ];
  fathom(["audit", ...plan, "--out", run, "--quiet"]);
}, 120_000);

const parquetRows = async (bytes: Uint8Array) =>
  await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });

describe("fathom export", () => {
  it("Parquet holds a row for every verdict, with types", async () => {
    const out = join(folder, "run.parquet");
    expect(fathom(["export", run, "--to", "parquet", "--out", out])).toMatchObject({ code: 0, stderr: "" });
    const rows = await parquetRows(readFileSync(out));
    const { verdicts, observations, prompts } = readRun(run);
    expect(rows).toHaveLength(verdicts.length);
    const told = new Map(rows.map((row) => [`${row["prompt_id"]} ${row["template"]} ${row["cap"]}`, row]));
    for (const { prompt_id, cap, observation, outcome, surface } of verdicts) {
      const { condition, text } = observations.find(({ key }) => key === observation)!;
      const { tier } = prompts.find(({ id }) => id === prompt_id)!;
      const row = told.get(`${prompt_id} ${condition.template} ${cap}`)!;
      expect(row).toMatchObject({ outcome, tier, seed: 0, refuse: surface?.refuse ?? null });
      const isWithheld = tier === "hazard_adjacent" && text !== "";
      expect(row).toMatchObject({ redacted: isWithheld, printable: isWithheld ? printable(text) : null });
      if (isWithheld) expect(row["answer"]).toBeNull();
      else expect(text.startsWith(row["answer"] as string)).toBe(true);
    }
  });

  it("CSV holds the same", async () => {
    const text = exportRun(run, "csv", false) as string;
    const rows = parse<Record<string, string>>(text, { columns: true });
    const same = await parquetRows(exportRun(run, "parquet", false) as Uint8Array);
    expect(rows.map(({ prompt_id, cap, outcome }) => [prompt_id, Number(cap), outcome])).toEqual(
      same.map((row) => [row["prompt_id"], row["cap"], row["outcome"]] as unknown[]),
    );
    expect(Object.keys(rows[0]!)).toEqual(Object.keys(same[0]!));
  });

  it("no form holds an answer that a report withholds, unless it is asked for", () => {
    const { prompts, observations } = readRun(run);
    const hazards = new Set(prompts.filter(({ tier }) => tier === "hazard_adjacent").map(({ id }) => id));
    const open = observations.filter(({ prompt_id }) => !hazards.has(prompt_id)).map(({ text }) => text);
    // A short answer may also be the beginning of one that is printed.
    const withheld = observations
      .filter(({ prompt_id, text }) => hazards.has(prompt_id) && printable(text) === "")
      .map(({ text }) => text)
      .filter((text) => !open.some((other) => other.includes(text)));
    expect(withheld.length).toBeGreaterThan(0);
    for (const form of ["csv", "inspect", "junit"] as const)
      for (const text of withheld) expect(exportRun(run, form, false)).not.toContain(text);
    expect(exportRun(run, "csv", true)).toContain(withheld[0]);
  });

  it("a log of Inspect has a sample for every answer, each with a name of its own", () => {
    const log = JSON.parse(exportRun(run, "inspect", false) as string) as {
      version: number;
      samples: { id: string; scores: { fathom: { value: string } } }[];
    };
    const { observations } = readRun(run);
    expect(log.version).toBe(2);
    expect(new Set(log.samples.map(({ id }) => id)).size).toBe(observations.length);
  });

  it("says that Inspect needs another name for its log", () => {
    const { code, stderr } = fathom(["export", run, "--to", "inspect", "--out", join(folder, "run.log")]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^fathom: note: Inspect opens a log only if its name ends in \.json/);
  });

  it("refuses what it cannot do in one line", () => {
    for (const [args, message] of [
      [["--to", "parquet"], "--out: expected a file, because Parquet is binary, found none"],
      [
        ["--to", "excel", "--out", join(folder, "x")],
        '--to: expected parquet, csv, inspect, junit, found "excel"',
      ],
    ] as const) {
      const { code, stdout, stderr } = fathom(["export", run, ...args]);
      expect({ code, stdout, lines: lines(stderr).length }).toEqual({ code: 2, stdout: "", lines: 1 });
      expect(stderr).toContain(message);
    }
  });
});
