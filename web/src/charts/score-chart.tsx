/**
 * The refusal score before each of the first tokens of one answer. Above zero, a refusal word is the more probable next token.
 */
import * as Plot from "@observablehq/plot";
import { useCallback } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import { PlotFigure } from "./plot-figure.tsx";

export function ScoreChart({ scores }: { scores: readonly number[] }) {
  const draw = useCallback(
    (width: number): Plot.PlotOptions => {
      const points = scores.map((score, token) => ({ token, score }));
      return {
        height: 110,
        marginLeft: 40,
        marginBottom: 24,
        marginTop: 10,
        style: { fontSize: "12px" },
        x: {
          label: null,
          domain: [0, Math.max(1, scores.length - 1)],
          ticks: Math.min(8, Math.floor(width / 50)),
        },
        y: { label: null, ticks: 3, nice: true },
        marks: [
          Plot.ruleY([0], { stroke: "var(--ink-soft)", strokeDasharray: "3 3" }),
          Plot.lineY(points, { x: "token", y: "score", stroke: "var(--accent)" }),
          Plot.dot(points, { x: "token", y: "score", r: 2, fill: "var(--accent)" }),
        ],
      };
    },
    [scores],
  );
  const first = scores[0] ?? 0;
  return (
    <div className="scores">
      <p className="caption">
        Refusal score before each of the first {scores.length} tokens. Above the dashed line, a refusal word
        is the more probable next token. The first score is {formatNumber(first)}.
      </p>
      <PlotFigure
        label={`Refusal score before each of the first ${scores.length} tokens, from ${formatNumber(first)} to ${formatNumber(scores.at(-1) ?? first)}.`}
        draw={draw}
      />
    </div>
  );
}
