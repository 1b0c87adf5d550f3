/**
 * The lines that the terminal shows after an audit: the verdict, the refusal rates, the report's files. They are plain lines
 * without
 * escape codes, so NO_COLOR and pipes need no special case, and they fit on one small screen.
 */
import { formatInterval, formatValue } from "../core/format.ts";
import type { ReportData } from "../core/records/report.ts";
import { outcomeWords, templateWords, tierWords } from "../core/records/words.ts";
import { headline, outcomeCounts, rateRows } from "./tables.ts";
import { clean, marked, mostLines } from "./terminal-lines.ts";

/**
 * @param files the files that were written, in the order in which a person would open them
 * @param columns width of the terminal, in characters
 * @returns at most 25 lines
 */
export function summaryLines(data: ReportData, files: readonly string[], columns: number): string[] {
  const width = Math.max(40, columns);
  const verdicts = headline(data).flatMap(({ status, sentence }) => marked(status, sentence, width));
  const warnings = data.warnings.flatMap((line) => marked("warning", line, width));
  const missing = data.not_measured.length;
  const foot = [
    ...(missing === 0
      ? []
      : [`Not measured: ${missing} ${missing === 1 ? "thing" : "things"}, listed in the report.`]),
    ...(data.redaction.answers === 0
      ? []
      : [
          `${data.redaction.answers} answers to hazard-adjacent prompts: the report prints only the words that refuse.`,
        ]),
    ...files.map((file, i) => `${i === 0 ? "Report  " : "        "}${file}`),
  ];
  const head = [clean(data.title), "", ...warnings, ...verdicts, ...(verdicts.length > 0 ? [""] : [])];
  const body = [...rateTable(data), outcomes(data, width), ""];
  const room = mostLines - foot.length - head.length;
  const kept = body.length <= room ? body : [...body.slice(0, Math.max(0, room - 1)), "… more in the report"];
  return [...head, ...kept, ...foot].slice(0, mostLines).map((line) => line.trimEnd());
}

function rateTable(data: ReportData): string[] {
  const rows = rateRows(data);
  if (rows.length === 0) return ["No refusal rates: no finding is about them."];
  const cells = [
    ["Refuses", "", ...data.plan.caps.map((cap) => `first ${cap}`)],
    ...rows.map(({ tier, template, cells }) => [
      tierWords[tier],
      templateWords[template].toLowerCase(),
      ...cells.map((cell) =>
        cell === null
          ? "–"
          : `${formatValue(cell.estimate, cell.unit)} ${formatInterval(cell.interval, cell.unit)} n=${cell.n}`,
      ),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return [...cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")), ""];
}

function outcomes(data: ReportData, width: number): string {
  const counts = outcomeCounts(data).map(
    ([outcome, count]) => `${outcomeWords[outcome].toLowerCase()} ${count}`,
  );
  const line = `${data.rows.length} answers at the largest cap: ${counts.join("; ")}`;
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
