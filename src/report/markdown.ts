/**
 * Makes report.md: the findings for a pull request or a model card. It holds no answer and no prompt. Of the contexts of
 * features it
 * holds only the tokens that they are about.
 */

import {
  catalogHead,
  catalogLead,
  catalogRows,
  categorySentence,
  categoryTitle,
  strongestTokens,
} from "../core/catalog-table.ts";
import { badInput } from "../core/errors.ts";
import { formatControl, formatFinding, formatInterval, formatValue, statusWords } from "../core/format.ts";
import type { Finding } from "../core/records/finding.ts";
import type { ReportData, ShownInside } from "../core/records/report.ts";
import { outcomeWords, templateOf, templateWords, tierWords } from "../core/records/words.ts";
import { visibleLine } from "../core/visible.ts";
import { headline, outcomeCounts, rateRows } from "./tables.ts";

export function renderMarkdown(data: ReportData): string {
  const sections = [
    `# ${plain(data.title)}`,
    asides(data),
    headlines(data),
    refusal(data),
    ...groups(data.findings),
    ...data.insides.map((inside) => catalog(inside, data.insides.length > 1)),
    conditions(data),
    identities(data),
    notMeasured(data),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function asides({ warnings, notes }: ReportData): string {
  const lines = [
    ...warnings.map((line) => `> **Warning.** ${plain(line)}`),
    ...notes.map((line) => `> **Note.** ${plain(line)}`),
  ];
  return lines.join("\n>\n");
}

function headlines(data: ReportData): string {
  const lines = headline(data).map(
    ({ status, sentence }) => `- **${statusWords[status]}.** ${plain(sentence)}`,
  );
  return lines.length === 0 ? "" : `## How deep do the refusals go?\n\n${lines.join("\n")}`;
}

function refusal(data: ReportData): string {
  const rates = rateRows(data);
  const total = data.rows.length;
  const counts = outcomeCounts(data)
    .map(([outcome, count]) => `${outcomeWords[outcome].toLowerCase()} ${count}`)
    .join("; ");
  const answers = `At the largest cap, of ${total} answers: ${counts}.`;
  if (rates.length === 0) return total === 0 ? "" : `## Refusal\n\n${answers}`;
  const body = rates.map(({ tier, template, cells }) => [
    tierWords[tier],
    templateWords[template],
    ...cells.map((cell) => (cell === null ? "not measured" : formatFinding(cell))),
  ]);
  const head = ["Tier", "Template", ...data.plan.caps.map((cap) => `First ${cap} tokens`)];
  return `## Refusal by tier, template and token cap\n\n${table(head, body)}\n\n${answers}`;
}

/** One section per group, with its findings as sentences and as numbers. */
function groups(findings: readonly Finding[]): string[] {
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

/** The features that D of an SAE is made from, one table per category. */
function catalog({ sae, catalog }: ShownInside, isOneOfSeveral: boolean): string {
  if (catalog === null) return "";
  const parts = catalog.categories.map((category) => {
    const body = catalogRows(category).map(({ cells, neuronpedia, contexts }) => {
      const tokens = strongestTokens(contexts).join(", ").replaceAll("`", "'");
      return [...cells, neuronpedia === null ? "–" : neuronpedia.link, tokens === "" ? "–" : `\`${tokens}\``];
    });
    return (
      `<details><summary>${plain(categoryTitle(category))}</summary>\n\n${plain(categorySentence(category))}\n\n` +
      `${table([...catalogHead(catalog.level), "Strongest on"], body)}\n\n</details>`
    );
  });
  const of = isOneOfSeveral ? ` in ${plain(sae)}` : "";
  return `## Features of each category${of}\n\n${[plain(catalogLead(catalog)), ...parts].join("\n\n")}`;
}

function intervalName(findings: readonly Finding[]): string {
  const levels = [...new Set(findings.map(({ level }) => `${Math.round(level * 100)}%`))];
  return `${levels.join(" / ")} interval`;
}

function conditions({ conditions, plan }: ReportData): string {
  const body = conditions.map((condition) => [
    templateOf(condition),
    condition.system ?? "none",
    condition.prefill ?? "none",
    condition.temperature === 0 ? "greedy" : String(condition.temperature),
    String(condition.seed),
    condition.precision ?? "not known",
    String(condition.answers),
  ]);
  const head = ["Template", "System prompt", "Prefill", "Temperature", "Seed", "Precision", "Answers"];
  const caps = `Every answer was judged at its first ${plan.caps.join(", ")} tokens by ${plain(plan.judge)}.`;
  return `## Conditions\n\n${table(head, body)}\n\n${caps}`;
}

function identities({ identities }: ReportData): string {
  if (identities.length === 0) return "";
  return `## Identities\n\n${table(
    ["Subject", "What", "Value"],
    identities.map(({ subject, label, value }) => [subject, label, value]),
  )}`;
}

function notMeasured({ not_measured, redaction }: ReportData): string {
  const lines = not_measured.map((line) => `- ${plain(line)}`);
  if (redaction.answers > 0)
    lines.push(`- ${redaction.answers} answers are not printed whole in report.html. ${redaction.rule}`);
  return lines.length === 0 ? "" : `## What was not measured, and what was left out\n\n${lines.join("\n")}`;
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
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
function plain(text: string): string {
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
