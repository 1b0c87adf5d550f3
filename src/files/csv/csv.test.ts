/** CSV as programs write it, with the line of every row; and what is said of CSV that is none. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FathomError } from "../../core/errors.ts";
import { readCsv } from "./csv.ts";

function read(text: string): { columns: string[]; rows: string[][]; at: string[] } {
  const { where, columns, rows } = readCsv(Buffer.from(text), "f.csv");
  const all = rows();
  return { columns, rows: all.map(({ cells }) => cells), at: [where, ...all.map((row) => row.where)] };
}

test.each<[string, string, string[], string[][], number[]]>([
  [
    "plain",
    "a,b\n1,2\n3,4\n",
    ["a", "b"],
    [
      ["1", "2"],
      ["3", "4"],
    ],
    [1, 2, 3],
  ],
  ["no last line end", "a,b\n1,2", ["a", "b"], [["1", "2"]], [1, 2]],
  ["a byte order mark and CRLF", "\uFEFFa,b\r\n1,2\r\n", ["a", "b"], [["1", "2"]], [1, 2]],
  [
    "old line ends",
    "a,b\r1,2\r3,4\r",
    ["a", "b"],
    [
      ["1", "2"],
      ["3", "4"],
    ],
    [1, 2, 3],
  ],
  ["semicolons", "a;b\n1,5;2\n", ["a", "b"], [["1,5", "2"]], [1, 2]],
  ["tabs", "a\tb\n1\t\n", ["a", "b"], [["1", ""]], [1, 2]],
  ["a delimiter inside quotes of the header", '"a;b;c",d\n1,2\n', ["a;b;c", "d"], [["1", "2"]], [1, 2]],
  ["one column whose texts hold a semicolon", "a\nx; y\n", ["a"], [["x; y"]], [1, 2]],
  ["quotes", 'a,b\n"say ""no""",""\n', ["a", "b"], [['say "no"', ""]], [1, 2]],
  [
    "line breaks in fields and CRLF: rows have the line that they begin on",
    'a,b\r\n"x\r\n\r\ny",1\r\n2,3\r\n',
    ["a", "b"],
    [
      ["x\r\n\r\ny", "1"],
      ["2", "3"],
    ],
    [1, 2, 5],
  ],
  [
    "blank lines",
    "\n \na,b\n\n1,2\n  \n\n3,4\n\n",
    ["a", "b"],
    [
      ["1", "2"],
      ["3", "4"],
    ],
    [3, 5, 8],
  ],
  ["white space around names, not around values", " a , b\n 1, 2\n", ["a", "b"], [[" 1", " 2"]], [1, 2]],
  ["columns without a name", ",a,\n0,1,2\n", ["", "a", ""], [["0", "1", "2"]], [1, 2]],
])("%s", (_name, text, columns, rows, lines) => {
  expect(read(text)).toEqual({ columns, rows, at: lines.map((line) => `f.csv:${line}`) });
});

test.each<[string, string, string]>([
  [
    "a row that is short",
    "a,b\n1,2\n\n3\n",
    "f.csv:4: expected 2 fields, as the header has, found 1. Try: write",
  ],
  ["a row that is long", "a\n1,2\n", "f.csv:2: expected 1 field, as the header has, found 2"],
  ["a column twice", "a,b, a\n1,2,3\n", 'f.csv:1: expected names of columns that differ, found "a" twice'],
  [
    "a quote that stays open",
    'a,b\n1,2\n"3,4\n5,6\n',
    'f.csv:3: expected a row of CSV, found a field whose " is never',
  ],
  ["a quote in a field", 'a,b\n1,5" pipe\n', 'f.csv:2: expected a row of CSV, found a " inside a field'],
  ["text behind a quote", 'a,b\n"1\n" 2,3\n', 'f.csv:2: expected a row of CSV, found text behind the "'],
  ["nothing", "", "f.csv: expected a header line with names of columns, found no line at all"],
])("%s", (_name, text, message) => {
  const failed = () => read(text);
  expect(failed).toThrow(FathomError);
  expect(failed).toThrow(message);
});

test("what is quoted is what is read, for any cells", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "é", '"', ",", ";", "\t", "\n", "\r\n", " ") });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell), { minLength: 1 }),
      fc.constantFrom(",", ";", "\t"),
      fc.constantFrom("\n", "\r\n"),
      (rows, delimiter, end) => {
        const quoted = (cells: string[]) =>
          cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter);
        expect(read([["a", "b"], ...rows].map(quoted).join(end)).rows).toEqual(rows);
      },
    ),
  );
});
