/** Writes what a gate decided: gate.xml (JUnit) and gate.md (a comment for a pull request). */
import { join } from "node:path";
import type { Finding } from "../../core/records/finding.ts";
import type { GateResult } from "../../core/results/gate.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { gateJunit, gateMarkdown } from "../../report/gate-report.ts";

export const gateFileNames = ["gate.xml", "gate.md"] as const;

/** @param title what was judged @returns the paths of the files @throws FathomError when one cannot be written */
export function writeGate(
  title: string,
  results: readonly GateResult[],
  findings: readonly Finding[],
  folder: string,
): string[] {
  const texts = [gateJunit(title, results), gateMarkdown(title, results, findings)];
  return gateFileNames.map((name, i) => {
    const path = join(folder, name);
    writeTextAtomically(path, texts[i]!);
    return path;
  });
}
