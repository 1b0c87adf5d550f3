/**
 * Findings before their status is known. The status of a finding depends on how many others are tested in its group. So an
 * analysis returns drafts, and `settle` decides a whole group at once.
 */
import type { About } from "../../core/records/about.ts";
import type { Finding } from "../../core/records/finding.ts";
import { identified, idOf } from "../../core/records/finding-id.ts";
import type { GateDecision } from "../../stats/multiple/gatekeeping.ts";
import { holm } from "../../stats/multiple/holm.ts";
import { smallestCell } from "./choices.ts";

/** How the status of a draft is decided. */
type Decision =
  /**
   * By a p value, corrected together with the others of its group, or of its family in the hierarchy of headlines. `small` is the
   * two-sided p that the effect is as large as the headlines' margin; it is small if the effect is negligible.
   */
  | { p: number; small?: number }
  /** By a stated rule on the estimate or its interval, without a p value. */
  | { holds: boolean }
  /** There is too little data to decide; the estimate is null. */
  | "undetermined";

export interface Draft<A extends About = About>
  extends Omit<Finding, "id" | "about" | "group" | "level" | "status"> {
  about: A;
  decision: Decision;
}

/** A control without numbers: `kind` says why. */
export const noControl = (kind: string): Finding["control"] => ({ kind, estimate: null, interval: null });

/** A finding that could not be measured, with the reason as its sentence. */
export function missing<A extends About>(
  what: Pick<Draft<A>, "about" | "question" | "unit"> & { n?: number; reason: string },
): Draft<A> {
  const { about, question, unit, n = 0, reason } = what;
  return {
    about,
    question,
    unit,
    n,
    estimate: null,
    interval: null,
    method: "none",
    control: noControl("none"),
    sentence: reason,
    decision: "undetermined",
  };
}

/** The sentence of a cell that is too small. */
export function tooFew(n: number, what: string): string {
  return `undetermined: ${n} ${what}; at least ${smallestCell} are needed.`;
}

/** Findings that the hierarchy of headlines decides, by id. */
export type Decided = ReadonlyMap<string, GateDecision<Family>>;
export type Family = NonNullable<Finding["primary"]>["family"];

/**
 * Decides the status of one group's drafts [m], with Holm's correction over those that have a p value, at error rate 1 − level.
 * @param primary what the hierarchy decided on some of them; those that it tested are no part of the group's correction
 */
export function settle(
  group: string,
  drafts: readonly Draft[],
  level: number,
  primary: Decided = new Map(),
): Finding[] {
  const decidedOn = (about: About) => {
    const decision = primary.get(idOf(about));
    return decision === undefined || decision.adjusted === null
      ? undefined
      : { ...decision, adjusted: decision.adjusted };
  };
  const tested = drafts.flatMap(({ decision, about }) =>
    decision !== "undetermined" && "p" in decision && decidedOn(about) === undefined ? [decision.p] : [],
  );
  const adjusted = holm(tested);
  let next = 0;
  return drafts.map(({ decision, about, ...rest }) => {
    const draft = { ...identified(about), ...rest };
    if (decision === "undetermined") return { ...draft, group, level, status: "undetermined" };
    if ("holds" in decision)
      return { ...draft, group, level, status: decision.holds ? "found" : "not found" };
    const by = decidedOn(about);
    const p = by === undefined ? adjusted[next++]! : by.adjusted;
    const over =
      by === undefined
        ? corrected(p, tested.length, "of this group")
        : corrected(p, by.tests, `of the headlines on ${by.family}`);
    return {
      ...draft,
      group,
      level,
      method: `${draft.method}; p = ${printP(decision.p)}${over}; the interval is not adjusted`,
      status: p < 1 - level ? "found" : "not found",
      ...(by === undefined
        ? {}
        : { primary: { family: by.family, p: decision.p, adjusted: p, tests: by.tests } }),
    };
  });
}

const corrected = (p: number, tests: number, of: string): string =>
  tests === 1 ? "" : `, ${printP(p)} after Holm over the ${tests} tests ${of}`;
export const printP = (p: number): string => (p === 1 ? "1" : p.toPrecision(2));
