/** Makes report.md of an anatomy. It holds no prompt and no answer: of the contexts of features only the tokens that they are about. */

import { statusWords } from "../core/format.ts";
import type { AnatomyReport } from "../core/records/anatomy-report.ts";
import { featureNames, mapFeatures } from "../shown/anatomy-features.ts";
import {
  backupsTable,
  cascadeTable,
  hardeningTable,
  roundsTable,
} from "../shown/anatomy-redundancy-tables.ts";
import { controlsTable, costsTable, paretoTable, setsTable } from "../shown/anatomy-set-tables.ts";
import {
  answersTable,
  checksTable,
  featureRolesTable,
  featuresTable,
  ledgerTable,
  perPromptTable,
  sitesTable,
  type Table,
} from "../shown/anatomy-tables.ts";
import { absent, headline, searchedWords } from "../shown/anatomy-words.ts";
import { findingGroups, identitiesTable, plain, table } from "./markdown-blocks.ts";

export function renderAnatomyMarkdown(data: AnatomyReport): string {
  const { anatomy } = data;
  const none = (part: Parameters<typeof absent>[1]) => {
    const { title, what } = absent(data, part);
    return `${title} ${what}`;
  };
  const sections = [
    `# ${plain(data.title)}`,
    data.notes.map((line) => `> **Note.** ${plain(line)}`).join("\n>\n"),
    headlines(data),
    section("What was searched", plain(searchedWords(data)), sitesTable(anatomy)),
    section("Judged answers", "", answersTable(anatomy)),
    section("Minimal sets", "", setsTable(anatomy), none("minimal")),
    section("Their controls", "", controlsTable(anatomy)),
    section("What else ablating a set does", "", costsTable(anatomy)),
    section("Features", strongest(data), featuresTable(anatomy), none("minimal")),
    section("Where features fire", "", featureRolesTable(anatomy)),
    section("Rounds", "", roundsTable(anatomy), none("backups")),
    section("Cascade", "", cascadeTable(anatomy), none("backups")),
    section("Backups", "", backupsTable(anatomy), none("backups")),
    section("Recruits held on", "", hardeningTable(anatomy)),
    section("Size and cost", "", paretoTable(anatomy), none("minimal")),
    section("Single prompts", "", perPromptTable(anatomy), none("minimal")),
    ...findingGroups(data.findings),
    section("Checks of the search", "", checksTable(anatomy)),
    section("What was measured", "", ledgerTable(anatomy)),
    identitiesTable(data.identities),
    `## What was not measured, and what was left out\n\n${[...data.not_measured, data.redaction].map((line) => `- ${plain(line)}`).join("\n")}`,
  ];
  return `${sections.filter((part) => part !== "").join("\n\n")}\n`;
}

function headlines(data: AnatomyReport): string {
  const lines = headline(data).map(({ status, verdict, rest, numbers }) => {
    const sentences = [verdict, rest].filter(Boolean).map(plain).join(" ");
    return `- **${statusWords[status]}.** ${sentences}${numbers === "" ? "" : ` (${plain(numbers)})`}`;
  });
  return `## What drives the refusals?\n\n${lines.join("\n")}`;
}

/** An empty table is replaced by the line that says why; where there is none, the section is left out. */
function section(title: string, lead: string, { head, rows }: Table, instead = ""): string {
  const body = rows.length > 0 ? [lead, table(head, rows)] : [plain(instead)];
  const text = body.filter((part) => part !== "").join("\n\n");
  return text === "" ? "" : `## ${title}\n\n${text}`;
}

/** The tokens on which each feature is strongest. */
function strongest({ anatomy }: AnatomyReport): string {
  const nameOf = featureNames(anatomy);
  return mapFeatures(anatomy)
    .filter(({ contexts }) => contexts.length > 0)
    .map((feature) => {
      const tokens = feature.contexts.map(({ around: { tokens, at } }) => JSON.stringify(tokens[at]));
      return `- ${plain(nameOf(feature))}: strongest on ${plain([...new Set(tokens)].join(", "))}`;
    })
    .join("\n");
}
