/** A report's files. */
import { join } from "node:path";
import type { ReportData } from "../../core/records/report.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { renderHtml, requirePlaces } from "../../report/html.ts";
import { renderMarkdown } from "../../report/markdown.ts";
import { readTemplate } from "../../report/page-template.ts";

export const reportFormats = ["html", "md", "json"] as const;
export type ReportFormat = (typeof reportFormats)[number];

const renderers: Record<ReportFormat, (data: ReportData) => string> = {
  html: (data) => renderHtml(data, readTemplate()),
  md: renderMarkdown,
  json: (data) => `${JSON.stringify(data, null, 1)}\n`,
};

/** @throws FathomError when the page is not built, or is no page for data: better before an audit than after it */
export function requireTemplate(): void {
  requirePlaces(readTemplate());
}

/** Writes `report.<format>` for each format. @returns their paths @throws FathomError when one cannot be written */
export function writeReport(data: ReportData, folder: string, formats: readonly ReportFormat[]): string[] {
  // All are rendered before the first is written: a report is there as a whole or not at all.
  const files = formats.map((format) => ({
    path: join(folder, `report.${format}`),
    text: renderers[format](data),
  }));
  for (const { path, text } of files) writeTextAtomically(path, text);
  return files.map(({ path }) => path);
}
