/** What `fathom report` does. */
import { readRun } from "../../jobs/audit/run.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { reportOfRun } from "./report-of-run.ts";
import { summaryOf } from "./summary.ts";
import { type ReportFormat, writeReport } from "./write-report.ts";

export interface ReportCommandOptions {
  format: ReportFormat[];
  out?: string;
  showText?: true;
  json?: true;
}

/** @throws FathomError when the run is not finished, of another format or damaged, or a file cannot be written */
export async function runReport(path: string, options: ReportCommandOptions): Promise<void> {
  const run = readRun(path);
  const data = reportOfRun(run, options.showText === true);
  const files = writeReport(data, options.out ?? path, options.format);
  if (options.json === true) await printJson({ run: path, files, findings: run.findings });
  else await printLines(summaryOf(data, files));
}
