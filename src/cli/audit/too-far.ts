/** Says in one line why an audit in 8 or 4 bits did not start. */
import { fidelityWords } from "../../audit/fidelity.ts";
import type { Fidelity } from "../../core/records/fidelity.ts";
import type { AuditPlan } from "../../jobs/audit/plan.ts";

export function tooFarWords(fidelity: Fidelity, { precision, fidelity_bound }: AuditPlan): string {
  const nearer = precision === "int4" ? "--precision int8 or fp32" : "--precision fp32";
  return (
    `${precision} is too far from fp32: ${fidelityWords(fidelity, precision)}; the bound is ${fidelity_bound} nats. ` +
    `Try: ${nearer}, or a higher --fidelity-bound, into a new --out`
  );
}
