/** How the training of the SAE went, if Fathom trained it. */
import { useMemo } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { DataFigure } from "../components/data-figure.tsx";
import { Section } from "../components/section.tsx";
import { Contrastive } from "./contrastive.tsx";

type CurvePoints = NonNullable<SaeReport["curve"]>;

interface Quantity {
  key: string;
  title: string;
  /** Label of its axis. */
  unit: string;
  /** Ends the sentence "From a to b, …". */
  what: string;
  /** The value at a step, or null if it has none. */
  of: (point: CurvePoints[number]) => number | null;
}

const always: readonly Quantity[] = [
  {
    key: "unexplained",
    title: "Variance unexplained",
    unit: "Variance unexplained",
    what: "of the batch of each step, without massive tokens",
    of: (point) => point.unexplained,
  },
  {
    key: "dead",
    title: "Silent features",
    unit: "Silent features",
    what: "that have been inactive for so long that they count as dead",
    of: (point) => point.dead,
  },
];

/** What a term of the loss measures. A term that is not here is shown by its name only. */
const termWords: Readonly<Record<string, Pick<Quantity, "title" | "unit" | "what">>> = {
  auxiliary: {
    title: "Auxiliary loss of silent features",
    unit: "Share of variance",
    what: "the error that remains after silent features reconstruct what they can of it, as a share of the variance",
  },
  sparsity: {
    title: "Sparsity loss",
    unit: "L0, or (L0 / target − 1)²",
    what: "active features per token or, with a target, the squared relative distance from the target",
  },
  l1: { title: "L1 loss", unit: "Mean |pre-activation|", what: "the mean size of a pre-activation" },
  contrastive: {
    title: "Contrastive loss over tiers",
    unit: "Contrastive loss",
    what: "lower if tiers are further apart on the training prompts; it says nothing about other prompts",
  },
};

const named = (name: string) => ({
  title: `Loss: ${name}`,
  unit: name,
  what: "a term that this page does not know",
});

interface TrainingProps {
  curve: CurvePoints;
  contrastive: SaeReport["contrastive"];
}

export function Training({ curve, contrastive }: TrainingProps) {
  const terms = useMemo(
    () =>
      [...new Set(curve.flatMap((point) => Object.keys(point.terms)))].map((name): Quantity => {
        const words = termWords[name] ?? named(name);
        return {
          key: name,
          ...words,
          what: `before its weight in the loss: ${words.what}`,
          of: (point) => point.terms[name] ?? null,
        };
      }),
    [curve],
  );
  return (
    <Section
      id="training"
      title="How its training went"
      lead="What the training recorded at its steps. The figures above are measured on the texts of this report."
    >
      <div className="pair">
        {[...always, ...terms].map((quantity) => (
          <Curve key={quantity.key} curve={curve} quantity={quantity} />
        ))}
      </div>
      {contrastive !== null && <Contrastive verdict={contrastive} />}
    </Section>
  );
}

function Curve({ curve, quantity }: { curve: CurvePoints; quantity: Quantity }) {
  const { key, title, unit, what, of } = quantity;
  const points = useMemo(() => curve.map((point) => ({ x: point.step, y: of(point) })), [curve, of]);
  const noted = points.flatMap(({ x, y }) => (y === null ? [] : [{ x, y }]));
  const [first, last] = [noted[0]?.y ?? 0, noted.at(-1)?.y ?? 0];
  const missing = points.length - noted.length;
  const gaps =
    missing === 0 ? "" : ` It was not part of the loss at ${missing} of the ${points.length} recorded steps.`;
  const sentence = `From ${formatNumber(first)} to ${formatNumber(last)}, ${what}.${gaps}`;
  return (
    <DataFigure
      title={title}
      sentence={sentence}
      head={["Step", unit]}
      rows={noted.map(({ x, y }) => [x, y])}
      file={`training-${key}`}
    >
      <LineChart label={`${title} over the steps. ${sentence}`} points={points} x="Step" y={unit} />
    </DataFigure>
  );
}
