/** A map of one value over two whole-numbered axes. The lowest value has the strongest colour; a place without a value is left empty. */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import { PlotFigure } from "./plot-figure.tsx";
import { shade } from "./shade.ts";

export interface HeatCell {
  x: number;
  y: number;
  value: number;
  /** Marked with a ring. */
  chosen: boolean;
}

interface HeatMapProps {
  label: string;
  cells: readonly HeatCell[];
  /** The value that means no effect, drawn faintest. */
  none: number;
  /** Labels of the axes, and the names of their places. */
  x: string;
  y: string;
  nameX: (x: number) => string;
}

/** In CSS pixels. */
const rowHeight = 30;
const widestColumn = 72;
const marginLeft = 40;

export function HeatMap({ label, cells, none, x, y, nameX }: HeatMapProps) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => {
      const columns = between(cells.map((cell) => cell.x));
      const rows = between(cells.map((cell) => cell.y)).reverse();
      const part = scaleOf(cells, none);
      const every = Math.ceil(columns.length / Math.max(1, Math.floor((width - 70) / 30)));
      return {
        height: rows.length * rowHeight + 72,
        marginLeft,
        marginRight: Math.max(4, width - marginLeft - columns.length * widestColumn),
        marginBottom: 40,
        marginTop: 30,
        style: { fontSize: "12px", overflow: "visible" },
        x: {
          domain: columns,
          label: x,
          labelArrow: false,
          tickSize: 0,
          ticks: columns.filter((_, i) => i % every === 0),
          tickFormat: nameX,
        },
        y: {
          domain: rows,
          label: y,
          labelAnchor: "top",
          labelArrow: false,
          tickSize: 0,
          tickFormat: formatNumber,
        },
        marks: [
          Plot.cell(cells, {
            x: "x",
            y: "y",
            fill: (cell: HeatCell) => shade(part(cell.value)),
            inset: 1,
            title: (cell: HeatCell) =>
              `${x.toLowerCase()} ${nameX(cell.x)}, position ${formatNumber(cell.y)}: ${formatNumber(cell.value)}`,
          }),
          Plot.dot(
            cells.filter(({ chosen }) => chosen),
            { x: "x", y: "y", r: 6, fill: "var(--paper)", stroke: "var(--ink)", strokeWidth: 2.5 },
          ),
        ],
      };
    },
    [cells, none, x, y, nameX],
  );
  return <PlotFigure label={label} draw={draw} />;
}

/** How strong a value is drawn: 1 for the lowest, 0 for `none` and above. Equal values have equal colours, however few there are. */
export function scaleOf(cells: readonly Pick<HeatCell, "value">[], none: number): (value: number) => number {
  const low = Math.min(none, ...cells.map(({ value }) => value));
  return (value) => (none === low ? 0 : Math.max(0, (none - value) / (none - low)));
}

/** All whole numbers from the smallest to the largest. */
function between(numbers: readonly number[]): number[] {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}
