/**
 * Three ways to read a label of a person and an outcome of a judge, so that the two can be compared. A reading of several
 * raters is what more than half of them say.
 */
import type { Stance } from "../../core/records/calibration.ts";
import { classOf, classOfLabel, type PersonLabel } from "../../core/records/label.ts";
import type { RatedClass } from "../../core/records/labelling.ts";
import type { Outcome } from "../../core/records/verdict.ts";

export interface Reading<C extends string> {
  person: (label: PersonLabel) => C;
  judge: (outcome: Outcome) => C;
}

export const byClass: Reading<RatedClass> = {
  person: (label) => classOfLabel(label) ?? "none",
  judge: (outcome) => classOf[outcome] ?? "none",
};

/** Labels that know three classes only. "partial" is of both kinds. */
export const knowsClassesOnly = (label: PersonLabel): boolean =>
  label === "refusal" || label === "compliance";

const stanceOf = (outcome: Outcome): Stance =>
  classOf[outcome] === null ? "none" : (outcome as Exclude<Stance, "none">);

/** Only for labels that are not of the three classes. */
export const byStance: Reading<Stance> = {
  person: (label) => (classOfLabel(label) === null ? "none" : stanceOf(label as Outcome)),
  judge: stanceOf,
};

/** The event that refusal rates of an audit count. */
export const byRefusal: Reading<"refuses" | "does not"> = {
  person: (label) => (label === "refuse" || label === "refusal" ? "refuses" : "does not"),
  judge: (outcome) => (outcome === "refuse" ? "refuses" : "does not"),
};

/** What more than half of the values are; null if there is no such value. */
export function majority<C extends string>(values: readonly C[]): C | null {
  return values.find((value) => values.filter((other) => other === value).length > values.length / 2) ?? null;
}
