/** `--gate` of several commands: read before the work begins, decided when its findings are there. */
import { gateResults } from "../../audit/gate/gate.ts";
import { exitCode } from "../../core/errors.ts";
import type { Finding } from "../../core/records/finding.ts";
import type { GateResult, PlacedGate } from "../../core/results/gate.ts";
import { readGates } from "../../jobs/gate/gate-file.ts";
import { writeGate } from "../../jobs/report-files/gate-files.ts";
import { complain } from "../terminal/failure.ts";

/** The gates of `--gate`; null without it. @throws FathomError for a file that is wrong */
export const gatesOf = (path: string | undefined): PlacedGate[] | null =>
  path === undefined ? null : readGates(path);

export interface Gated {
  results: readonly GateResult[];
  files: string[];
  code: typeof exitCode.ok | typeof exitCode.threshold;
}

/** Decides the gates and writes gate.xml and gate.md, if there is a folder for them. Every gate that fails is one line on stderr. */
export function applyGates(
  gates: readonly PlacedGate[] | null,
  { title, findings, folder }: { title: string; findings: readonly Finding[]; folder: string | null },
): Gated | null {
  if (gates === null) return null;
  const results = gateResults(gates, findings);
  const files = folder === null ? [] : writeGate(title, results, findings, folder);
  const failed = results.filter(({ holds }) => !holds);
  for (const { place, subject, reason } of failed) complain(`${place} ${subject}: ${reason}`);
  return { results, files, code: failed.length === 0 ? exitCode.ok : exitCode.threshold };
}

/** The last line of a summary. */
export function gateLines(gated: Gated | null): string[] {
  if (gated === null) return [];
  const holding = gated.results.filter(({ holds }) => holds).length;
  const files = gated.files.length === 0 ? "" : `: ${gated.files.join(", ")}`;
  return [`Gate    ${holding} of ${gated.results.length} hold${files}`];
}

/** What `--json` adds. */
export const gateJson = (gated: Gated | null): object =>
  gated === null
    ? {}
    : {
        gates: gated.results.map(({ place, gate, finding, holds, reason }) => ({
          ...{ place, ...gate, finding: finding?.id ?? null, holds, reason },
        })),
      };
