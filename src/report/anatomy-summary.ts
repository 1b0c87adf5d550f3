/** The lines that the terminal shows after an anatomy: its verdicts, what was searched, the files. */
import type { AnatomyReport } from "../core/records/anatomy-report.ts";
import { headline, searchedWords } from "../shown/anatomy-words.ts";
import { clean, marked, mostLines, wrap } from "./terminal-lines.ts";

/**
 * @param files the files that were written, in the order in which a person would open them
 * @param columns width of the terminal, in characters
 * @returns at most 25 lines
 */
export function anatomySummaryLines(
  data: AnatomyReport,
  files: readonly string[],
  columns: number,
): string[] {
  const width = Math.max(40, columns);
  const foot = ["", ...files.map((file, i) => `${i === 0 ? "Report  " : "        "}${file}`)];
  const body = [
    clean(data.title),
    "",
    ...headline(data).flatMap(({ status, verdict, numbers }) =>
      marked(status, numbers === "" ? verdict : `${verdict} (${numbers})`, width),
    ),
    "",
    ...wrap(clean(searchedWords(data)), width),
  ];
  const room = mostLines - foot.length;
  const kept = body.length <= room ? body : [...body.slice(0, room - 1), "… more in the report"];
  return [...kept, ...foot].map((line) => line.trimEnd());
}
