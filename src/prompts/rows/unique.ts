/** Checks that ids are unique in a file: they become names of records, tensors and files. */
import { badInput } from "../../core/errors.ts";
import { type Row, shown } from "./fields.ts";

/** @returns a function to call with every line's id, in order. It throws a FathomError at the second use of an id. */
export function uniqueIds(): (id: string, row: Row) => void {
  const first = new Map<string, string>();
  return (id, row) => {
    const earlier = first.get(id);
    if (earlier !== undefined) {
      throw badInput(
        `${row.where}: id`,
        "an id that no other line has",
        `${shown(id)}, which is also the id at ${earlier}`,
        "rename one of the two",
      );
    }
    first.set(id, row.where);
  };
}
