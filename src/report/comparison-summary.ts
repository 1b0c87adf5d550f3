/** The lines that the terminal shows after a comparison. */
import { formatFinding } from "../core/format.ts";
import type { Comparison } from "../core/results/comparison.ts";
import { flipSentence } from "../shown/flips.ts";
import { clean, marked, wrap } from "./terminal-lines.ts";

/** @param columns width of the terminal, in characters */
export function comparisonLines(data: Comparison, files: readonly string[], columns: number): string[] {
  const width = Math.max(40, columns);
  const headlines = data.findings.filter(({ group }) => group === "headline");
  return [
    clean(data.title),
    "",
    ...data.notes.flatMap((note) => marked("warning", note, width)),
    ...headlines.flatMap((finding) => [
      ...wrap(clean(`${finding.question} ${formatFinding(finding)}`), width),
      ...wrap(clean(finding.sentence), width - 4).map((line) => `    ${line}`),
    ]),
    "",
    ...data.failure_modes.flatMap(({ of, name }) => wrap(clean(`Failure: ${of[1]} ${name}.`), width)),
    flipSentence(data.flips),
    ...files.map((file, i) => `${i === 0 ? "Report  " : "        "}${file}`),
  ];
}
