/** Runs `fathom compare`. */
import { exitCode } from "../../core/errors.ts";
import { comparisonOf } from "../../jobs/comparison/comparison.ts";
import { type ReportFormat, requireTemplate, writeReport } from "../../jobs/report-files/report-files.ts";
import { applyGates, gateJson, gateLines, gatesOf } from "../gate/gate.ts";
import { summaryOf } from "../report/summary.ts";
import { printJson, printLines } from "../terminal/output.ts";

export interface CompareOptions {
  out?: string;
  format: ReportFormat[];
  gate?: string;
  seed: number;
  showText?: true;
  json?: true;
}

/** @returns the exit code @throws FathomError for runs that cannot be compared, and when a file cannot be written */
export async function runCompare(runs: readonly string[], options: CompareOptions): Promise<number> {
  const { out, format, seed, showText, json } = options;
  const gates = gatesOf(options.gate);
  if (out !== undefined && format.includes("html")) requireTemplate();
  const data = comparisonOf({ runs, seed, showText: showText === true });
  const files = out === undefined ? [] : writeReport(data, out, format);
  const { title, findings, differences, failure_modes, notes } = data;
  const gated = applyGates(gates, { title, findings, folder: out ?? null });
  if (json === true) {
    const flips = data.flips.map(({ of, prompt_id, condition, from, to }) => ({
      prompt_id,
      condition,
      from,
      to,
      of,
    }));
    await printJson({
      runs: data.runs,
      differences,
      notes,
      findings,
      failure_modes,
      flips,
      files,
      ...gateJson(gated),
    });
  } else await printLines([...summaryOf(data, files), ...gateLines(gated)]);
  return gated?.code ?? exitCode.ok;
}
