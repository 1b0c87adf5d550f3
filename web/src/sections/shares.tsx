/** A section with charts of shares, one row per finding, and sentences below: the flags, and the framings and panels. */
import { useMemo } from "react";
import { isShare } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Legend } from "../charts/marks.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { rowName } from "../lib/groups.ts";
import { firstSentence } from "../lib/sentences.ts";

interface ShareChart {
  title: string;
  file: string;
  findings: readonly Finding[];
}

interface SharesProps {
  id: string;
  title: string;
  lead: string;
  charts: readonly ShareChart[];
  /** Findings that are listed as sentences below the charts. */
  others: readonly Finding[];
  absent: string;
}

export function Shares({ id, title, lead, charts, others, absent }: SharesProps) {
  const drawn = charts.filter(({ findings }) => findings.length > 0);
  return (
    <Section id={id} title={title} lead={lead} detail>
      {drawn.length === 0 && others.length === 0 && <NotMeasured what={absent} />}
      {drawn.length > 0 && (
        <Legend tiers={[]} notes={["Bar: interval", "Grey cross and dashes: the control"]} />
      )}
      <div className={drawn.length > 1 ? "pair" : ""}>
        {drawn.map((chart) => (
          <ShareFigure key={chart.file} {...chart} />
        ))}
      </div>
      <FindingList findings={others} />
    </Section>
  );
}

function ShareFigure({ title, file, findings }: ShareChart) {
  const rows = useMemo(
    () =>
      // Estimates of another unit do not fit this axis. They are in the table and in the sentences.
      findings
        .filter(({ unit }) => isShare(unit))
        .map(
          (finding): IntervalRow => ({
            facet: "",
            label: rowName(finding),
            tier: null,
            finding,
            values: [],
          }),
        ),
    [findings],
  );
  const domain = useMemo(() => {
    const ends = rows.flatMap(({ finding: { estimate, interval, control } }) => [
      estimate ?? 0,
      ...(interval ?? []),
      ...(control.interval ?? []),
    ]);
    return [Math.min(...ends) < 0 ? -1 : 0, 1] as const;
  }, [rows]);
  const rules = useMemo(() => (domain[0] < 0 ? [{ x: 0, text: "no difference" }] : []), [domain]);
  return (
    <Figure
      title={title}
      sentence={firstSentence(findings)}
      file={file}
      rows={findings.map((finding) => ({ name: rowName(finding), finding }))}
    >
      <IntervalChart
        label={`${title}: each row's share with its interval and control.`}
        rows={rows}
        unit="share"
        domain={domain}
        rules={rules}
        controls
      />
    </Figure>
  );
}
