/**
 * Tables as CSV (RFC 4180). What a spreadsheet would run as a formula is marked as text with an apostrophe: at a cell's
 * beginning, and behind whatever another country's spreadsheet takes for the end of one, quoted or not.
 */

export type Cell = string | number | null;

export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** The signs that begin a formula, full width too; a tab or line end at the very beginning is skipped by some programs. */
const formula = /((?:^|[,;|\t\r\n])[\s"']*)([=+\-@\uff1d\uff0b\uff0d\uff20])/g;

function field(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const inert = cell.replace(formula, "$1'$2");
  return /[",;\t\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
