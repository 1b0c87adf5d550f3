/** A histogram: bars of equal width, with vertical lines at values that matter. */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import type { Bin } from "../../../src/core/records/sae-report.ts";
import { PlotFigure } from "./plot-figure.tsx";

interface HistogramProps {
  /** What the chart shows, in words, for readers who cannot see it. */
  label: string;
  bins: readonly Bin[];
  /** Labels of the axes. */
  x: string;
  y: string;
  format?: (value: number) => string;
  /** Values at which the axis has numbers; chosen automatically if absent. */
  ticks?: readonly number[] | undefined;
  rules?: readonly { x: number; text: string }[];
}

const noRules: NonNullable<HistogramProps["rules"]> = [];

export function Histogram({
  label,
  bins,
  x,
  y,
  format = formatNumber,
  ticks,
  rules = noRules,
}: HistogramProps) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => ({
      height: 240,
      marginLeft: 56,
      marginBottom: 42,
      marginTop: 34,
      style: { fontSize: "12px", overflow: "visible" },
      x: {
        domain: [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1],
        label: x,
        labelArrow: false,
        ticks: ticks === undefined ? (width < 420 ? 4 : 7) : [...ticks],
        tickFormat: format,
      },
      y: { label: y, labelArrow: false, grid: true, ticks: 4, nice: true },
      marks: [
        Plot.rectY(bins, { x1: "from", x2: "to", y: "count", fill: "var(--accent)", inset: 0.5 }),
        Plot.ruleY([0], { stroke: "var(--ink-soft)" }),
        Plot.ruleX(rules, { x: "x", stroke: "var(--ink)", strokeDasharray: "3 3" }),
        ...(["start", "end"] as const).map((textAnchor) =>
          Plot.text(
            rules.filter((rule) => (leansLeft(rule.x, bins) ? "end" : "start") === textAnchor),
            {
              x: "x",
              text: "text",
              frameAnchor: "top",
              textAnchor,
              dx: textAnchor === "start" ? 5 : -5,
              dy: -10,
              fill: "var(--ink)",
              stroke: "var(--paper)",
              strokeWidth: 4,
            },
          ),
        ),
      ],
    }),
    [bins, x, y, format, ticks, rules],
  );
  return <PlotFigure label={label} draw={draw} />;
}

/** Whether the words of a line stand to its left: they do in the right half of the chart, where there is room. */
function leansLeft(x: number, bins: readonly Bin[]): boolean {
  return x > ((bins[0]?.from ?? 0) + (bins.at(-1)?.to ?? 0)) / 2;
}
