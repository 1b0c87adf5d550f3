/** Shows where in the answer the refusal comes, and the caps at which a shorter audit stops reading. */
import { useMemo } from "react";
import type { Finding } from "../../../src/core/records/finding.ts";
import { templateWords, tierWords } from "../../../src/core/records/words.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Legend, tierOrder } from "../charts/marks.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import type { PageReport } from "../lib/data.ts";
import { isPlain } from "../lib/rows.ts";
import { firstSentence } from "../lib/sentences.ts";

interface OnsetProps {
  data: PageReport;
  cells: readonly Finding[];
  others: readonly Finding[];
}

export function Onset({ data, cells, others }: OnsetProps) {
  const { plan } = data;
  const charts = useMemo(
    () =>
      plan.templates.map((template) => ({
        template,
        rows: cells
          .flatMap((finding): IntervalRow[] => {
            const { about } = finding;
            if (about.kind !== "refusal_onset" || about.template !== template) return [];
            const { tier } = about;
            // The same answers that the finding counts: those to matched prompts that refuse anywhere.
            const values = data.rows
              .filter(
                (row) =>
                  row.panel === "main" && row.tier === tier && row.template === template && isPlain(row),
              )
              .flatMap((row) => {
                const last = row.verdicts.at(-1);
                const refuses = last?.outcome === "refuse" || last?.outcome === "mixed";
                return refuses ? (last.refusal_token ?? []) : [];
              });
            return [{ facet: "", label: tierWords[tier], tier, finding, values }];
          })
          .sort((a, b) => tierOrder.indexOf(a.tier!) - tierOrder.indexOf(b.tier!)),
      })),
    [data, plan, cells],
  );
  const domain = useMemo(() => [0, plan.caps.at(-1) ?? 1] as const, [plan]);
  const rules = useMemo(() => plan.caps.map((cap) => ({ x: cap, text: String(cap) })), [plan]);
  return (
    <Section
      id="onset"
      title="Where the refusal begins"
      detail
      lead="The first token at which a refusal is visible. Dashed lines are the token caps. An audit that stops at a cap does not see the refusals to its right."
    >
      {cells.length === 0 ? (
        <NotMeasured what="No finding says where refusals begin." />
      ) : (
        <>
          <Legend
            tiers={tierOrder}
            notes={["Thin ticks: single answers that refuse", "Numbers on top: token caps"]}
          />
          <div className="pair">
            {charts.map(({ template, rows }) => (
              <Figure
                key={template}
                title={templateWords[template]}
                sentence={firstSentence(rows.map(({ finding }) => finding).reverse())}
                file={`onset-${template}`}
                rows={rows.map(({ label, finding }) => ({ name: label, finding }))}
              >
                <IntervalChart
                  label={`Token at which refusals become visible, by tier, ${templateWords[template].toLowerCase()}.`}
                  rows={rows}
                  unit="tokens"
                  domain={domain}
                  rules={rules}
                />
              </Figure>
            ))}
          </div>
        </>
      )}
      <FindingList findings={[...cells, ...others]} />
    </Section>
  );
}
