/** A finding on the sounding line. */

import { formatFinding } from "../../../../src/core/format.ts";
import type { Finding } from "../../../../src/core/records/finding.ts";
import { splitSentence } from "../../../../src/shown/sentences.ts";
import { Claim } from "./claim.tsx";
import { HowFound } from "./how-found.tsx";

export function Sounding({ finding }: { finding: Finding }) {
  const [verdict, rest] = splitSentence(finding.sentence);
  const { question, status, polarity, estimate } = finding;
  return (
    <Claim
      {...{ question, status, polarity, verdict, rest }}
      numbers={estimate === null ? "" : formatFinding(finding)}
    >
      <HowFound finding={finding} />
    </Claim>
  );
}
