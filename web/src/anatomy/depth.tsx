/** Redundancy depth: the score round by round, free and with recruits held silent, and what each round found. */
import { useMemo } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import type { Anatomy } from "../../../src/core/records/anatomy.ts";
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import { cascadeTable, roundsTable } from "../../../src/shown/anatomy-redundancy-tables.ts";
import { intervalWords } from "../../../src/shown/anatomy-tables.ts";
import { absent } from "../../../src/shown/anatomy-words.ts";
import { type Curve, CurveChart, CurveLegend } from "../charts/curve-chart.tsx";
import { DataFigure } from "../components/data-figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { SharedTable } from "../components/table/shared-table.tsx";
import { cascadeCsv } from "../lib/anatomy-csv.ts";

export function Depth({ data }: { data: AnatomyReport }) {
  const { anatomy, findings } = data;
  const own = findings.filter(
    ({ about }) => about.kind === "anatomy_depth" || about.kind === "anatomy_repair",
  );
  return (
    <Section
      id="depth"
      title="Redundancy depth"
      lead="Each round ablates a minimal set while everything that was silent is held silent, and then releases the hold. If the refusal comes back, something woke. The number of rounds until the free model gives way is the depth."
    >
      {anatomy.rounds.length === 0 && anatomy.cascade.length === 0 ? (
        <NotMeasured {...absent(data, "backups")} />
      ) : (
        <>
          {anatomy.cascade.length > 0 && <Cascade anatomy={anatomy} />}
          <SharedTable title="Rounds" table={roundsTable(anatomy)} />
        </>
      )}
      <FindingList findings={own} />
    </Section>
  );
}

const names = ["m, the free model", "m₀, what was silent is held silent"] as const;
const roundName = (round: number) => (round === 0 ? "clean" : String(round));

function Cascade({ anatomy }: { anatomy: Anatomy }) {
  const { cascade, score, level } = anatomy;
  const curves = useMemo(
    () =>
      (["free", "held"] as const).map(
        (kind, i): Curve => ({
          name: names[i]!,
          points: cascade.map((step) => ({
            x: step.round,
            y: step[kind].estimate,
            interval: step[kind].interval,
          })),
        }),
      ),
    [cascade],
  );
  const rules = useMemo(
    () => (score === null ? [] : [{ y: score.boundary, text: "answers refuse above this" }]),
    [score],
  );
  const strongest = cascade.toSorted((a, b) => (b.repair.estimate ?? 0) - (a.repair.estimate ?? 0))[0]!;
  const sentence =
    strongest.repair.estimate === null || strongest.round === 0
      ? "The gap between the curves is the repair: what features that wake bring back."
      : `The gap between the curves is the repair, what features that wake bring back. It is largest after round ${strongest.round}: ${formatNumber(strongest.repair.estimate)} log-odds.`;
  return (
    <DataFigure
      title="Cascade curve"
      sentence={sentence}
      {...cascadeTable(anatomy)}
      csv={() => cascadeCsv(anatomy)}
      file="cascade"
    >
      <CurveLegend names={names} notes={[`Bar: ${intervalWords(level)}`]} />
      <CurveChart
        label={`Refusal score by rounds ablated, free and with silent features held silent. ${sentence}`}
        curves={curves}
        x="Rounds ablated"
        y="Refusal score, log-odds"
        formatX={roundName}
        rules={rules}
      />
    </DataFigure>
  );
}
