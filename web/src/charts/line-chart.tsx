/** One quantity over the steps of a training. */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { PlotFigure } from "./plot-figure.tsx";

interface LineChartProps {
  label: string;
  /** In order; the line is broken where y is null. */
  points: readonly { x: number; y: number | null }[];
  x: string;
  y: string;
}

export function LineChart({ label, points, x, y }: LineChartProps) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => ({
      height: 220,
      marginLeft: 56,
      marginBottom: 42,
      marginTop: 28,
      style: { fontSize: "12px", overflow: "visible" },
      x: { label: x, labelArrow: false, ticks: Math.min(8, Math.floor(width / 70)) },
      y: { label: y, labelArrow: false, grid: true, ticks: 4, zero: true, nice: true, ...heightOf(points) },
      marks: [
        Plot.ruleY([0], { stroke: "var(--ink-soft)" }),
        Plot.lineY(points, {
          x: "x",
          y: (point: { y: number | null }) => point.y ?? NaN,
          stroke: "var(--accent)",
          strokeWidth: 1.5,
        }),
        // A point between two gaps is no line.
        Plot.dot(points.filter(isAlone), { x: "x", y: "y", r: 1.5, fill: "var(--accent)" }),
      ],
    }),
    [points, x, y],
  );
  return <PlotFigure label={label} draw={draw} />;
}

/** Of what was 0 all along there is no scale to be drawn to. */
function heightOf(points: LineChartProps["points"]): { domain?: [number, number] } {
  return points.some(({ y }) => y !== null && y !== 0) ? {} : { domain: [0, 1] };
}

function isAlone({ y }: { y: number | null }, at: number, points: LineChartProps["points"]): boolean {
  return y !== null && (points[at - 1]?.y ?? null) === null && (points[at + 1]?.y ?? null) === null;
}
