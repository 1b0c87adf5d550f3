/** The summary of a report, as wide as this terminal. */
import type { AnatomyReport } from "../../core/records/anatomy-report.ts";
import type { ReportData } from "../../core/records/report.ts";
import type { Comparison } from "../../core/results/comparison.ts";
import { anatomySummaryLines } from "../../report/anatomy-summary.ts";
import { comparisonLines } from "../../report/comparison-summary.ts";
import { summaryLines } from "../../report/summary.ts";

/** The width of a line if stdout is not a terminal. */
const plainColumns = 100;

export function summaryOf(data: ReportData | AnatomyReport | Comparison, files: readonly string[]): string[] {
  const columns = process.stdout.columns || plainColumns;
  if (!("kind" in data)) return summaryLines(data, files, columns);
  return data.kind === "anatomy"
    ? anatomySummaryLines(data, files, columns)
    : comparisonLines(data, files, columns);
}
