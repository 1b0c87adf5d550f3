/** The two tables that Markdown and the terminal share: the refusal rates, and what the answers came to. */
import type { Finding } from "../core/records/finding.ts";
import type { Tier } from "../core/records/prompt.ts";
import type { ReportData } from "../core/records/report.ts";
import type { Outcome } from "../core/records/verdict.ts";
import { rateCell, type Template, templateWords, tierWords } from "../core/records/words.ts";

export interface RateRow {
  tier: Tier;
  template: Template;
  /** One a cap of the plan, in its order; null where no finding speaks of the cell. */
  cells: (Finding | null)[];
}

/** Refusal rates, a row a tier and template, in the order of rising hazard; rows without any finding are left out. */
export function rateRows({ findings, plan }: ReportData): RateRow[] {
  const rates = new Map(findings.filter(({ id }) => rateCell(id) !== null).map((rate) => [rate.id, rate]));
  return (Object.keys(tierWords) as Tier[])
    .flatMap((tier) =>
      (Object.keys(templateWords) as Template[]).map((template) => ({
        tier,
        template,
        cells: plan.caps.map((cap) => rates.get(`refusal.rate.${tier}.${template}.${cap}`) ?? null),
      })),
    )
    .filter(({ cells }) => cells.some((cell) => cell !== null));
}

/** How many answers came to each outcome at the largest cap, most frequent first. */
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
