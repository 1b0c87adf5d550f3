/** Writes the files of an audit's report. */
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

/** Call this before an audit starts. @throws FathomError if the page is not built, or has no place for data */
export function requireTemplate(): void {
  requirePlaces(readTemplate());
}

/** Writes `report.<format>` for each format. @returns their paths @throws FathomError when one cannot be written */
export function writeReport(data: ReportData, folder: string, formats: readonly ReportFormat[]): string[] {
  // All are rendered before the first is written, so that a failure in rendering leaves no part of a report.
  const files = formats.map((format) => ({
    path: join(folder, `report.${format}`),
    text: renderers[format](data),
  }));
  for (const { path, text } of files) writeTextAtomically(path, text);
  return files.map(({ path }) => path);
}
