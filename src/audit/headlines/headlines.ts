/**
 * The claims of the first screen, made from findings that the hierarchy has decided. No new number is computed here. A claim is
 * made only if a corrected test allows it; an "undetermined" headline still says what was measured.
 */
import type { Finding } from "../../core/records/finding.ts";
import type { Answers } from "../common/answers.ts";
import type { View } from "../inside/inside.ts";
import { insideHeadline } from "./agreeing.ts";
import type { Hierarchy } from "./hierarchy.ts";
import { overRefusesHeadline, refusesHeadline } from "./refusing.ts";
import { Settled } from "./settled.ts";
import { survivesHeadlines } from "./surviving.ts";

/** @returns the headlines in the order of the hierarchy */
export function headlineFindings(
  run: Answers,
  findings: readonly Finding[],
  hierarchy: Hierarchy,
  first: View,
  others: readonly View[],
): Finding[] {
  const settled = new Settled(findings, hierarchy);
  return [
    refusesHeadline(run, settled),
    overRefusesHeadline(run, settled),
    ...survivesHeadlines(run, settled),
    insideHeadline(run, settled, first, others),
  ];
}
