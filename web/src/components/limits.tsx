/** The list of what a report cannot say. */
import type { ReactNode } from "react";
import { Section } from "./section.tsx";

export function LimitList({ lines, children }: { lines: readonly string[]; children?: ReactNode }) {
  return (
    <Section id="not-measured" title="What was not measured" lead="Also what was measured but is not shown.">
      <ul className="prose">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
        {children}
      </ul>
    </Section>
  );
}
