/** A prompt file as rows with columns, whether it is JSON Lines or CSV. Its first character tells which of them it is. */
import { badInput } from "../../core/errors.ts";
import { readCsv } from "../../files/csv/csv.ts";
import { type Row, rowOf } from "./fields.ts";
import { linesOf, promptKind } from "./prompt-lines.ts";
import type { Source } from "./source.ts";

export interface Table {
  form: "json" | "csv";
  /** `file:line` of the first line. */
  where: string;
  /** Names of the columns: those in the header of CSV, and all keys of JSON Lines. */
  columns: ReadonlySet<string>;
  /**
   * At least one. Every row of CSV has all columns, as text.
   * @throws FathomError naming `file:line` of the first row that cannot be read
   */
  rows: () => Row[];
}

/** @throws FathomError naming `file:line` of a line that is not JSON or not an object, or of a header that is not CSV; for an empty file */
export function tableOf(source: Source): Table {
  const isCsv = /^[^\s[{]$/u.test(firstCharacter(source.bytes));
  return isCsv ? csvTable(source) : jsonTable(source);
}

/** The first character that is not white space; "" if there is none. */
function firstCharacter(bytes: Uint8Array): string {
  for (let end = 64; ; end *= 2) {
    const [first = ""] = new TextDecoder().decode(bytes.subarray(0, end)).trimStart();
    if (first !== "" || end >= bytes.length) return first;
  }
}

function jsonTable(source: Source): Table {
  const rows = linesOf(source, promptKind).map(({ where, value }) => rowOf(value, where));
  const columns = new Set(rows.flatMap(({ fields }) => Object.keys(fields)));
  return { form: "json", where: rows[0]!.where, columns, rows: () => rows };
}

function csvTable({ name, bytes }: Source): Table {
  const { where, columns, rows } = readCsv(bytes, name);
  return {
    form: "csv",
    where,
    columns: new Set(columns),
    rows: () => {
      const read = rows().map((row) => ({
        where: row.where,
        fields: Object.fromEntries(columns.map((column, i) => [column, row.cells[i]])),
      }));
      if (read.length > 0) return read;
      throw badInput(where, "at least one row below the header", "none", "a row for each prompt");
    },
  };
}
