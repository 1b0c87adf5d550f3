/**
 * Sets by their size against one quantity of which less is better. The line is the growing ranking, a diamond is a minimal set, and a filled
 * mark is on the front: no other set beats it.
 */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import { PlotFigure } from "./plot-figure.tsx";

export interface FrontPoint {
  size: number;
  y: number;
  interval: readonly [number, number] | null;
  front: boolean;
  minimal: boolean;
}

interface FrontChartProps {
  label: string;
  points: readonly FrontPoint[];
  y: string;
  format: (value: number) => string;
}

/** Room of a number on the axis, in CSS pixels. */
const leastRoom = 34;

export function FrontChart({ label, points, y, format }: FrontChartProps) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => {
      const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);
      const [least = 1, most = 1] = [sizes[0], sizes.at(-1)];
      const ranking = points.filter(({ minimal }) => !minimal).sort((a, b) => a.size - b.size);
      const numbered = spaced(sizes, (leastRoom / width) * Math.log(Math.max(2, most / least)));
      const shapes = ([true, false] as const).map((minimal) =>
        Plot.dot(
          points.filter((point) => point.minimal === minimal),
          {
            ...{ x: "size", y: "y", r: minimal ? 7 : 5, symbol: minimal ? "diamond" : "circle" },
            ...{ fill: (point: FrontPoint) => (point.front ? "var(--accent)" : "var(--paper)") },
            ...{ stroke: "var(--accent)", strokeWidth: 1.5 },
            title: (point: FrontPoint) => `${point.size} features: ${format(point.y)}`,
          },
        ),
      );
      return {
        height: 280,
        marginLeft: 56,
        marginRight: 20,
        marginBottom: 42,
        marginTop: 28,
        style: { fontSize: "12px", overflow: "visible" },
        x: {
          ...{ type: "log", domain: [least / 1.25, Math.max(most, least * 2) * 1.25] },
        },
        y: {
          ...{
            label: y,
            labelArrow: false,
            grid: true,
            ticks: 5,
            zero: true,
            nice: true,
            tickFormat: format,
          },
          // So that a mark at 0 does not cover the numbers below.
          insetBottom: 8,
        },
        marks: [
          Plot.ruleY([0], { stroke: "var(--ink-soft)" }),
          // A logarithmic axis leaves out numbers unless they are given as text.
          Plot.axisX(numbered, { text: formatNumber, label: "Features ablated", labelArrow: "none" }),
          Plot.lineY(ranking, { x: "size", y: "y", stroke: "var(--accent)", strokeOpacity: 0.5 }),
          Plot.ruleX(
            points.filter(({ interval }) => interval !== null),
            {
              ...{ x: "size", stroke: "var(--accent)", strokeWidth: 1.5, strokeOpacity: 0.7 },
              y1: ({ interval }: FrontPoint) => interval?.[0],
              y2: ({ interval }: FrontPoint) => interval?.[1],
            },
          ),
          ...shapes,
        ],
      };
    },
    [points, y, format],
  );
  return <PlotFigure label={label} draw={draw} />;
}

/** The sizes, without those that are closer to the one before than `least`, in logarithms. */
function spaced(sizes: readonly number[], least: number): number[] {
  const kept: number[] = [];
  for (const size of sizes) if (kept.length === 0 || Math.log(size / kept.at(-1)!) >= least) kept.push(size);
  return kept;
}
