/** The two tables that Markdown and the terminal share: the refusal rates, and the outcomes of the answers. */
import type { Finding } from "../core/records/finding.ts";
import type { Tier } from "../core/records/prompt.ts";
import type { ReportData } from "../core/records/report.ts";
import type { Outcome } from "../core/records/verdict.ts";
import { type Template, templateWords, tierWords } from "../core/records/words.ts";

export interface RateRow {
  tier: Tier;
  template: Template;
  /** One per cap of the plan, in its order; null if no finding is about the cell. */
  cells: (Finding | null)[];
}

/** Refusal rates, one row per tier and template, in the order of rising hazard. Rows without findings are left out. */
export function rateRows({ findings, plan }: ReportData): RateRow[] {
  const rateOf = (tier: Tier, template: Template, cap: number) =>
    findings.find(
      ({ about: one }) =>
        one.kind === "refusal_rate" && one.tier === tier && one.template === template && one.cap === cap,
    ) ?? null;
  return (Object.keys(tierWords) as Tier[])
    .flatMap((tier) =>
      (Object.keys(templateWords) as Template[]).map((template) => ({
        tier,
        template,
        cells: plan.caps.map((cap) => rateOf(tier, template, cap)),
      })),
    )
    .filter(({ cells }) => cells.some((cell) => cell !== null));
}

/** How many answers have each outcome at the largest cap, most frequent first. */
export function outcomeCounts({ rows }: ReportData): [Outcome, number][] {
  const counts = new Map<Outcome, number>();
  for (const row of rows) {
    const outcome = row.verdicts.at(-1)?.outcome ?? "undetermined";
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** The findings of the first screen, in the order that the analyses gave them. */
export const headline = ({ findings }: ReportData): Finding[] =>
  findings.filter(({ group }) => group === "headline");
