/** Findings as table cells for people and as CSV for programs. Both give n, interval and control. */

import { toCsv } from "../../../src/core/csv.ts";
import { formatControl, formatInterval, formatValue, statusWords } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";

export interface NamedFinding {
  name: string;
  finding: Finding;
}

export const findingHead = ["What", "Estimate", "Interval", "n", "Control", "Method", "Status", "In words"];

export function findingCells({ name, finding }: NamedFinding): string[] {
  return [
    name,
    formatValue(finding.estimate, finding.unit),
    finding.interval === null
      ? "–"
      : `${formatInterval(finding.interval, finding.unit)} (${Math.round(finding.level * 100)}%)`,
    String(finding.n),
    formatControl(finding),
    finding.method,
    statusWords[finding.status],
    finding.sentence,
  ];
}

export function findingCsv(rows: readonly NamedFinding[]): string {
  const head = [
    ...["id", "what", "estimate", "unit", "lo", "hi", "level", "n"],
    ...["control", "control_estimate", "control_lo", "control_hi", "method", "status", "sentence"],
  ];
  return toCsv(
    head,
    rows.map(({ name, finding: f }) => [
      ...[f.id, name, f.estimate, f.unit, f.interval?.[0] ?? null, f.interval?.[1] ?? null, f.level, f.n],
      ...[
        f.control.kind,
        f.control.estimate,
        f.control.interval?.[0] ?? null,
        f.control.interval?.[1] ?? null,
      ],
      ...[f.method, f.status, f.sentence],
    ]),
  );
}
