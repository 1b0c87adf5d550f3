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
import { addDetailFiles, detailsPath, removeOtherDetailFiles } from "./detail-folder.ts";

export const reportFormats = ["html", "md", "json", "junit"] as const;
export type ReportFormat = (typeof reportFormats)[number];

type Report = ReportData | AnatomyReport | Comparison;

/** Everything but the page, which may need files beside it. */
const renderers: Record<Exclude<ReportFormat, "html">, (data: Report) => string> = {
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

/**
 * Writes `report.<format>` for each format, `report.xml` for junit. A page that cannot hold all rows gets detail files beside it.
 * @returns their paths, and the folder of the detail files @throws FathomError when one cannot be written
 */
export function writeReport(data: Report, folder: string, formats: readonly ReportFormat[]): string[] {
  const pathOf = (format: ReportFormat) => join(folder, nameOf(format));
  // Rendered before anything is written, so that a failure in rendering leaves no part of a report.
  const others = formats.flatMap((format) =>
    format === "html" ? [] : [{ path: pathOf(format), text: renderers[format](data) }],
  );
  const beside = formats.includes("html") ? writePage(data, folder, pathOf("html")) : [];
  for (const { path, text } of others) writeTextAtomically(path, text);
  return [...formats.map(pathOf), ...beside];
}

/** @returns the folder of the page's detail files, if it has some */
function writePage(data: Report, folder: string, path: string): string[] {
  const files = "kind" in data ? null : addDetailFiles(folder, data);
  writeTextAtomically(path, htmlPieces(data, readTemplate(), files));
  removeOtherDetailFiles(folder, files);
  return files === null ? [] : [detailsPath(folder)];
}
