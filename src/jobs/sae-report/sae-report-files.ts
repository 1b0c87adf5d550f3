/** The files of an SAE's report: a page, and the same as JSON. */
import { extname, join } from "node:path";
import type { SaeReport } from "../../core/records/sae-report.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { renderHtml } from "../../report/html.ts";
import { readTemplate } from "../../report/page-template.ts";

export interface SaeReportFile {
  path: string;
  render: (report: SaeReport) => string;
}

const renderers: Record<string, SaeReportFile["render"]> = {
  ".html": (report) => renderHtml(report, readTemplate()),
  ".json": (report) => `${JSON.stringify(report)}\n`,
};

/** One file if `out` ends in .html or .json; otherwise both files, in a folder of this name. */
export function saeReportFiles(out: string): SaeReportFile[] {
  const named = renderers[extname(out)];
  return named === undefined
    ? Object.entries(renderers).map(([ending, render]) => ({ path: join(out, `report${ending}`), render }))
    : [{ path: out, render: named }];
}

/** @throws FathomError when one cannot be written */
export function writeSaeReport(report: SaeReport, files: readonly SaeReportFile[]): void {
  for (const { path, render } of files) writeTextAtomically(path, render(report));
}
