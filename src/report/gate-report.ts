/** What a gate decided, for other programs and people: JUnit XML, and Markdown for a comment on a pull request. */
import { formatFinding } from "../core/format.ts";
import type { Finding } from "../core/records/finding.ts";
import type { GateResult } from "../core/results/gate.ts";
import { type JunitCase, junitXml } from "./junit.ts";
import { plain, table } from "./markdown-blocks.ts";

/** @param title what was judged, e.g. the report's title */
export function gateJunit(title: string, lines: readonly GateResult[]): string {
  const cases = lines.map(({ subject, wanted, holds, reason }): JunitCase => {
    const name = `${subject}: ${wanted}`;
    return holds ? { name } : { name, failure: reason };
  });
  return junitXml(title, [{ name: "fathom gate", cases }]);
}

/** Undetermined findings are skipped; the others pass, because a finding alone is neither good nor bad. */
export function findingsJunit(title: string, findings: readonly Finding[]): string {
  const cases = findings.map(
    ({ id, status, sentence }): JunitCase =>
      status === "undetermined" ? { name: id, skipped: sentence } : { name: id },
  );
  return junitXml(title, [{ name: "fathom findings", cases }]);
}

export function gateMarkdown(
  title: string,
  lines: readonly GateResult[],
  findings: readonly Finding[],
): string {
  const failed = lines.filter(({ holds }) => !holds);
  const verdict =
    failed.length === 0
      ? `all ${lines.length} gates hold`
      : `${failed.length} of ${lines.length} gates failed`;
  const rows = lines.map(({ subject, wanted, finding, holds }) => [
    holds ? "holds" : "FAILS",
    `\`${subject.replaceAll("`", "'")}\``,
    wanted,
    finding === null ? "no such finding" : formatFinding(finding),
  ]);
  const headlines = findings.filter(({ group }) => group === "headline");
  const sections = [
    `## ${plain(title)}: ${verdict}`,
    table(["", "Finding", "Wanted", "Found"], rows),
    failed.map(({ subject, reason }) => `- **${plain(subject)}**: ${plain(reason)}`).join("\n"),
    headlines.length === 0
      ? ""
      : `<details><summary>Headlines</summary>\n\n${headlines.map(({ sentence }) => `- ${plain(sentence)}`).join("\n")}\n\n</details>`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}
