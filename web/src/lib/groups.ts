/** Which finding belongs to which section of the page. A finding that no section knows is shown at the end, not lost. */
import type { Finding } from "../../../src/core/records/finding.ts";
import { onsetCell, rateCell } from "../../../src/core/records/words.ts";
import { splitId } from "../../../src/core/sae-keys.ts";

export interface Grouped {
  headline: Finding[];
  /** refusal.rate.*: drawn. */
  rates: Finding[];
  /** What else is known about refusing: template, caps, unjudged answers. */
  refusal: Finding[];
  framing: Finding[];
  panel: Finding[];
  /** Discrimination over matched prompts, agreement over seeds. */
  breadth: Finding[];
  onsetCells: Finding[];
  onset: Finding[];
  divergenceTier: Finding[];
  divergenceLabel: Finding[];
  divergence: Finding[];
  flags: Finding[];
  other: Finding[];
}

/** The findings that are about the run's first SAE or about none, and those about each other SAE, by its key. */
export function bySae(findings: readonly Finding[]): { first: Finding[]; others: Map<string, Finding[]> } {
  const first: Finding[] = [];
  const others = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { key } = splitId(finding.id);
    if (key === null) first.push(finding);
    else others.set(key, [...(others.get(key) ?? []), finding]);
  }
  return { first, others };
}

const begins = (prefix: string) => (finding: Finding) => splitId(finding.id).rest.startsWith(prefix);

/** In this order: the first rule that fits takes the finding. */
const rules: readonly (readonly [keyof Grouped, (finding: Finding) => boolean])[] = [
  ["headline", ({ group }) => group === "headline"],
  ["rates", ({ id }) => rateCell(id) !== null],
  ["framing", begins("refusal.framing.")],
  ["panel", begins("refusal.panel.")],
  ["breadth", ({ id }) => id === "refusal.discrimination" || id === "refusal.seeds"],
  ["refusal", ({ group }) => group === "refusal"],
  ["onsetCells", ({ id }) => onsetCell(id) !== null],
  ["onset", ({ group }) => group === "onset"],
  ["divergenceTier", begins("divergence.tier.")],
  ["divergenceLabel", begins("divergence.label.")],
  ["divergence", ({ group }) => /^(divergence|depth|projection)\b/.test(group)],
  ["flags", ({ group }) => group.startsWith("flags")],
];

export function groupFindings(findings: readonly Finding[]): Grouped {
  const grouped: Grouped = {
    ...{
      headline: [],
      rates: [],
      refusal: [],
      framing: [],
      panel: [],
      breadth: [],
      onsetCells: [],
      onset: [],
    },
    ...{ divergenceTier: [], divergenceLabel: [], divergence: [], flags: [], other: [] },
  };
  for (const finding of findings)
    grouped[rules.find(([, fits]) => fits(finding))?.[0] ?? "other"].push(finding);
  return grouped;
}

/** The last part of an id, in words: `refusal.framing.roleplay` → `Roleplay`. */
export function lastWord(id: string): string {
  const name = (id.split(".").at(-1) ?? id).replaceAll("_", " ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}
