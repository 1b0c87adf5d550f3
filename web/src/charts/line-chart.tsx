/** A chart of one quantity over the steps of a training. */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { PlotFigure } from "./plot-figure.tsx";

interface LineChartProps {
  label: string;
  /** Rising in x. The line has a gap where y is null. */
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
        // A point between two gaps makes no line, so it is drawn as a dot.
        Plot.dot(points.filter(isAlone), { x: "x", y: "y", r: 1.5, fill: "var(--accent)" }),
      ],
    }),
    [points, x, y],
  );
  return <PlotFigure label={label} draw={draw} />;
}

/** The y axis of a quantity that is always 0 needs a range; the others get theirs from the points. */
function heightOf(points: LineChartProps["points"]): { domain?: [number, number] } {
  return points.some(({ y }) => y !== null && y !== 0) ? {} : { domain: [0, 1] };
}

function isAlone({ y }: { y: number | null }, at: number, points: LineChartProps["points"]): boolean {
  return y !== null && (points[at - 1]?.y ?? null) === null && (points[at + 1]?.y ?? null) === null;
}
