/** Reads one JSON object of a user's file field by field, so that every error names file, line, field and what to try. */
import { badInput, type FathomError } from "../../core/errors.ts";

export interface Row {
  /** `file:line`. */
  where: string;
  fields: Readonly<Record<string, unknown>>;
}

/** How many characters of a wrong value an error shows. */
const shownCharacters = 60;

/** Makes a Row from a parsed line. @throws FathomError if the line is JSON but not an object */
export function rowOf(value: unknown, where: string, what = "prompt"): Row {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw badInput(where, `a JSON object with id and ${what}`, shown(value), "one {…} object on each line");
  }
  return { where, fields: { ...value } };
}

/** The value of an own field; undefined if it is absent or null. */
export function given(row: Row, field: string): unknown {
  return Object.hasOwn(row.fields, field) ? (row.fields[field] ?? undefined) : undefined;
}

/**
 * Reads a text that holds more than white space.
 * @throws FathomError if it is absent, not a text, blank or not valid Unicode
 */
export function requiredText(row: Row, field: string, hint: string): string {
  const text = optionalText(row, field, hint);
  if (text === undefined) throw fieldError(row, field, "a text", hint);
  return text;
}

/** Like `requiredText`, but undefined if the field is absent or null. */
export function optionalText(row: Row, field: string, hint: string): string | undefined {
  const value = given(row, field);
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw fieldError(row, field, "a text", hint);
  if (value.trim() === "") throw fieldError(row, field, "a text that is not blank", hint);
  return wholeText(value, `${row.where}: ${field}`);
}

/**
 * Returns the text unchanged.
 * @throws FathomError if it holds half a surrogate pair (JSON's \u escapes can write one). Such a text has no UTF-8
 *   form, so two different ones would be tokenized and hashed as if they were equal.
 */
export function wholeText(text: string, where: string): string {
  if (/\p{Surrogate}/u.test(text)) {
    throw badInput(where, "Unicode text", "half a surrogate pair", "write the character itself, in UTF-8");
  }
  return text;
}

export function fieldError(row: Row, field: string, expected: string, hint: string): FathomError {
  const found = Object.hasOwn(row.fields, field) ? shown(row.fields[field]) : "no such field";
  return badInput(`${row.where}: ${field}`, expected, found, hint);
}

/** A value as an error shows it: short, and with its kind if the JSON alone could mislead. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value);
  const cut = json.length > shownCharacters ? `${json.slice(0, shownCharacters)}…` : json;
  if (typeof value === "number") return `the number ${cut}`;
  if (Array.isArray(value)) return `a list ${cut}`;
  return cut;
}
