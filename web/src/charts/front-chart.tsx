/** Sets by their size against one quantity of which less is better. The line is the growing ranking; a diamond is a minimal set; filled: no other set beats it. */
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

export function FrontChart({ label, points, y, format }: FrontChartProps) {
  const draw = useCallback((): Plot.PlotOptions => {
    const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b);
    const [least = 1, most = 1] = [sizes[0], sizes.at(-1)];
    const front = points.filter((point) => point.front).sort((a, b) => a.size - b.size);
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
        ...{ type: "log", domain: [least / 1.25, Math.max(most, least * 2) * 1.25], tickSize: 4 },
        ...{ label: "Features ablated", labelArrow: false, ticks: sizes, tickFormat: formatNumber },
      },
      y: { label: y, labelArrow: false, grid: true, ticks: 5, zero: true, nice: true, tickFormat: format },
      marks: [
        Plot.ruleY([0], { stroke: "var(--ink-soft)" }),
        Plot.lineY(front, { x: "size", y: "y", stroke: "var(--accent)", strokeOpacity: 0.6 }),
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
  }, [points, y, format]);
  return <PlotFigure label={label} draw={draw} />;
}
