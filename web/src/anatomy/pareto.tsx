/** How refusals and their price change with the size of what is ablated. */
import { useMemo } from "react";
import { formatNumber, formatValue, listed } from "../../../src/core/format.ts";
import type { Anatomy } from "../../../src/core/records/anatomy.ts";
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import { onFront } from "../../../src/shown/anatomy-front.ts";
import { paretoTable } from "../../../src/shown/anatomy-set-tables.ts";
import { absent } from "../../../src/shown/anatomy-words.ts";
import { FrontChart, type FrontPoint } from "../charts/front-chart.tsx";
import { DataFigure } from "../components/data-figure.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { paretoCsv } from "../lib/anatomy-csv.ts";

export function Pareto({ data }: { data: AnatomyReport }) {
  const { anatomy } = data;
  return (
    <Section
      id="cost"
      title="Size and cost"
      lead="Sets of rising size. A set is on the front if no other set is as small, leaves as few refusals and costs as little. The cost is how far answers to harmless prompts change."
    >
      {anatomy.pareto.length === 0 ? (
        <NotMeasured {...absent(data, "minimal")} />
      ) : (
        <>
          <ul className="legend">
            <li>Filled: on the front</li>
            <li>Diamond: a minimal set</li>
            <li>Circles and line: the first features of the ranking</li>
            <li>Bar: interval</li>
          </ul>
          <div className="pair">
            <Front anatomy={anatomy} goal="refusing" />
            <Front anatomy={anatomy} goal="kl" />
          </div>
        </>
      )}
    </Section>
  );
}

const goals = {
  refusing: {
    title: "Size against refusals",
    y: "Prompts that still refuse",
    format: (value: number) => formatValue(value, "share"),
  },
  kl: { title: "Size against cost", y: "KL, nats a token", format: formatNumber },
} as const;

function Front({ anatomy, goal }: { anatomy: Anatomy; goal: keyof typeof goals }) {
  const { title, y, format } = goals[goal];
  const points = useMemo(() => {
    const front = onFront(anatomy.pareto);
    return anatomy.pareto.flatMap((set, i): FrontPoint[] => {
      const { estimate, interval } = set[goal];
      return estimate === null
        ? []
        : [{ size: set.size, y: estimate, interval, front: front[i]!, minimal: set.kind === "minimal set" }];
    });
  }, [anatomy, goal]);
  const sentence = sentenceOf(points, goal);
  return (
    <DataFigure
      title={title}
      sentence={sentence}
      {...paretoTable(anatomy)}
      csv={() => paretoCsv(anatomy)}
      file={goal === "kl" ? "size-cost" : "size-refusal"}
    >
      <FrontChart label={`${title}. ${sentence}`} points={points} y={y} format={format} />
    </DataFigure>
  );
}

/** Says what the smallest minimal set does, and what the largest set does. */
function sentenceOf(points: readonly FrontPoint[], goal: keyof typeof goals): string {
  const value = ({ y }: FrontPoint) => goals[goal].format(y);
  const does = goal === "kl" ? "costs" : "leaves";
  const rest = goal === "kl" ? " nats a token" : " that refuse";
  const bySize = points.toSorted((a, b) => a.size - b.size);
  const minimal = bySize.find((point) => point.minimal);
  const all = bySize.at(-1);
  const parts = [
    ...(minimal === undefined ? [] : [`the minimal set of ${minimal.size} ${does} ${value(minimal)}${rest}`]),
    ...(all === undefined ? [] : [`the largest set, of ${all.size}, ${does} ${value(all)}${rest}`]),
  ];
  return parts.length === 0 ? "No set has an estimate." : `${capital(listed(parts))}.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
