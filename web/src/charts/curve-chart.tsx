/** One or two curves with their intervals. Line and sign tell them apart; colour only helps. */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import { PlotFigure } from "./plot-figure.tsx";

export interface CurvePoint {
  x: number;
  y: number | null;
  interval: readonly [number, number] | null;
}

export interface Curve {
  name: string;
  points: readonly CurvePoint[];
}

interface CurveChartProps {
  label: string;
  curves: readonly Curve[];
  /** Labels of the axes; x has numbers only where the curves have points. */
  x: string;
  y: string;
  formatX?: (x: number) => string;
  /** Horizontal lines with their words. */
  rules?: readonly { y: number; text: string }[];
  /** Something to compare with at one place, drawn as a grey cross and dashes. */
  beside?: CurvePoint | null;
}

export const curveStyles = [
  { colour: "var(--accent)", dash: "none", symbol: "circle", hollow: false },
  { colour: "var(--ink)", dash: "6 4", symbol: "square", hollow: true },
] as const;

const noRules: NonNullable<CurveChartProps["rules"]> = [];

export function CurveChart({
  label,
  curves,
  x,
  y,
  formatX = formatNumber,
  rules = noRules,
  beside = null,
}: CurveChartProps) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => {
      const places = [...new Set(curves.flatMap(({ points }) => points.map((point) => point.x)))];
      const dense = places.length > mostMarked;
      const span = Math.max(...places) - Math.min(...places) || 1;
      return {
        height: 300,
        marginLeft: 48,
        marginRight: 16,
        marginBottom: 42,
        marginTop: 28,
        style: { fontSize: "12px", overflow: "visible" },
        x: {
          domain: [Math.min(...places) - span * 0.06, Math.max(...places) + span * 0.06],
          ...{ label: x, labelArrow: false, ticks: dense ? Math.floor(width / 70) : places },
          tickFormat: formatX,
        },
        y: { label: y, labelArrow: false, grid: true, ticks: 5, nice: true, tickFormat: formatNumber },
        marks: [
          Plot.ruleY(rules, { y: "y", stroke: "var(--ink-soft)", strokeDasharray: "3 3" }),
          ...curves.flatMap((curve, i) =>
            dense ? bandMarks(curve, i) : curveMarks(curve, i, curves.length),
          ),
          beside === null ? null : besideMarks(beside),
          Plot.text(rules, {
            ...{ y: "y", text: "text", frameAnchor: "right", textAnchor: "end", dy: -7, dx: -2 },
            ...{ fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4, lineWidth: width / 14 },
          }),
        ],
      };
    },
    [curves, x, y, formatX, rules, beside],
  );
  return <PlotFigure label={label} draw={draw} />;
}

/** Of more points, intervals are drawn as a band, and points without signs. */
const mostMarked = 12;

function bandMarks({ points }: Curve, i: number): Plot.Markish[] {
  const { colour, dash } = curveStyles[i]!;
  return [
    Plot.areaY(points, {
      ...{ x: "x", y1: ({ interval }: CurvePoint) => interval?.[0] ?? NaN },
      ...{ y2: ({ interval }: CurvePoint) => interval?.[1] ?? NaN, fill: colour, fillOpacity: 0.15 },
    }),
    Plot.lineY(points, {
      ...{ x: "x", y: ({ y }: CurvePoint) => y ?? NaN, stroke: colour, strokeWidth: 2 },
      ...(dash === "none" ? {} : { strokeDasharray: dash }),
    }),
  ];
}

/** Two curves stand a little apart, so that their intervals do not cover each other. */
function curveMarks({ points }: Curve, i: number, of: number): Plot.Markish[] {
  const { colour, dash, symbol, hollow } = curveStyles[i]!;
  const at = { x: "x", dx: of === 1 ? 0 : i === 0 ? -4 : 4 };
  return [
    Plot.lineY(points, {
      ...{ ...at, y: ({ y }: CurvePoint) => y ?? NaN, stroke: colour, strokeWidth: 2 },
      ...(dash === "none" ? {} : { strokeDasharray: dash }),
    }),
    intervalRules(points, { ...at, stroke: colour, strokeWidth: 1.5 }),
    Plot.dot(
      points.filter(({ y }) => y !== null),
      {
        ...{ ...at, y: "y", symbol, r: 5, strokeWidth: 2 },
        ...{ stroke: hollow ? colour : "var(--paper)", fill: hollow ? "var(--paper)" : colour },
      },
    ),
  ];
}

function besideMarks(point: CurvePoint): Plot.Markish[] {
  const at = { x: "x", dx: 10, stroke: "var(--ink-soft)" };
  return [
    intervalRules([point], { ...at, strokeWidth: 1.5, strokeDasharray: "2 2" }),
    Plot.dot(
      [point].filter(({ y }) => y !== null),
      { ...at, y: "y", symbol: "times", r: 4, strokeWidth: 2 },
    ),
  ];
}

function intervalRules(points: readonly CurvePoint[], style: Plot.RuleXOptions): Plot.Markish {
  return Plot.ruleX(
    points.filter(({ interval }) => interval !== null),
    {
      ...style,
      y1: ({ interval }: CurvePoint) => interval?.[0],
      y2: ({ interval }: CurvePoint) => interval?.[1],
    },
  );
}

/** Which sign is which curve, and what else is drawn. */
export function CurveLegend({ names, notes }: { names: readonly string[]; notes: readonly string[] }) {
  return (
    <ul className="legend">
      {names.map((name, i) => {
        const { colour, dash, hollow } = curveStyles[i]!;
        const fill = hollow ? "var(--paper)" : colour;
        return (
          <li key={name}>
            <svg className="curve-mark" viewBox="0 0 34 12" width="34" height="12" aria-hidden="true">
              <path d="M0 6H34" stroke={colour} strokeWidth="2" strokeDasharray={dash} />
              {hollow ? (
                <rect x="12.5" y="1.5" width="9" height="9" fill={fill} stroke={colour} strokeWidth="2" />
              ) : (
                <circle cx="17" cy="6" r="5" fill={fill} />
              )}
            </svg>{" "}
            {name}
          </li>
        );
      })}
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
