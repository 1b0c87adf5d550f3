/** What the Markdown reports are made from: headings, tables, findings, and the escape that keeps a hostile text inert. */
import { badInput } from "../core/errors.ts";
import { formatControl, formatInterval, formatValue } from "../core/format.ts";
import type { Finding } from "../core/records/finding.ts";
import type { Identity } from "../core/records/report.ts";
import { visibleLine } from "../core/visible.ts";

/** One section per group, with its findings as sentences and as numbers. */
export function findingGroups(findings: readonly Finding[]): string[] {
  const names = [...new Set(findings.map(({ group }) => group))].filter((name) => name !== "headline");
  return names.map((name) => {
    const members = findings.filter(({ group }) => group === name);
    // The refusal rates are in a table already. Their sentences would only repeat it, cell by cell.
    const told = members.filter(({ about }) => about.kind !== "refusal_rate");
    const sentences = told.map(({ question, sentence, status }) =>
      status === "undetermined"
        ? `- **Undetermined.** ${plain(question)} ${plain(sentence)}`
        : `- ${plain(sentence)}`,
    );
    const numbers = members.map((finding) => [
      `\`${finding.id.replaceAll("`", "'")}\``,
      formatValue(finding.estimate, finding.unit),
      formatInterval(finding.interval, finding.unit) || "–",
      String(finding.n),
      finding.method,
      formatControl(finding),
    ]);
    const head = ["Finding", "Estimate", intervalName(members), "n", "Method", "Control"];
    return (
      `## Findings: ${plain(name)}\n\n${sentences.join("\n")}\n\n<details><summary>Numbers, methods and controls` +
      `</summary>\n\n${table(head, numbers)}\n\n</details>`
    );
  });
}

function intervalName(findings: readonly Finding[]): string {
  const levels = [...new Set(findings.map(({ level }) => `${Math.round(level * 100)}%`))];
  return `${levels.join(" / ")} interval`;
}

export function identitiesTable(identities: readonly Identity[]): string {
  if (identities.length === 0) return "";
  return `## Identities\n\n${table(
    ["Subject", "What", "Value"],
    identities.map(({ subject, label, value }) => [subject, label, value]),
  )}`;
}

export function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const ragged = body.find((cells) => cells.length !== head.length);
  if (ragged !== undefined)
    throw badInput("Markdown table", `${head.length} cells per row`, String(ragged.length));
  const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...body.map(line)].join("\n");
}

/**
 * Escapes a text so that Markdown shows it unchanged: one line, no markup, no HTML, no table bars, and no address that becomes a
 * link by itself. Code spans of ids and links to features on Neuronpedia are kept.
 */
export function plain(text: string): string {
  const line = visibleLine(text).replace(/ +/g, " ").trim();
  if (/^`[^`]*`$/.test(line)) return line.replaceAll("|", "\\|");
  if (/^https:\/\/www\.neuronpedia\.org\/[\w./-]+$/.test(line)) return line;
  return (
    line
      .replace(/[\\`*_[\]|#~$]/g, "\\$&")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      // Signs that open a quotation or a list, or underline a heading, at the beginning of a line.
      .replace(/^>/, "&gt;")
      .replace(/^([-+=](?=[-+=\s]|$)|\d+[.)](?=\s|$))/, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`)
      // GitHub makes links of bare addresses.
      .replace(/(https?|ftp):(?=\/\/)/gi, "$1\\:")
      .replace(/www\.|@/gi, (mark) => `${mark.slice(0, -1)}\\${mark.slice(-1)}`)
  );
}
