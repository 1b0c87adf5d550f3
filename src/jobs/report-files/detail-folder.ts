/**
 * The folder of detail files beside a report's page. Files are added before the page that names them is written, and those that it does not name are
 * removed after. So after a kill at any time, the page that is there has its files.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ReportData } from "../../core/records/report.ts";
import { writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { clearPartials } from "../../files/disk/partial.ts";
import {
  detailFiles,
  detailFolder,
  isDetailFile,
  needDetailFiles,
  rowsPerFile,
} from "../../report/detail-files.ts";
import type { DetailFiles } from "../../report/html.ts";

export const detailsPath = (folder: string): string => join(folder, detailFolder);

/** @returns the files that were written; null if the page has room for all rows @throws FathomError when one cannot be written */
export function addDetailFiles(folder: string, { rows }: ReportData): DetailFiles | null {
  if (!needDetailFiles(rows)) return null;
  const files: string[] = [];
  for (const { name, text } of detailFiles(rows)) {
    writeTextAtomically(join(detailsPath(folder), name), text);
    files.push(name);
  }
  return { folder: detailFolder, files, rows_per_file: rowsPerFile };
}

/** Removes the detail files of earlier reports, and no other file. @throws FathomError when one cannot be removed */
export function removeOtherDetailFiles(folder: string, keep: DetailFiles | null): void {
  const path = detailsPath(folder);
  if (!existsSync(path)) return;
  const kept = new Set(keep?.files);
  try {
    clearPartials(path, isDetailFile);
    for (const name of readdirSync(path)) if (isDetailFile(name) && !kept.has(name)) rmSync(join(path, name));
    if (readdirSync(path).length === 0) rmdirSync(path);
  } catch (error) {
    throw writeProblem(path, error);
  }
}
