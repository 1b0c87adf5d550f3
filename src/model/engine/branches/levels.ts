/** The branches of a measurement, segment by segment, and which of them must be computed. */
import type { MaskedRow } from "../edits/batch-edits.ts";
import { type Branch, Branching } from "./branch.ts";
import type { KeptRows } from "./kept-rows.ts";

/** A row on its way up, with the branches that it is in: at last those of the last segment. */
export interface Row {
  request: MaskedRow;
  start: Branch | null;
  rest: Branch;
}

/** Consecutive blocks: `from` is included, `to` is not. */
interface Blocks {
  from: number;
  to: number;
}

/** A segment, and the branches that go through it. */
export interface Level extends Blocks {
  /** The edits of its blocks, by their indices. */
  edits: readonly number[];
  starts: readonly Branch[];
  rests: readonly Branch[];
}

/** Takes the rows through all segments. @param edits the blocks of the edits */
export function levelsOf(
  segments: readonly Blocks[],
  rows: readonly Row[],
  edits: readonly { layer: number }[],
): Level[] {
  return segments.map(({ from, to }) => {
    const own = [...edits.keys()].filter((edit) => edits[edit]!.layer >= from && edits[edit]!.layer < to);
    const starts = new Branching(own);
    for (const row of rows) if (row.start !== null) row.start = starts.next(row.request, row.start, null);
    const rests = new Branching(own);
    for (const row of rows) row.rest = rests.next(row.request, row.rest, row.start);
    return { from, to, edits: own, starts: starts.branches, rests: rests.branches };
  });
}

/**
 * Marks what must be computed, from the top down. What is kept is taken from there, and nothing below it is computed for it. A start
 * must be computed where a branch that continues it is, because its keys and values are not kept.
 * @param seenFrom the first block in which something is looked at: from there on nothing is taken from what is kept
 */
export function markNeeded(
  levels: readonly Level[],
  rows: readonly (Row & { readsStart: boolean })[],
  kept: KeptRows,
  seenFrom: number,
): void {
  const wanted = new Set<Branch>(
    rows.flatMap(({ start, rest, readsStart }) => (start !== null && readsStart ? [start, rest] : [rest])),
  );
  const compute = (branch: Branch) => {
    branch.isNeeded = true;
    if (branch.below !== null) wanted.add(branch.below);
  };
  for (const { to, starts, rests } of levels.toReversed()) {
    const isSeen = to > seenFrom;
    for (const rest of rests) {
      if (!isSeen && (!wanted.has(rest) || kept.restore(rest, to))) continue;
      compute(rest);
      if (rest.start !== null) compute(rest.start);
    }
    for (const start of starts) {
      if (start.isNeeded || (!isSeen && !wanted.has(start))) continue;
      if (isSeen || !kept.restore(start, to)) compute(start);
    }
  }
}
