/** The mark of a status: found, not found, undetermined. Shape and word distinguish them; colour only helps. */

import { statusWords } from "../../../../src/core/format.ts";
import type { Finding } from "../../../../src/core/records/finding.ts";

export function StatusMark({ status }: { status: Finding["status"] }) {
  return (
    <span className={`status status-${status.replace(" ", "-")}`}>
      <svg viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true">
        {status === "found" && <circle r="6" className="disc" />}
        {status === "not found" && <circle r="5.2" className="ring" />}
        {status === "undetermined" && <circle r="5.2" className="ring dashed" />}
      </svg>
      {statusWords[status]}
    </span>
  );
}
