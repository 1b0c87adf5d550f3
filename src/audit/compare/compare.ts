/** Compares runs with a base, answer by answer: what changed, which answers flipped, and which failures have a name. */
import type { Finding } from "../../core/records/finding.ts";
import type { FailureMode } from "../../core/results/comparison.ts";
import { rounded } from "../../core/rounded.ts";
import { settle } from "../common/draft.ts";
import { otherChanges, primaryChanges, type Sides } from "./changes.ts";
import { failureModes } from "./failure-modes.ts";
import { type FoundFlip, flipsOf } from "./flips.ts";
import { headlineChanges } from "./headline-changes.ts";
import { withLeftOpen } from "./left-open.ts";
import { modelChanges } from "./model-changes.ts";
import { type ComparedRun, paired } from "./paired.ts";

export interface RunWithFindings extends ComparedRun {
  findings: readonly Finding[];
}

export interface Compared {
  /** What became of the headlines, then the changes that they rest on, then all other changes. */
  findings: Finding[];
  failure_modes: FailureMode[];
  flips: FoundFlip[];
  notes: string[];
}

/** @throws FathomError if the runs cannot be paired */
export function compare(base: RunWithFindings, other: RunWithFindings, seed: number): Compared {
  const { notes, ...answers } = paired(base, other, seed);
  const sides: Sides = { of: [base.name, other.name], shorts: [base.short, other.short], ...answers };
  const { level } = answers.base;
  const primary = settle("change", primaryChanges(sides), level).map(withLeftOpen);
  const findings = [
    ...headlineChanges(sides, [base.findings, other.findings], primary),
    ...primary,
    ...settle("other changes", [...otherChanges(sides), ...modelChanges(sides)], level).map(withLeftOpen),
  ];
  return { findings: rounded(findings), failure_modes: failureModes(primary), flips: flipsOf(sides), notes };
}
