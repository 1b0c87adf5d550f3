/** How the training of the SAE went, where it was Fathom's. */
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
  /** Of its axis. */
  unit: string;
  /** What goes "from a to b". */
  what: string;
  /** null at a step that has none. */
  of: (point: CurvePoints[number]) => number | null;
}

const always: readonly Quantity[] = [
  {
    key: "unexplained",
    title: "Variance unexplained",
    unit: "Variance unexplained",
    what: "of this step's batch, massive tokens left out",
    of: (point) => point.unexplained,
  },
  {
    key: "dead",
    title: "Silent features",
    unit: "Silent features",
    what: "that have not been active for so long that they count as dead",
    of: (point) => point.dead,
  },
];

/** What a term of the loss measures. One that is not here is shown by its name alone. */
const termWords: Readonly<Record<string, Pick<Quantity, "title" | "unit" | "what">>> = {
  auxiliary: {
    title: "Auxiliary loss of silent features",
    unit: "Share of variance",
    what: "what is left of the error where silent features help as they can, as a share of the variance",
  },
  sparsity: {
    title: "Sparsity loss",
    unit: "L0, or (L0 / target − 1)²",
    what: "active features a token, or with a target the square of how far they are from it, as a share",
  },
  l1: { title: "L1 loss", unit: "Mean |pre-activation|", what: "the mean size of a pre-activation" },
  contrastive: {
    title: "Contrastive loss over tiers",
    unit: "Contrastive loss",
    what: "lower where tiers are further apart, on prompts that are trained on; it says nothing of others",
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
      lead="As the training noted it, step by step; the figures above are measured on the texts of this report."
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
  const gaps = missing === 0 ? "" : ` It weighed nothing at ${missing} of the ${points.length} steps noted.`;
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
