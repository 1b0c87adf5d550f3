/** The answers that no label could be given, in one line. */
import { formatValue } from "../../../../src/core/format.ts";
import type { Finding } from "../../../../src/core/records/finding.ts";
import { templateWords } from "../../../../src/core/records/words.ts";

export function Unjudged({ findings }: { findings: readonly Finding[] }) {
  const parts = findings.flatMap(({ about, estimate, unit }) =>
    about.kind === "unjudged_rate" && estimate !== null
      ? [
          `${formatValue(estimate, unit)} (${templateWords[about.template].toLowerCase()}, ${about.cap} tokens)`,
        ]
      : [],
  );
  return parts.length === 0 ? null : (
    <p className="facts">Answers without a label, which count as not refused: {parts.join(", ")}.</p>
  );
}
