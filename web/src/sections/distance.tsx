/** Shows how far the model is from another checkpoint, by the token's place in the answer. */
import { useMemo } from "react";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { ReportData } from "../../../src/core/records/report.ts";
import { type Template, templateWords, tierWords } from "../../../src/core/records/words.ts";
import { klHead, klRows, klTitle } from "../../../src/shown/kl-table.ts";
import { type Curve, CurveChart, CurveLegend } from "../charts/curve-chart.tsx";
import { DataFigure } from "../components/data-figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { Section } from "../components/section.tsx";
import { firstSentence } from "../lib/sentences.ts";

type Distance = NonNullable<ReportData["kl_to"]>;

/** Two curves can be told apart in a picture; the table has all tiers. */
const drawn = ["hazard_adjacent", "benign"] as const;

export function DistanceSection({ kl_to, findings }: { kl_to: Distance; findings: readonly Finding[] }) {
  const templates = (["chat", "none"] as const).filter((template) =>
    kl_to.curves.some((curve) => curve.template === template),
  );
  return (
    <Section
      id="distance"
      title={`Distance from ${kl_to.other}`}
      detail
      lead="Both models read the model's own answers, and their next-token distributions are compared: KL in nats, 0 where they are the same. Where a curve falls to 0 behind the first tokens, only the beginning of answers was changed."
    >
      <div className={templates.length > 1 ? "pair" : ""}>
        {templates.map((template) => (
          <DistanceFigure key={template} kl_to={kl_to} template={template} findings={findings} />
        ))}
      </div>
      <FindingList findings={findings} />
    </Section>
  );
}

interface DistanceFigureProps {
  kl_to: Distance;
  template: Template;
  findings: readonly Finding[];
}

function DistanceFigure({ kl_to, template, findings }: DistanceFigureProps) {
  const own = useMemo(() => kl_to.curves.filter((curve) => curve.template === template), [kl_to, template]);
  const curves = useMemo(
    () =>
      drawn.flatMap((tier): Curve[] => {
        const curve = own.find((one) => one.tier === tier);
        if (curve === undefined) return [];
        const points = curve.points.map(({ from, to, mean, interval }) => ({
          x: (from + to) / 2,
          y: mean,
          interval,
        }));
        return [{ name: tierWords[tier], points }];
      }),
    [own],
  );
  const about = findings.filter((one) => one.about.kind === "kl_to" && one.about.template === template);
  const early = about.filter((one) => one.about.kind === "kl_to" && one.about.measure === "early");
  return (
    <DataFigure
      title={templateWords[template]}
      sentence={firstSentence([...early, ...about])}
      head={klHead}
      rows={klRows(own)}
      file={`kl-${template}`}
    >
      {curves.length > 0 && (
        <>
          <CurveLegend names={curves.map(({ name }) => name)} notes={["Band: interval"]} />
          <CurveChart
            label={`${klTitle(kl_to.other)}, ${templateWords[template].toLowerCase()}.`}
            curves={curves}
            x="Token of the answer"
            y="Mean KL, nats"
          />
        </>
      )}
    </DataFigure>
  );
}
