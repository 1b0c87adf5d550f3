/** The summary for this terminal. */
import type { ReportData } from "../../core/records/report.ts";
import { summaryLines } from "../../report/summary.ts";

/** Of a line where there is no terminal to ask. */
const plainColumns = 100;

export function summaryOf(data: ReportData, files: readonly string[]): string[] {
  const columns = process.stdout.columns || plainColumns;
  return summaryLines(data, files, columns);
}
