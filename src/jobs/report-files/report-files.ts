/** Writes the files of a report: of an audit, an anatomy or a comparison. */
import { join } from "node:path";
import type { AnatomyReport } from "../../core/records/anatomy-report.ts";
import type { ReportData } from "../../core/records/report.ts";
import type { Comparison } from "../../core/results/comparison.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { renderAnatomyMarkdown } from "../../report/anatomy-markdown.ts";
import { renderComparisonMarkdown } from "../../report/comparison-markdown.ts";
import { findingsJunit } from "../../report/gate-report.ts";
import { htmlPieces, requirePlaces } from "../../report/html.ts";
import { renderMarkdown } from "../../report/markdown.ts";
import { readTemplate } from "../../report/page-template.ts";

export const reportFormats = ["html", "md", "json", "junit"] as const;
export type ReportFormat = (typeof reportFormats)[number];

type Report = ReportData | AnatomyReport | Comparison;

const renderers: Record<ReportFormat, (data: Report) => string | Iterable<string>> = {
  html: (data) => htmlPieces(data, readTemplate()),
  md: (data) => {
    if (!("kind" in data)) return renderMarkdown(data);
    return data.kind === "anatomy" ? renderAnatomyMarkdown(data) : renderComparisonMarkdown(data);
  },
  json: (data) => `${JSON.stringify(data, null, 1)}\n`,
  junit: ({ title, findings }) => findingsJunit(title, findings),
};

const nameOf = (format: ReportFormat): string => `report.${format === "junit" ? "xml" : format}`;

/** Call this before a job starts. @throws FathomError if the page is not built, or has no place for data */
export function requireTemplate(): void {
  requirePlaces(readTemplate());
}

/** Writes `report.<format>` for each format, `report.xml` for junit. @returns their paths @throws FathomError when one cannot be written */
export function writeReport(data: Report, folder: string, formats: readonly ReportFormat[]): string[] {
  // All are rendered before the first is written, so that a failure in rendering leaves no part of a report.
  const files = formats.map((format) => ({
    path: join(folder, nameOf(format)),
    text: renderers[format](data),
  }));
  for (const { path, text } of files) writeTextAtomically(path, text);
  return files.map(({ path }) => path);
}
