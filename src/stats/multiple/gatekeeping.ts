/**
 * Tests families of hypotheses in a declared order (Dmitrienko & Tamhane 2007). A family is tested only if its gate is open: if
 * the hypotheses that it depends on were rejected in earlier families. Inside a family Holm's correction keeps the error rate.
 */
import { holm } from "./holm.ts";

export interface Family<Name extends string = string> {
  name: Name;
  /** Names of hypotheses of earlier families that must all be rejected; an empty list: the gate is always open. */
  gate: readonly string[];
  hypotheses: readonly { name: string; p: number }[];
}

export interface GateDecision<Name extends string = string> {
  family: Name;
  /** null: the gate was closed, and the hypothesis was not tested. */
  adjusted: number | null;
  /** Number of hypotheses that were corrected together. */
  tests: number;
  rejected: boolean;
}

/**
 * @param alpha error rate of each family, in (0, 1)
 * @returns the decision on each hypothesis, by its name
 * @throws RangeError if a name occurs twice, or a gate names no hypothesis of an earlier family
 */
export function gatekeeping<Name extends string>(
  families: readonly Family<Name>[],
  alpha: number,
): Map<string, GateDecision<Name>> {
  const decisions = new Map<string, GateDecision<Name>>();
  for (const { name: family, gate, hypotheses } of families) {
    const isOpen = gate.every((name) => {
      const earlier = decisions.get(name);
      if (earlier === undefined)
        throw new RangeError(`gatekeeping: ${family} waits for ${name}, which no earlier family holds`);
      return earlier.rejected;
    });
    const adjusted = holm(hypotheses.map(({ p }) => p));
    hypotheses.forEach(({ name }, i) => {
      if (decisions.has(name)) throw new RangeError(`gatekeeping: ${name} occurs twice`);
      const p = isOpen ? adjusted[i]! : null;
      decisions.set(name, {
        family,
        adjusted: p,
        tests: hypotheses.length,
        rejected: p !== null && p < alpha,
      });
    });
  }
  return decisions;
}
