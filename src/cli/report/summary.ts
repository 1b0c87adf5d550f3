/** The summary of a report, as wide as this terminal. */
import type { ReportData } from "../../core/records/report.ts";
import { summaryLines } from "../../report/summary.ts";

/** The width of a line if stdout is not a terminal. */
const plainColumns = 100;

export function summaryOf(data: ReportData, files: readonly string[]): string[] {
  const columns = process.stdout.columns || plainColumns;
  return summaryLines(data, files, columns);
}
