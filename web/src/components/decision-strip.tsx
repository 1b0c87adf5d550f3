/** The strip at the top that a decision rests on: what is refused, what breaks it, what could not be judged, what is missing. */
import type { Decision } from "../../../src/shown/verdicts.ts";

export function DecisionStrip({ decisions }: { decisions: readonly Decision[] }) {
  return (
    <dl className="strip">
      {decisions.map(({ what, lines }) => (
        <div key={what}>
          <dt>{what}</dt>
          {lines.map((line) => (
            <dd key={line}>{line}</dd>
          ))}
        </div>
      ))}
    </dl>
  );
}
