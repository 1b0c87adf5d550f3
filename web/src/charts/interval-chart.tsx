/**
 * The one chart of the report, one row per finding: the estimate as a point, with its interval, n and control. Single answers
 * are faint ticks behind it. An undetermined row says so in words.
 */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { formatValue, isShare } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { Tier } from "../../../src/core/records/prompt.ts";
import { tierMarks } from "./marks.tsx";
import { PlotFigure } from "./plot-figure.tsx";
import { thinned } from "./thinned.ts";

export interface IntervalRow {
  /** Heading above the row, e.g. "First 80 tokens"; "" for no heading. */
  facet: string;
  label: string;
  tier: Tier | null;
  finding: Finding;
  /** Single measurements behind the estimate; may be empty. */
  values: readonly number[];
}

interface IntervalChartProps {
  label: string;
  rows: readonly IntervalRow[];
  unit: string;
  domain: readonly [number, number];
  /** Vertical lines with their words, e.g. the token caps. */
  rules?: readonly { x: number; text: string }[];
  /** Whether to draw the control of each estimate. */
  controls?: boolean;
}

/** Heights of a row in CSS pixels. Rows that show their control below the estimate need more room. */
const rowHeights = { plain: 26, controls: 34 };
const headingHeight = 26;
/** Approximate width of a digit in the charts' 12 px type, in CSS pixels. */
const characterWidth = 6.6;

export function IntervalChart({
  label,
  rows,
  unit,
  domain,
  rules = [],
  controls = false,
}: IntervalChartProps) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => {
      const rowHeight = controls ? rowHeights.controls : rowHeights.plain;
      const facets = [...new Set(rows.map(({ facet }) => facet))];
      const labels = [...new Set(rows.map((row) => row.label))];
      const longest = Math.max(...labels.map((text) => text.length));
      const countLength = Math.max(...rows.map(({ finding }) => `n ${finding.n}`.length));
      const headed = facets.some((facet) => facet !== "");
      const known = rows.filter(({ finding }) => finding.estimate !== null);
      const ticks = rows.flatMap((row) => thinned(row.values, domain).map((value) => ({ ...row, value })));
      return {
        height:
          facets.length * (labels.length * rowHeight + (headed ? headingHeight : 0)) +
          40 +
          (rules.length > 0 ? 18 : 0),
        marginLeft: Math.min(width * 0.42, 12 + longest * characterWidth),
        marginRight: Math.max(52, 14 + countLength * characterWidth),
        marginTop: headed ? headingHeight : rules.length > 0 ? 22 : 6,
        marginBottom: 30,
        style: { fontSize: "12px", overflow: "visible" },
        x: {
          domain: [...domain],
          clamp: true,
          grid: true,
          label: null,
          ticks: width < 420 ? 4 : 6,
          tickFormat: (value: number) => formatValue(value, isShare(unit) ? unit : ""),
        },
        y: { domain: labels, label: null, tickSize: 0, padding: 0.2 },
        fy: {
          domain: facets,
          label: null,
          axis: null,
          padding: headed ? headingHeight / (labels.length * rowHeight + headingHeight) : 0,
        },
        marks: [
          Plot.axisY({ label: null, tickSize: 0, textOverflow: "ellipsis", lineWidth: longest }),
          Plot.ruleX(rules, { x: "x", stroke: "var(--ink-soft)", strokeDasharray: "3 3" }),
          Plot.text(rules, { x: "x", text: "text", frameAnchor: "top", dy: -12, fill: "var(--ink-soft)" }),
          headed
            ? Plot.text(facets, {
                fy: (facet: string) => facet,
                text: (facet: string) => facet,
                frameAnchor: "top-left",
                dy: -16,
                fontWeight: 600,
                fill: "var(--ink)",
              })
            : null,
          Plot.tickX(ticks, {
            x: "value",
            y: "label",
            fy: "facet",
            stroke: colour,
            strokeOpacity: 0.4,
            inset: 3,
          }),
          controls ? controlMarks(known) : null,
          intervalMarks(known),
          Plot.text(rows, {
            y: "label",
            fy: "facet",
            frameAnchor: "right",
            textAnchor: "start",
            dx: 8,
            text: ({ finding }: IntervalRow) => `n ${finding.n}`,
            fill: "var(--ink-soft)",
          }),
          Plot.text(
            rows.filter(({ finding }) => finding.estimate === null),
            {
              y: "label",
              fy: "facet",
              frameAnchor: "right",
              dx: -6,
              text: () => "undetermined",
              fontStyle: "italic",
              fill: "var(--ink-soft)",
              stroke: "var(--paper)",
              strokeWidth: 4,
            },
          ),
        ],
      };
    },
    [rows, unit, domain, rules, controls],
  );
  return <PlotFigure label={label} draw={draw} />;
}

const colour = ({ tier }: IntervalRow): string => (tier === null ? "var(--accent)" : tierMarks[tier].colour);

function intervalMarks(rows: readonly IntervalRow[]): Plot.Markish[] {
  const at = { y: "label", fy: "facet" };
  const withInterval = rows.filter(({ finding }) => finding.interval !== null);
  const low = ({ finding }: IntervalRow) => finding.interval?.[0];
  const high = ({ finding }: IntervalRow) => finding.interval?.[1];
  const cap = { ...at, stroke: colour, strokeWidth: 1.5, inset: 6 };
  // One mark per tier, not a symbol scale: shape and colour depend on the tier only.
  const shapes = [...new Set(rows.map(({ tier }) => tier))].map((tier) =>
    Plot.dot(
      rows.filter((row) => row.tier === tier),
      {
        ...at,
        x: ({ finding }: IntervalRow) => finding.estimate,
        r: 5,
        symbol: tier === null ? "circle" : tierMarks[tier].symbol,
        fill: colour,
        stroke: "var(--paper)",
        strokeWidth: 1,
      },
    ),
  );
  return [
    Plot.ruleY(withInterval, { ...at, x1: low, x2: high, stroke: colour, strokeWidth: 2 }),
    Plot.tickX(withInterval, { ...cap, x: low }),
    Plot.tickX(withInterval, { ...cap, x: high }),
    ...shapes,
  ];
}

/** Draws the control below each estimate: a cross for its value, a dashed line for its interval. */
function controlMarks(rows: readonly IntervalRow[]): Plot.Markish[] {
  const at = { y: "label", fy: "facet", dy: 9, stroke: "var(--ink-soft)" };
  const control = ({ finding }: IntervalRow) => finding.control;
  return [
    Plot.ruleY(
      rows.filter((row) => control(row).interval !== null),
      {
        ...at,
        x1: (row: IntervalRow) => control(row).interval?.[0],
        x2: (row: IntervalRow) => control(row).interval?.[1],
        strokeDasharray: "2 2",
      },
    ),
    Plot.dot(
      rows.filter((row) => control(row).estimate !== null),
      { ...at, x: (row: IntervalRow) => control(row).estimate, symbol: "times", r: 3.5 },
    ),
  ];
}
