/** Shows how often the model refuses, by tier and cap, with one chart per template, and what changes the rates. */
import { type ReactNode, useMemo } from "react";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { ReportPlan } from "../../../src/core/records/report.ts";
import { templateWords, tierWords } from "../../../src/core/records/words.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Legend, tierOrder } from "../charts/marks.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { ratesSentence } from "../lib/sentences.ts";

const whole = [0, 1] as const;

interface RefusalProps {
  plan: ReportPlan;
  rates: readonly Finding[];
  others: readonly Finding[];
  /** Said below the charts. */
  children?: ReactNode;
}

export function Refusal({ plan, rates, others, children }: RefusalProps) {
  const charts = useMemo(
    () =>
      plan.templates.map((template) => ({
        template,
        rows: rates
          .flatMap((finding): (IntervalRow & { cap: number })[] => {
            const { about } = finding;
            if (about.kind !== "refusal_rate" || about.template !== template) return [];
            const { tier, cap } = about;
            return [{ facet: `First ${cap} tokens`, label: tierWords[tier], tier, finding, values: [], cap }];
          })
          .sort((a, b) => a.cap - b.cap || tierOrder.indexOf(a.tier!) - tierOrder.indexOf(b.tier!)),
      })),
    [plan, rates],
  );
  const largest = plan.caps.at(-1) ?? 0;
  return (
    <Section
      id="refusal"
      title="How often the model refuses"
      lead="The matched prompts by hazard tier, with and without the chat template. The same answers are judged at every token cap."
    >
      {rates.length === 0 ? (
        <NotMeasured what="No refusal rate was computed." />
      ) : (
        <>
          <Legend tiers={tierOrder} notes={["Bar: interval; n: prompts"]} />
          <div className="pair">
            {charts.map(({ template, rows }) => (
              <Figure
                key={template}
                title={templateWords[template]}
                sentence={ratesSentence(rates, template, largest)}
                file={`refusal-${template}`}
                rows={rows.map(({ facet, label, finding }) => ({
                  name: `${label}, ${facet.toLowerCase()}`,
                  finding,
                }))}
              >
                <IntervalChart
                  label={`Refusal rate by tier and token cap, ${templateWords[template].toLowerCase()}. ${ratesSentence(rates, template, largest)}`}
                  rows={rows}
                  unit="share"
                  domain={whole}
                />
              </Figure>
            ))}
          </div>
        </>
      )}
      {children}
      <FindingList findings={others} />
    </Section>
  );
}
