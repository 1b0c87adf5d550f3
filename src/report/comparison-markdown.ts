/** Makes the Markdown of a comparison, for a pull request. It holds no answer and no prompt. */
import { formatFinding, statusWords } from "../core/format.ts";
import type { Comparison } from "../core/results/comparison.ts";
import { noFailure } from "../shown/failures.ts";
import { flipHead, flipRow, flipSentence } from "../shown/flips.ts";
import { findingGroups, identitiesTable, plain, table } from "./markdown-blocks.ts";

/** More rows than a reader of a pull request looks at; the page has all. */
const mostFlips = 50;

export function renderComparisonMarkdown(data: Comparison): string {
  const sections = [
    `# ${plain(data.title)}`,
    data.notes.map((line) => `> **Note.** ${plain(line)}`).join("\n>\n"),
    failures(data),
    headlines(data),
    differences(data),
    flips(data),
    ...findingGroups(data.findings),
    identitiesTable(data.identities),
    `## What was not measured\n\n${data.not_measured.map((line) => `- ${plain(line)}`).join("\n")}`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function failures({ failure_modes }: Comparison): string {
  const lines = failure_modes.map(
    ({ of, name, finding }) => `- ${plain(of[1])}: **${plain(name)}** (\`${finding.replaceAll("`", "'")}\`)`,
  );
  return `## Failures by name\n\n${lines.length === 0 ? noFailure : lines.join("\n")}`;
}

function headlines({ findings }: Comparison): string {
  const rows = findings
    .filter(({ group }) => group === "headline")
    .map((finding) => [
      finding.question,
      statusWords[finding.status],
      formatFinding(finding),
      finding.sentence,
    ]);
  return rows.length === 0
    ? ""
    : `## What became of the headlines\n\n${table(["Question", "A change is", "Change", "In words"], rows)}`;
}

function differences({ runs, differences: all }: Comparison): string {
  if (all.length === 0) return "";
  return `## What differs between the runs\n\n${table(
    ["What", ...runs.map(({ run }) => run)],
    all.map(({ what, values }) => [what, ...values]),
  )}`;
}

function flips({ flips: all }: Comparison): string {
  const rows = all.slice(0, mostFlips).map(flipRow);
  const rest = all.length - rows.length;
  return `## Flips\n\n${flipSentence(all)}${rows.length === 0 ? "" : `\n\n${table(flipHead, rows)}`}${rest === 0 ? "" : `\n\n${rest} more are in the page.`}`;
}
