/**
 * A list of findings: each with its sentence and numbers, and its method behind a click. Findings that are "not found" or
 * "undetermined" are behind a click too. They are counted, never left out.
 */

import { formatFinding } from "../../../../src/core/format.ts";
import type { Finding } from "../../../../src/core/records/finding.ts";
import { termsAbove } from "../../lib/terms.ts";
import { Explained } from "../term/explained.tsx";
import { HowFound } from "./how-found.tsx";
import { StatusMark } from "./status-mark.tsx";

export function FindingList({ findings }: { findings: readonly Finding[] }) {
  const found = findings.filter(({ status }) => status === "found");
  const rest = findings.filter(({ status }) => status !== "found");
  return (
    <>
      <Findings findings={found} />
      {rest.length > 0 && (
        <details className="rest">
          <summary>{restSummary(rest)}</summary>
          <Findings findings={rest} />
        </details>
      )}
    </>
  );
}

function restSummary(rest: readonly Finding[]): string {
  const undetermined = rest.filter(({ status }) => status === "undetermined").length;
  const parts = [
    ...(rest.length > undetermined ? [`${rest.length - undetermined} not found`] : []),
    ...(undetermined > 0 ? [`${undetermined} undetermined`] : []),
  ];
  return `Also tested: ${parts.join(", ")}`;
}

/** Shows all of the findings, whatever their status. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  const above = termsAbove(findings.map(({ sentence }) => sentence));
  return (
    <ul className="findings">
      {findings.map((finding, i) => (
        <li key={finding.id}>
          <p className="question">
            <StatusMark finding={finding} /> {finding.question}
          </p>
          <div>
            <p className="sentence">
              <Explained text={finding.sentence} above={above[i]} />
            </p>
            {finding.estimate !== null && <p className="numbers">{formatFinding(finding)}</p>}
            <HowFound finding={finding} />
          </div>
        </li>
      ))}
    </ul>
  );
}
