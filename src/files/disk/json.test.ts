/** JSON that JSON.parse accepts but later code cannot use. */
import { expect, test } from "vitest";
import { parseJson, parsePythonJson } from "./json.ts";

test("valid JSON gives the same value as JSON.parse", () => {
  for (const text of [
    '{"a":[1,-2.5e-3,1E+2,"]]{\\"\\\\",null,true,false,[],{}],"\\\\":"\\u005b[[["}',
    "[".repeat(100) + "]".repeat(100),
    "-1.7976931348623157e308",
    '""',
  ])
    expect(parseJson(text, "f")).toEqual(JSON.parse(text));
});

test("nesting that is too deep and numbers that are too large are refused quickly", () => {
  const start = performance.now();
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"a":', "}]"],
  ] as const) {
    expect(() => parseJson(`${open.repeat(101)}1${close.repeat(101)}`, "f")).toThrow(
      "f: expected JSON that nests at most 100 deep, found deeper",
    );
    expect(() => parseJson(open.repeat(5_000_000), "f")).toThrow("found deeper");
  }
  for (const number of ["1e999", "-1e999", "9".repeat(400)])
    expect(() => parseJson(`{"a":[${number}]}`, "f")).toThrow("f: expected numbers that fit in a double");
  expect(performance.now() - start).toBeLessThan(5000);
});

test("a text that is not JSON is refused in one line", () => {
  for (const text of ["", "{", '"', '"\\', "[1", "1e", "-", "\u0000", '{"a":1,}', "NaN"])
    expect(() => parseJson(text, "f")).toThrow(/^f: expected JSON, found [^\n]*$/);
});

test("NaN and infinities, which Python writes, are refused by name or read as strings", () => {
  for (const word of ["NaN", "Infinity", "-Infinity"]) {
    const text = `{"NaN": "a \\" NaN, Infinity", "b": [1, ${word}, -2]}`;
    expect(() => parseJson(text, "f", "JSON", "fetch it again")).toThrow(
      `f: expected JSON, found ${word}, a number that JSON has not`,
    );
    expect(() => parseJson(text, "f", "JSON", "fetch it again")).not.toThrow(/fetch it again/);
    expect(parsePythonJson(text, "f")).toEqual({ NaN: 'a " NaN, Infinity', b: [1, word, -2] });
  }
  for (const text of ['{"a": Nan}', '{"a": -NaN}', '["', '{"a": NaNNaN}', "[NaN"])
    expect(() => parsePythonJson(text, "f")).toThrow(/^f: expected JSON, found/);
  const start = performance.now();
  expect(() => parsePythonJson(`[NaN, "${'\\"'.repeat(1_000_000)}`, "f")).toThrow(/^f: expected JSON/);
  expect(performance.now() - start).toBeLessThan(5000);
});
