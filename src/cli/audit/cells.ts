/** The grid of a plan: one cell for each condition, with its answers and its share of the cost. */

import { otherSystemIn, type Variant } from "../../core/asked/variants.ts";
import { canonicalJson } from "../../core/hash.ts";
import type { Condition } from "../../core/records/observation.ts";
import { againWords, templateOf } from "../../core/records/words.ts";
import type { Unit } from "../../jobs/audit/answers/asker.ts";
import { groupBy } from "../../stats/group.ts";
import { count } from "../terminal/quantities.ts";

/** Answers that differ only in prompt and sampling seed are in one cell. */
export interface Cell {
  condition: Omit<Condition, "seed">;
  seeds: number[];
  answers: number;
  /** Of the cost of all cells, which is 1. */
  share: number;
}

/** @param costOf what a unit costs, in any measure */
export function cellsOf(units: readonly Unit[], costOf: (unit: Unit) => number): Cell[] {
  const total = sum(units.map(costOf));
  const cells = groupBy(units, ({ condition: { seed: _, ...condition } }) => canonicalJson(condition));
  return [...cells.values()].map((own) => {
    const { seed: _, ...condition } = own[0]!.condition;
    const seeds = [...new Set(own.map((unit) => unit.condition.seed))];
    return { condition, seeds, answers: own.length, share: sum(own.map(costOf)) / total };
  });
}

/** Rows of a table: the first is named, the others belong to it. @param cost after the share, e.g. "of the time" */
export function cellRows(
  cells: readonly Cell[],
  variants: readonly Variant[],
  cost: string,
): [string, string][] {
  const numbers = cells.map(({ answers }) => count(answers));
  const width = Math.max(...numbers.map((number) => number.length));
  return cells.map(({ condition, share }, i) => {
    // templateOf says the turn.
    const other_system = otherSystemIn(condition, variants);
    const again = againWords({ prefill: condition.prefill, turn: "user", other_system });
    const template = templateOf(condition);
    const words = [
      `${template[0]!.toLowerCase()}${template.slice(1)}`,
      ...(again === null ? [] : [again]),
    ].join(", ");
    const percent = `${Math.round(100 * share)}%`.padStart(4);
    return [
      i === 0 ? "Conditions" : "",
      `${numbers[i]!.padStart(width)} answers, ${percent} ${cost}: ${words}`,
    ];
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
