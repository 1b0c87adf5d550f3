/** Every check of the load gate, with the value it found and its bound. */
import { formatNumber } from "../../../src/core/format.ts";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import { Section } from "../components/section.tsx";
import { DataTable } from "../components/table/data-table.tsx";
import { GateMark } from "./gate-mark.tsx";

type Check = SaeReport["gate"]["checks"][number];

export function GateSection({ gate }: { gate: SaeReport["gate"] }) {
  return (
    <Section
      id="gate"
      title="The load gate"
      lead="The most common mistake with SAEs is to load one wrongly without noticing. So an SAE is used only if it passes every check that could be made."
    >
      <DataTable
        caption="Checks of the load gate"
        head={["Check", "Result", "Found", "Bound", "In words"]}
        rows={gate.checks.map((check) => [
          capital(check.name),
          <GateMark key="mark" status={check.status} />,
          typeof check.found === "number" ? formatNumber(check.found) : check.found,
          bound(check),
          check.sentence,
        ])}
      />
      {gate.notes.length > 0 && (
        <ul className="prose long">
          {gate.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function bound({ bound }: Check): string {
  if (bound === null) return "–";
  const ends = [
    ...(bound.least === null ? [] : [`≥ ${formatNumber(bound.least)}`]),
    ...(bound.most === null ? [] : [`≤ ${formatNumber(bound.most)}`]),
  ];
  return `${ends.join(", ")}, ${bound.from}`;
}
