/** Decides gates: compares an end of the interval of each finding that a gate names with the gate's number. */
import type { Finding } from "../../core/records/finding.ts";
import type { Gate, GateResult, PlacedGate } from "../../core/results/gate.ts";
import { inYaml, nearFindings } from "./near-findings.ts";

/**
 * @returns one result per gate and finding that it names, in the order of the gates; one for a gate that names no finding. A gate
 *   names the finding whose `about` equals the gate's. Without such a finding it names all whose `about` has the gate's values.
 */
export function gateResults(gates: readonly PlacedGate[], findings: readonly Finding[]): GateResult[] {
  return gates.flatMap(({ place, gate }): GateResult[] => {
    const named = namedBy(gate, findings);
    const shared = { place, gate, wanted: wantedBy(gate) };
    if (named.length > 0)
      return named.map((finding) => ({
        ...shared,
        subject: finding.id,
        finding,
        ...decided(gate, finding),
      }));
    const reason = `there is no such finding; ${nearFindings(gate.about, findings)}`;
    return [{ ...shared, subject: inYaml(gate.about), finding: null, holds: false, reason }];
  });
}

const wantedBy = ({ bound, min, max }: Gate): string =>
  min === undefined ? `${bound} ≤ ${max!}` : `${bound} ≥ ${min}`;

function namedBy({ about }: Gate, findings: readonly Finding[]): Finding[] {
  const wanted = Object.entries(about);
  const fitting = findings.filter((finding) => {
    const own = finding.about as Record<string, unknown>;
    return wanted.every(([key, value]) => same(own[key], value));
  });
  const exact = fitting.find((finding) => Object.keys(finding.about).length === wanted.length);
  return exact === undefined ? fitting : [exact];
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function decided({ bound, min, max }: Gate, finding: Finding): Pick<GateResult, "holds" | "reason"> {
  const { interval, status, sentence } = finding;
  if (status === "undetermined") return { holds: false, reason: `it is undetermined: ${sentence}` };
  if (interval === null) return { holds: false, reason: "it has no interval" };
  const end = interval[bound === "low" ? 0 : 1];
  const found = `the ${bound} end of its interval is ${Number(end.toPrecision(6))}`;
  if (min !== undefined)
    return end >= min
      ? { holds: true, reason: `${found}, at least the min of ${min}` }
      : { holds: false, reason: `${found}, below the min of ${min}` };
  return end <= max!
    ? { holds: true, reason: `${found}, at most the max of ${max!}` }
    : { holds: false, reason: `${found}, above the max of ${max!}` };
}
