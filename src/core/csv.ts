/**
 * Writes tables as CSV (RFC 4180). An apostrophe marks everything as text that a spreadsheet would run as a formula: at the
 * beginning of a cell, and after every sign that a spreadsheet of some country takes for the end of a cell, quoted or not.
 */

export type Cell = string | number | null;

export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** The signs that begin a formula, also in full width. Some programs skip a tab or line end at the beginning. */
const formula = /((?:^|[,;|\t\r\n])[\s"']*)([=+\-@\uff1d\uff0b\uff0d\uff20])/g;

function field(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const inert = cell.replace(formula, "$1'$2");
  return /[",;\t\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
