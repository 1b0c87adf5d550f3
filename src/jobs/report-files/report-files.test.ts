/** The page of many answers and the files beside it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { syntheticReport } from "../../../test/support/synthetic-report.ts";
import type { ReportData, ReportRow } from "../../core/records/report.ts";
import { largestRows } from "../../report/detail-files.ts";
import { addDetailFiles } from "./detail-folder.ts";
import { writeReport } from "./report-files.ts";

let folder: string;
let details: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-report-files-"));
  details = join(folder, "report-details");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const long = `${"The mirrel closes at dusk. ".repeat(500)}</script>\u2028`;
/** 1,040 answers, of which those that are printed whole are long. */
function many(seed: number): ReportData {
  const data = syntheticReport({ prompts: 520, seed });
  return { ...data, rows: data.rows.map((row) => ({ ...row, text: row.text && row.text + long })) };
}

/** The rows that a page would get from its detail files. */
function handedOver(): ReportRow[] {
  const files = new Map<number, ReportRow[]>();
  const fathomRows = (file: number, rows: ReportRow[]) => {
    files.set(file, JSON.parse(JSON.stringify(rows)) as ReportRow[]);
  };
  for (const name of readdirSync(details).filter((one) => one.endsWith(".js")))
    runInNewContext(readFileSync(join(details, name), "utf8"), { fathomRows });
  return [...files].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
}

it("a small report is one file", () => {
  expect(writeReport(syntheticReport(), folder, ["html"])).toEqual([join(folder, "report.html")]);
  expect(readdirSync(folder)).toEqual(["report.html"]);
});

it("the whole rows of a large report are in files beside its page, which leave out what the report leaves out", () => {
  const data = many(1);
  expect(writeReport(data, folder, ["html", "md"])).toEqual([
    join(folder, "report.html"),
    join(folder, "report.md"),
    details,
  ]);
  expect(JSON.stringify(handedOver())).toBe(JSON.stringify(data.rows));
  expect(readdirSync(details)).toHaveLength(3);
  const page = readFileSync(join(folder, "report.html"), "utf8");
  expect(page.length).toBeLessThan(largestRows);
  for (const name of readdirSync(details)) expect(page).toContain(name);
  const withheld = "Questions about the handling of this compound";
  const hazards = handedOver().filter(({ tier }) => tier === "hazard_adjacent");
  expect(hazards.length).toBeGreaterThan(300);
  expect(JSON.stringify(hazards)).not.toContain(withheld);
});

it("another report's files are removed when its page is gone, not before, and no other file is", () => {
  writeReport(many(1), folder, ["html"]);
  const first = readdirSync(details);
  addDetailFiles(folder, many(2));
  expect(readdirSync(details)).toEqual(expect.arrayContaining(first));
  writeFileSync(join(details, "notes.txt"), "mine");
  writeFileSync(join(details, `${first[0]}.partial-${2 ** 30}`), "half");
  writeReport(many(2), folder, ["md"]);
  expect(readdirSync(details)).toEqual(expect.arrayContaining(first));

  writeReport(many(2), folder, ["html"]);
  const second = readdirSync(details);
  expect(second).toHaveLength(4);
  expect(second).toContain("notes.txt");
  expect(second.filter((name) => first.includes(name))).toEqual([]);
  const written = statSync(join(folder, "report.html")).size;
  writeReport(many(2), folder, ["html"]);
  expect(readdirSync(details)).toEqual(second);
  expect(statSync(join(folder, "report.html")).size).toBe(written);

  writeReport(syntheticReport(), folder, ["html"]);
  expect(readdirSync(details)).toEqual(["notes.txt"]);
  rmSync(join(details, "notes.txt"));
  writeReport(syntheticReport(), folder, ["html"]);
  expect(existsSync(details)).toBe(false);
});
