/** The summary of a report, as wide as this terminal. */
import type { AnatomyReport } from "../../core/records/anatomy-report.ts";
import type { ReportData } from "../../core/records/report.ts";
import { anatomySummaryLines } from "../../report/anatomy-summary.ts";
import { summaryLines } from "../../report/summary.ts";

/** The width of a line if stdout is not a terminal. */
const plainColumns = 100;

export function summaryOf(data: ReportData | AnatomyReport, files: readonly string[]): string[] {
  const columns = process.stdout.columns || plainColumns;
  return "kind" in data ? anatomySummaryLines(data, files, columns) : summaryLines(data, files, columns);
}
