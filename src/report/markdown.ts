/**
 * Makes report.md: the findings for a pull request or a model card. It holds no answer and no prompt. Of the contexts of
 * features it
 * holds only the tokens that they are about.
 */

import { formatFinding } from "../core/format.ts";
import type { Finding } from "../core/records/finding.ts";
import type { ReportData, ShownInside } from "../core/records/report.ts";
import { outcomeWords, templateOf, templateWords, tierWords } from "../core/records/words.ts";
import {
  catalogHead,
  catalogLead,
  catalogRows,
  categorySentence,
  categoryTitle,
  strongestTokens,
} from "../shown/catalog-table.ts";
import { klHead, klRows, klTitle } from "../shown/kl-table.ts";
import { answerWord, decisionStrip, survivalHead, survivalRows } from "../shown/verdicts.ts";
import { findingGroups, identitiesTable, plain, table } from "./markdown-blocks.ts";
import { headline, outcomeCounts, rateRows } from "./tables.ts";

export function renderMarkdown(data: ReportData): string {
  const sections = [
    `# ${plain(data.title)}`,
    asides(data),
    headlines(data),
    refusal(data),
    ...findingGroups(data.findings),
    ...data.insides.map((inside) => catalog(inside, data.insides.length > 1)),
    distance(data),
    conditions(data),
    identitiesTable(data.identities),
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
  const findings = headline(data);
  if (findings.length === 0) return "";
  const strip = decisionStrip(data).map(({ what, lines }) => `- ${what}: ${plain(lines.join("; "))}`);
  const claims = findings.map((finding) => `- **${answerWord(finding)}.** ${plain(finding.sentence)}`);
  return `## How deep do the refusals go?\n\n${[...strip, "", ...claims].join("\n")}${survival(data.findings)}`;
}

function survival(findings: readonly Finding[]): string {
  const rows = survivalRows(findings).map(({ condition, before, after, change, verdict }) => [
    ...[condition, verdict, before, after, change],
  ]);
  return rows.length === 0 ? "" : `\n\n${table(survivalHead, rows)}`;
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

function distance({ kl_to }: ReportData): string {
  if (kl_to === null || kl_to.curves.length === 0) return "";
  const rows = table(klHead, klRows(kl_to.curves));
  return `## ${plain(klTitle(kl_to.other))}\n\n<details><summary>${kl_to.curves.length} curves</summary>\n\n${rows}\n\n</details>`;
}

function conditions({ conditions, plan }: ReportData): string {
  const none = plan.recorded ? "none recorded" : "none";
  const body = conditions.map((condition) => [
    templateOf(condition),
    condition.system ?? none,
    condition.prefill ?? none,
    condition.temperature === 0 ? "greedy" : String(condition.temperature ?? "not recorded"),
    String(condition.seed),
    condition.precision ?? "not known",
    String(condition.answers),
  ]);
  const head = ["Template", "System prompt", "Prefill", "Temperature", "Seed", "Precision", "Answers"];
  const judged = plan.recorded
    ? "Another tool recorded the answers, and each was judged whole"
    : `Every answer was judged at its first ${plan.caps.join(", ")} tokens`;
  const caps = `${judged} by ${plain(plan.judge)}.`;
  return `## Conditions\n\n${table(head, body)}\n\n${caps}`;
}

function notMeasured({ not_measured, redaction }: ReportData): string {
  const lines = not_measured.map((line) => `- ${plain(line)}`);
  if (redaction.answers > 0)
    lines.push(`- ${redaction.answers} answers are not printed whole in report.html. ${redaction.rule}`);
  return lines.length === 0 ? "" : `## What was not measured, and what was left out\n\n${lines.join("\n")}`;
}
