/** The mark of a status, or of a headline's answer. Shape and word distinguish them; colour only helps. */

import { statusWords } from "../../../../src/core/format.ts";
import { type Answering, verdictOf, verdictWords } from "../../../../src/shown/verdicts.ts";

export function StatusMark({ finding }: { finding: Answering }) {
  const verdict = verdictOf(finding);
  const name = verdict ?? finding.status;
  return (
    <span className={`status status-${name.replaceAll(" ", "-")}`}>
      <svg viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true">
        {name === "found" && <circle r="6" className="disc" />}
        {name === "not found" && <circle r="5.2" className="ring" />}
        {name === "holds" && <path d="M-6 0-2 5 6-5" className="stroke" />}
        {name === "fails" && <path d="M-5-5 5 5M5-5-5 5" className="stroke" />}
        {(name === "undetermined" || name === "too little data") && (
          <circle r="5.2" className="ring dashed" />
        )}
      </svg>
      {verdict === null ? statusWords[finding.status] : verdictWords[verdict]}
    </span>
  );
}
