/**
 * The lines that the terminal shows after an audit: the verdict, the refusal rates, the report's files. They are plain lines
 * without escape codes, so NO_COLOR and pipes need no special case.
 */
import { formatInterval, formatValue } from "../core/format.ts";
import type { ReportData } from "../core/records/report.ts";
import { outcomeWords, templateWords, tierWords } from "../core/records/words.ts";
import { splitSentence } from "../shown/sentences.ts";
import { answerWord, verdictOf } from "../shown/verdicts.ts";
import { headline, outcomeCounts, rateRows } from "./tables.ts";
import { clean, marked, wrap } from "./terminal-lines.ts";

/** An answer is marked like the status that is as good. */
const marks = {
  holds: "found",
  fails: "not found",
  "too little data": "undetermined",
  found: "found",
  "not found": "not found",
  undetermined: "undetermined",
} as const;

/**
 * @param files the files that were written, in the order in which a person would open them
 * @param columns width of the terminal, in characters
 * @returns the first sentence of every headline, then the rates; nothing is cut
 */
export function summaryLines(data: ReportData, files: readonly string[], columns: number): string[] {
  const width = Math.max(40, columns);
  const verdicts = headline(data).flatMap((finding) => {
    const [first] = splitSentence(finding.sentence);
    return marked(marks[verdictOf(finding) ?? finding.status], `${answerWord(finding)}. ${first}`, width);
  });
  const warnings = data.warnings.flatMap((line) => marked("warning", line, width));
  const missing = data.not_measured.length;
  const foot = [
    ...(missing === 0
      ? []
      : [`Not measured: ${missing} ${missing === 1 ? "thing" : "things"}, listed in the report.`]),
    ...(data.redaction.answers === 0
      ? []
      : wrap(
          `${data.redaction.answers} answers to hazard-adjacent prompts: the report prints only the words that refuse. To print them whole: fathom report RUN --show-text`,
          width,
        )),
    ...files.map((file, i) => `${i === 0 ? "Report  " : "        "}${file}`),
  ];
  const head = [clean(data.title), "", ...warnings, ...verdicts, ...(verdicts.length > 0 ? [""] : [])];
  const body = [...rateTable(data), ...outcomes(data, width), ""];
  return [...head, ...body, ...foot].map((line) => line.trimEnd());
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

function outcomes(data: ReportData, width: number): string[] {
  const counts = outcomeCounts(data).map(
    ([outcome, count]) => `${outcomeWords[outcome].toLowerCase()} ${count}`,
  );
  return wrap(`${data.rows.length} answers at the largest cap: ${counts.join("; ")}`, width);
}
