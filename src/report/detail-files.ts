/**
 * The detail files of a report with many answers. Each holds some of the rows, whole. They are scripts that hand their rows to the page, because a page
 * opened from a disk may load a script beside it but not read a file. A file's name has the hash of its content, so a page never shows the
 * rows of another report.
 */
import { createHash } from "node:crypto";
import type { ReportRow } from "../core/records/report.ts";
import { inertJson } from "./html.ts";

/** A page whose rows take more bytes than this has them in detail files. Below, the page is one file that can be mailed. */
export const largestRows = 10e6;

export const detailFolder = "report-details";

export const rowsPerFile = 500;

/** Rows that are measured together. */
const rowsAtOnce = 100;

export function needDetailFiles(rows: readonly ReportRow[]): boolean {
  let bytes = 0;
  for (let i = 0; i < rows.length && bytes <= largestRows; i += rowsAtOnce)
    bytes += Buffer.byteLength(inertJson(rows.slice(i, i + rowsAtOnce)));
  return bytes > largestRows;
}

/** The files in the order of the rows; they are made while they are read. */
export function* detailFiles(rows: readonly ReportRow[]): Generator<{ name: string; text: string }> {
  for (let file = 0; file * rowsPerFile < rows.length; file++) {
    const own = rows.slice(file * rowsPerFile, (file + 1) * rowsPerFile);
    const text = `fathomRows(${file}, ${inertJson(own)});\n`;
    const hash = createHash("sha256").update(text).digest("hex").slice(0, hashDigits);
    yield { name: `rows-${file}-${hash}.js`, text };
  }
}

const hashDigits = 16;

export const isDetailFile = (name: string): boolean => /^rows-\d+-[\da-f]{16}\.js$/.test(name);
