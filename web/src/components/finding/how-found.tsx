/** Method, control and id of a finding, behind a click. */

import { formatControl } from "../../../../src/core/format.ts";
import type { Finding } from "../../../../src/core/records/finding.ts";
import { Explained } from "../term/explained.tsx";

export function HowFound({ finding }: { finding: Finding }) {
  return (
    <details className="how">
      <summary>How this was measured</summary>
      <dl>
        <dt>Method</dt>
        <dd>
          <Explained text={finding.method} />
        </dd>
        <dt>Control</dt>
        <dd>
          <Explained text={formatControl(finding)} />
        </dd>
        <dt>Id</dt>
        <dd>
          <code>{finding.id}</code>
        </dd>
      </dl>
    </details>
  );
}
