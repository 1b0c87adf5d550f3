/** Writes a rescore for the terminal: one block per run, in plain columns. Only sentences are wider than 100 characters. */
import { formatNumber } from "../../core/format.ts";
import { visibleLine } from "../../core/visible.ts";
import { rescoreFindings } from "./findings.ts";
import type { LabelRow, Rescored, TierRow } from "./rescore.ts";

export function rescoreLines(rescored: Rescored): string[] {
  const sentences = rescoreFindings(rescored);
  return rescored.runs.flatMap((run, i) => [
    ...(i === 0 ? [] : [""]),
    run.run,
    "",
    ...indent(table(tierColumns, run.tiers)),
    "",
    ...indent(table(labelColumns, run.labels)),
    "",
    // The run's name already stands above.
    ...sentences
      .filter(({ about }) => about.kind === "rescore" && about.run === run.run)
      .map(({ sentence }) => `  - ${capital(sentence.slice(run.run.length + 2))}`),
  ]);
}

type Columns<Row> = [heading: string, cell: (row: Row) => string][];

const value = (x: number | null) => (x === null ? "–" : formatNumber(x));
const meanAndSd = ({ mean, sd }: { mean: number | null; sd: number | null }) =>
  mean === null || sd === null ? "undefined" : `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;

const tierColumns: Columns<TierRow> = [
  ["tier", ({ tier }) => tier],
  ["n", ({ n }) => String(n)],
  ["no D", (row) => String(row.undefined)],
  ["D (mean ± sd)", meanAndSd],
  ["d, published", ({ d_as_published }) => value(d_as_published)],
  [
    "d, pooled",
    ({ d, d_interval }) =>
      d_interval === null ? value(d) : `${value(d)} [${value(d_interval[0])}, ${value(d_interval[1])}]`,
  ],
  ["d, held-out T", ({ d_held_out }) => value(d_held_out)],
];

const labelColumns: Columns<LabelRow> = [
  ["label", ({ source, label }) => (source === "label" ? label : `${label} (re-judged)`)],
  ["n", ({ n }) => String(n)],
  ["no D", (row) => String(row.undefined)],
  ["D (mean ± sd)", meanAndSd],
  ["no vote", ({ no_vote }) => String(no_vote)],
];

function table<Row>(columns: Columns<Row>, rows: readonly Row[]): string[] {
  const cells = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => visibleLine(cell(row)))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  return cells.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd(),
  );
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
