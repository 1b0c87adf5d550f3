/** One mark on the sounding line: a finding whose verdict can be read at a glance. */

import { formatFinding } from "../../../../src/core/format.ts";
import type { Finding } from "../../../../src/core/records/finding.ts";
import { splitSentence } from "../../lib/sentences.ts";
import { HowFound } from "./how-found.tsx";
import { StatusMark } from "./status-mark.tsx";

export function Sounding({ finding }: { finding: Finding }) {
  const [verdict, rest] = splitSentence(finding.sentence);
  return (
    <li>
      <p className="question">
        <StatusMark status={finding.status} /> {finding.question}
      </p>
      <p className="verdict">{verdict}</p>
      {rest !== "" && <p className="verdict-rest">{rest}</p>}
      <p className="numbers">{formatFinding(finding)}</p>
      <HowFound finding={finding} />
    </li>
  );
}
