/** Shows how often answers loop or are noise, by template and cap. That is apart from what they do, so it is no refusal rate. */
import { useMemo } from "react";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { ReportPlan } from "../../../src/core/records/report.ts";
import { templateWords } from "../../../src/core/records/words.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Legend } from "../charts/marks.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { degenerationSentence } from "../lib/sentences.ts";

const whole = [0, 1] as const;
const title = "Answers that loop or are noise";

export function Degeneration({ plan, findings }: { plan: ReportPlan; findings: readonly Finding[] }) {
  const rows = useMemo(
    () =>
      findings.flatMap((finding): IntervalRow[] => {
        const { about } = finding;
        if (about.kind !== "degeneration_rate") return [];
        const facet = templateWords[about.template];
        return [{ facet, label: `First ${about.cap} tokens`, tier: null, finding, values: [] }];
      }),
    [findings],
  );
  const sentence = degenerationSentence(findings, plan.caps.at(-1) ?? 0);
  return (
    <Section
      id="degeneration"
      title={title}
      detail
      lead="How the answers are written, whatever they do. An answer that answers and then loops complies, and it loops."
    >
      {rows.length === 0 ? (
        <NotMeasured what="This run has no finding about it." />
      ) : (
        <>
          <Legend tiers={[]} notes={["Bar: interval; n: prompts"]} />
          <Figure
            title="By template and token cap"
            sentence={sentence}
            file="degeneration"
            rows={rows.map(({ facet, label, finding }) => ({
              name: `${facet}, ${label.toLowerCase()}`,
              finding,
            }))}
          >
            <IntervalChart
              label={`${title}, by template and token cap. ${sentence}`}
              rows={rows}
              unit="share"
              domain={whole}
            />
          </Figure>
        </>
      )}
      <FindingList findings={findings} />
    </Section>
  );
}
