/** How the training of the SAE went, where it was Fathom's. */
import { useMemo } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import type { SaeReport } from "../../../src/core/sae-report.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { DataFigure } from "../components/data-figure.tsx";
import { Section } from "../components/section.tsx";
import { Contrastive } from "./contrastive.tsx";

const curves = [
  ["unexplained", "Variance unexplained", "of this step's batch, massive tokens left out"],
  ["dead", "Silent features", "that have not been active for so long that they count as dead"],
] as const;

interface TrainingProps {
  curve: NonNullable<SaeReport["curve"]>;
  contrastive: SaeReport["contrastive"];
}

export function Training({ curve, contrastive }: TrainingProps) {
  return (
    <Section
      id="training"
      title="How its training went"
      lead="As the training noted it, step by step; the figures above are measured on the texts of this report."
    >
      <div className="pair">
        {curves.map(([key, title, what]) => (
          <Curve key={key} curve={curve} name={key} title={title} what={what} />
        ))}
      </div>
      {contrastive !== null && <Contrastive verdict={contrastive} />}
    </Section>
  );
}

interface CurveProps {
  curve: NonNullable<SaeReport["curve"]>;
  name: "unexplained" | "dead";
  title: string;
  what: string;
}

function Curve({ curve, name, title, what }: CurveProps) {
  const points = useMemo(() => curve.map((point) => ({ x: point.step, y: point[name] })), [curve, name]);
  const [first, last] = [points[0]?.y ?? 0, points.at(-1)?.y ?? 0];
  const sentence = `From ${formatNumber(first)} to ${formatNumber(last)}, ${what}.`;
  return (
    <DataFigure
      title={title}
      sentence={sentence}
      head={["Step", title]}
      rows={points.map(({ x, y }) => [x, y])}
      file={`training-${name}`}
    >
      <LineChart label={`${title} over the steps. ${sentence}`} points={points} x="Step" y={title} />
    </DataFigure>
  );
}
