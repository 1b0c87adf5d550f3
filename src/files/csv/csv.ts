/**
 * Reads CSV as spreadsheets and other projects write it: quotes, line breaks in fields, CRLF, a byte order mark, and a comma, a
 * semicolon or a tab between fields, which the header line tells. The library parses; this file finds the delimiter and the line
 * on which a row begins, and says in one line what is wrong.
 */
import { CsvError, parse } from "csv-parse/sync";
import { badInput } from "../../core/errors.ts";

export interface CsvRow {
  /** `file:line` of the line that the row begins on. */
  where: string;
  /** One per column, as written. An empty cell is "". */
  cells: string[];
}

export interface CsvTable {
  /** `file:line` of the header. */
  where: string;
  /** The names in the header, without white space around them. Names differ; several columns may have the name "". */
  columns: string[];
  /** Parses the rows below the header. @throws FathomError naming `file:line` of a row that is not CSV or has too many or few fields */
  rows: () => CsvRow[];
}

/** Errors of the parser that a file can cause, as what was found. */
const faults: Partial<Record<CsvError["code"], string>> = {
  INVALID_OPENING_QUOTE: 'a " inside a field that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'text behind the " that closes a field',
  CSV_QUOTE_NOT_CLOSED: 'a field whose " is never closed',
};

/**
 * @param bytes UTF-8, with or without a byte order mark
 * @param name what errors call the file
 * @throws FathomError for a header that is not CSV, is missing, or names a column twice
 */
export function readCsv(bytes: Uint8Array, name: string): CsvTable {
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(mark ? 3 : 0);
  const delimiter = delimiterOf(text);
  const [header] = recordsOf(text, name, delimiter, 1);
  if (header === undefined) throw badInput(name, "a header line with names of columns", "no line at all");
  const columns = header.cells.map((column) => column.trim());
  const twice = columns.find((column, i) => column !== "" && columns.indexOf(column) !== i);
  if (twice !== undefined)
    throw badInput(
      header.where,
      "names of columns that differ",
      `${JSON.stringify(twice)} twice`,
      "rename one of the two in the header",
    );
  return {
    where: header.where,
    columns,
    rows: () =>
      recordsOf(text, name, delimiter)
        .slice(1)
        .map((row) => {
          if (row.cells.length === columns.length) return row;
          throw badInput(
            row.where,
            `${columns.length} ${columns.length === 1 ? "field" : "fields"}, as the header has`,
            String(row.cells.length),
            `write a field that holds ${delimiterNames[delimiter]} or a line break in double quotes`,
          );
        }),
  };
}

const delimiterNames = { ",": "a comma", ";": "a semicolon", "\t": "a tab" } as const;
type Delimiter = keyof typeof delimiterNames;

/** The delimiter that the header line has most often outside of quotes; a comma if it has none. */
function delimiterOf(text: Buffer): Delimiter {
  const counts: Record<Delimiter, number> = { ",": 0, ";": 0, "\t": 0 };
  let isQuoted = false;
  for (const byte of text.subarray(headerStart(text))) {
    const character = String.fromCharCode(byte);
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (isLineEnd(byte)) break;
    else if (character in counts) counts[character as Delimiter] += 1;
  }
  const [most] = (Object.keys(counts) as Delimiter[]).toSorted((a, b) => counts[b] - counts[a]);
  return most!;
}

/** The records of the file, without blank lines. @param to the number of records to read; all when not given */
function recordsOf(text: Buffer, name: string, delimiter: Delimiter, to?: number): CsvRow[] {
  const lineOf = lineCounter(text);
  const rows: CsvRow[] = [];
  // The parser counts a CRLF inside quotes as two lines, so lines are counted here, by the bytes at which records end.
  const begin = headerStart(text);
  let end = begin;
  const place = (): string => `${name}:${lineOf(startFrom(text, end))}`;
  try {
    parse(text.subarray(begin), {
      ...{
        delimiter,
        record_delimiter: ["\r\n", "\n", "\r"],
        relax_column_count: true,
        skip_empty_lines: true,
      },
      ...(to === undefined ? {} : { to }),
      on_record: (cells: string[], { bytes }) => {
        const where = place();
        end = begin + bytes;
        const isBlank = cells.length === 1 && cells[0]!.trim() === "";
        if (!isBlank) rows.push({ where, cells });
        return null;
      },
    });
  } catch (error) {
    const found = error instanceof CsvError ? faults[error.code] : undefined;
    if (found === undefined) throw error;
    throw badInput(
      place(),
      "a row of CSV",
      found,
      'write the field in double quotes, and double each " that belongs to it',
    );
  }
  return rows;
}

const isLineEnd = (byte: number | undefined): boolean => byte === 10 || byte === 13;

/** Where the first line that is not blank begins. */
function headerStart(text: Buffer): number {
  let start = 0;
  for (const [at, byte] of text.entries()) {
    if (isLineEnd(byte)) start = at + 1;
    else if (byte !== 32 && byte !== 9) break;
  }
  return start;
}

/** Where the next record begins: behind blank lines. */
function startFrom(text: Buffer, end: number): number {
  let at = end;
  while (isLineEnd(text[at])) at += 1;
  return at;
}

/** @returns a function from a byte to its line, from 1, as an editor counts. Call it with rising numbers. */
function lineCounter(text: Buffer): (byte: number) => number {
  let line = 1;
  let at = 0;
  return (byte) => {
    for (; at < byte; at += 1) {
      // A CRLF is one line end, and is counted at its line feed.
      if (text[at] === 10 || (text[at] === 13 && text[at + 1] !== 10)) line += 1;
    }
    return line;
  };
}
