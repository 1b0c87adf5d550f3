/** Runs `fathom report`. */
import { isOlder } from "../../jobs/audit/older.ts";
import { readRun } from "../../jobs/audit/run.ts";
import { reportOfRun } from "../../jobs/audit-report/report-of-run.ts";
import { type ReportFormat, writeReport } from "../../jobs/audit-report/write-report.ts";
import { complain } from "../terminal/failure.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { summaryOf } from "./summary.ts";

export interface ReportCommandOptions {
  format: ReportFormat[];
  out?: string;
  showText?: true;
  json?: true;
}

/** @throws FathomError when the run is not finished, of a newer format or damaged, or a file cannot be written */
export async function runReport(path: string, options: ReportCommandOptions): Promise<void> {
  const run = readRun(path);
  if (isOlder(run.manifest))
    complain(
      "note: an older version of Fathom made this run: the findings on its answers are computed again, those through an SAE are as stored",
    );
  const data = reportOfRun(run, options.showText === true);
  const files = writeReport(data, options.out ?? path, options.format);
  if (options.json === true) await printJson({ run: path, files, findings: run.findings });
  else await printLines(summaryOf(data, files));
}
