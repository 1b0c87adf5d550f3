/** Pairs from a column that names the ids of the other prompts of a pair or triple, as RefusalBench's paired_with does. */
import { fieldError, given, type Row } from "../rows/fields.ts";

/** The column that is read like this wherever a file has it. */
export const pairedWith = "paired_with";

/**
 * Prompts that name each other, directly or through others, are one pair.
 * @param ids the prompts' ids, in the order of the rows
 * @param column the column of the rows that names the other prompts
 * @returns `pairs`: per row the name of its pair, which is the id of its first prompt; null without a partner in the file.
 *   `absent`: how many named ids no row has
 * @throws FathomError naming `file:line` of a cell that holds no ids
 */
export function pairsOf(
  ids: readonly unknown[],
  rows: readonly Row[],
  column: string,
): { pairs: (string | null)[]; absent: number } {
  const place = new Map(ids.map((id, i) => [id, i]));
  // Each row points to an earlier one of its pair, and the first one to itself.
  const earlier = rows.map((_, i) => i);
  const firstOf = (at: number): number => {
    let first = at;
    while (earlier[first] !== first) first = earlier[first]!;
    return first;
  };
  const absent = new Set<string>();
  rows.forEach((row, i) => {
    for (const name of named(row, column)) {
      const other = place.get(name);
      if (other === undefined) absent.add(name);
      else {
        const [a, b] = [firstOf(i), firstOf(other)];
        earlier[Math.max(a, b)] = Math.min(a, b);
      }
    }
  });
  const firsts = rows.map((_, i) => firstOf(i));
  const shared = new Set(firsts.filter((first, i) => first !== i));
  return {
    pairs: firsts.map((first) => (shared.has(first) ? String(ids[first]) : null)),
    absent: absent.size,
  };
}

/** The ids in a cell: a list, a list as JSON or Python prints it, or ids with , ; or | between them. */
function named(row: Row, column: string): string[] {
  const cell = given(row, column) ?? "";
  if (Array.isArray(cell)) return cell.map((id) => String(id));
  if (typeof cell !== "string")
    throw fieldError(row, column, "ids of other prompts", 'for example ["a", "b"]');
  return cell
    .replace(/^\s*\[|\]\s*$/g, "")
    .split(/[,;|]/)
    .map((id) => id.trim().replace(/^(["'])(.*)\1$/, "$2"))
    .filter((id) => id !== "");
}
