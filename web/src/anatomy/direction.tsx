/** One direction of the residual stream: where it was looked for, what ablating and adding it does, beside random directions. */
import { useMemo } from "react";
import { formatCount, formatInterval, formatNumber, formatProbability } from "../../../src/core/format.ts";
import type { Anatomy } from "../../../src/core/records/anatomy.ts";
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import { siteName } from "../../../src/shown/anatomy-features.ts";
import { intervalWords } from "../../../src/shown/anatomy-tables.ts";
import { absent } from "../../../src/shown/anatomy-words.ts";
import { CurveChart, CurveLegend } from "../charts/curve-chart.tsx";
import { HeatMap, scaleOf } from "../charts/heat-map.tsx";
import { shade } from "../charts/shade.ts";
import { DataFigure } from "../components/data-figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { DataTable } from "../components/table/data-table.tsx";

type Found = NonNullable<Anatomy["direction"]>;

export function Direction({ data }: { data: AnatomyReport }) {
  const { direction, level } = data.anatomy;
  return (
    <Section
      id="direction"
      title="One direction"
      lead="The difference between the mean residual streams of harmful and harmless prompts. Ablated at every site, it should end refusals; added, it should cause them."
    >
      {direction === null ? (
        <NotMeasured {...absent(data, "direction")} />
      ) : (
        <>
          <div className="pair">
            <Bypass direction={direction} />
            {direction.doses.length > 0 && <Doses direction={direction} level={level} />}
          </div>
          <Beside direction={direction} level={level} />
        </>
      )}
      <FindingList findings={data.findings.filter(({ about }) => about.kind === "anatomy_direction")} />
    </Section>
  );
}

const blockName = (layer: number) => (layer === -1 ? "emb." : String(layer));

function Bypass({ direction }: { direction: Found }) {
  const { candidates, ruled_out, layer, position, considered, exhaustive, clean } = direction;
  const known = useMemo(() => [...candidates, ...ruled_out], [candidates, ruled_out]);
  const cells = useMemo(
    () =>
      known.map((candidate) => ({
        x: candidate.layer,
        y: candidate.position,
        value: candidate.deciding?.bypass ?? candidate.bypass,
        chosen: candidate.layer === layer && candidate.position === position,
      })),
    [known, layer, position],
  );
  const part = scaleOf(cells, clean.harmful);
  const lowest = Math.min(...cells.map(({ value }) => value));
  const scale = [
    { value: lowest, words: formatNumber(lowest) },
    { value: clean.harmful, words: `${formatNumber(clean.harmful)} or more, as without an ablation` },
  ];
  const ruledOut =
    ruled_out.length === 0
      ? ""
      : ` ${formatCount(ruled_out.length)} of these were measured in part, until they could not be chosen any more.`;
  const measured = exhaustive
    ? `All ${formatCount(known.length)} candidates were measured.`
    : `${formatCount(known.length)} of ${formatCount(considered)} candidates were measured, the best by a first-order estimate.${ruledOut}`;
  const sentence = `${measured} The chosen one is after ${siteName(layer)} at position ${formatNumber(position)}, counted from the prompt's end. Without an ablation the score is ${formatNumber(clean.harmful)}.`;
  return (
    <DataFigure
      title="Refusal score without each candidate"
      sentence={sentence}
      head={[
        "Block",
        "Position",
        "Bypass",
        "Induce",
        "KL, nats",
        "Bypass, deciding",
        "Induce, deciding",
        "Chosen",
      ]}
      rows={known.map((one) => [
        ...[one.layer, one.position, one.bypass, one.induce, one.kl],
        ...[one.deciding?.bypass ?? null, one.deciding?.induce ?? null],
        one.layer === layer && one.position === position ? "yes" : "no",
      ])}
      file="direction-candidates"
    >
      <ul className="legend">
        {scale.map(({ value, words }) => (
          <li key={words}>
            <svg className="tier-mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
              <rect width="12" height="12" style={{ fill: shade(part(value)) }} />
            </svg>{" "}
            {words}
          </li>
        ))}
        <li>Ring: the chosen one</li>
        <li>Empty: not measured</li>
      </ul>
      <HeatMap
        label={`Refusal score of harmful prompts while each candidate is ablated, by block and position. ${sentence}`}
        cells={cells}
        none={clean.harmful}
        x="After block"
        y="Position"
        nameX={blockName}
      />
    </DataFigure>
  );
}

function Doses({ direction, level }: { direction: Found; level: number }) {
  const { doses, clean, random } = direction;
  const curves = useMemo(
    () => [
      {
        name: "The direction, added",
        points: doses.map(({ dose, estimate, interval }) => ({ x: dose, y: estimate, interval })),
      },
    ],
    [doses],
  );
  const rules = useMemo(() => [{ y: clean.harmful, text: "harmful prompts, nothing added" }], [clean]);
  const beside = useMemo(
    () => ({ x: 1, y: random.induce.random.mean, interval: random.induce.random.interval }),
    [random],
  );
  const sentence = `Added once, it takes the score of harmless prompts from ${formatNumber(clean.harmless)} to ${formatNumber(random.induce.chosen)}; random directions of equal norm take it to ${formatNumber(random.induce.random.mean)}.`;
  return (
    <DataFigure
      title="Dose curve"
      sentence={sentence}
      head={["Dose", "Mean score", "From", "To"]}
      rows={doses.map(({ dose, estimate, interval }) => [
        ...[dose, estimate, interval?.[0] ?? null, interval?.[1] ?? null],
      ])}
      file="direction-doses"
    >
      <CurveLegend
        names={["The direction, added"]}
        notes={[`Bar: ${intervalWords(level)}`, "Grey cross and dashes: random directions"]}
      />
      <CurveChart
        label={`Refusal score of harmless prompts by how many times the direction is added. ${sentence}`}
        curves={curves}
        x="Times added"
        y="Refusal score, log-odds"
        rules={rules}
        beside={beside}
      />
    </DataFigure>
  );
}

function Beside({ direction, level }: { direction: Found; level: number }) {
  const { random, clean, split_half, dimensions, norm, rejected, given_up } = direction;
  const row = (name: string, before: number, { chosen, random: others, p }: Found["random"]["bypass"]) => [
    ...[name, formatNumber(before), formatNumber(chosen), formatNumber(others.mean)],
    ...[formatInterval(others.interval, ""), formatProbability(p)],
  ];
  const cosine =
    split_half === null
      ? "There are too few prompts to halve them."
      : `The directions of two halves of the prompts have a cosine of ${formatNumber(split_half.estimate)} ${formatInterval(split_half.interval, "")}.`;
  return (
    <div className="spaced">
      <DataTable
        caption={`Beside ${random.directions} random directions of equal norm`}
        captionVisible
        head={[
          "What is done",
          "Score before",
          "Score after",
          "Random, mean",
          `Random, ${intervalWords(level)}`,
          "p",
        ]}
        rows={[
          row("Ablated, harmful prompts", clean.harmful, random.bypass),
          row("Added, harmless prompts", clean.harmless, random.induce),
        ]}
      />
      <p className="caption spaced">
        {cosine} Removing directions one after another lowers the score by more than chance{" "}
        {dimensions.count === 1 ? "once" : `${dimensions.count} times`}. The difference of means has length{" "}
        {formatNumber(norm)}. The filters rejected {rejected.depth} candidates as too late, {rejected.kl} for
        their KL and {rejected.induce} because adding them does not cause refusals.
        {given_up.length > 0 &&
          ` No candidate passes the filter of ${given_up.join(" and of ")}, so the choice does without it.`}
      </p>
    </div>
  );
}
