/** Runs `fathom report`: of an audit's run, or of an anatomy's. */

import { withDepth } from "../../audit/headlines/depth.ts";
import { badInput, exitCode } from "../../core/errors.ts";
import { isAnatomy, readAnatomyRun } from "../../jobs/anatomy-report/anatomy-run.ts";
import { reportOfAnatomy } from "../../jobs/anatomy-report/report-of-anatomy.ts";
import { readAnatomyBeside } from "../../jobs/audit/beside/anatomy-beside.ts";
import { isOlder } from "../../jobs/audit/older.ts";
import { type RunRecords, readRun } from "../../jobs/audit/run.ts";
import { reportOfRun } from "../../jobs/audit-report/report-of-run.ts";
import { type ReportFormat, writeReport } from "../../jobs/report-files/report-files.ts";
import { applyGates, gateJson, gateLines, gatesOf } from "../gate/gate.ts";
import { complain } from "../terminal/failure.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { summaryOf } from "./summary.ts";

export interface ReportCommandOptions {
  format: ReportFormat[];
  out?: string;
  showText?: true;
  anatomy?: string;
  gate?: string;
  json?: true;
}

/**
 * @returns the exit code
 * @throws FathomError when the run is not finished, of a newer format or damaged, or a file cannot be written
 */
export async function runReport(path: string, options: ReportCommandOptions): Promise<number> {
  const gates = gatesOf(options.gate);
  const { data, findings } = isAnatomy(path) ? anatomyAt(path, options) : auditAt(path, options);
  const folder = options.out ?? path;
  const files = writeReport(data, folder, options.format);
  const gated = applyGates(gates, { title: data.title, findings, folder });
  if (options.json === true) await printJson({ run: path, files, findings, ...gateJson(gated) });
  else await printLines([...summaryOf(data, files), ...gateLines(gated)]);
  return gated?.code ?? exitCode.ok;
}

/** No answer is kept, so there is no text to show. */
function anatomyAt(path: string, { anatomy }: ReportCommandOptions) {
  if (anatomy !== undefined)
    throw badInput("--anatomy", "a report of an audit", `${path}, itself an anatomy`, "fathom report RUN");
  const run = readAnatomyRun(path);
  return { data: reportOfAnatomy(run), findings: run.findings };
}

function auditAt(path: string, { showText, anatomy }: ReportCommandOptions) {
  const stored = readRun(path);
  const run = anatomy === undefined ? stored : withAnatomy(stored, anatomy);
  if (isOlder(run.manifest))
    complain(
      "note: an older version of Fathom made this run: the findings on its answers are computed again, those through an SAE are as stored",
    );
  return { data: reportOfRun(run, showText === true), findings: run.findings };
}

/** Only the report has the anatomy's findings; the run stays as it is. */
function withAnatomy(run: RunRecords, path: string): RunRecords {
  const anatomy = readAnatomyBeside(path, run.manifest.inputs);
  return {
    ...run,
    manifest: { ...run.manifest, anatomy },
    findings: withDepth(run.findings, anatomy),
  };
}
