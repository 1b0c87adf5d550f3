/** Reads JSON Lines, also those written by hand. Every error names the line. */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { parseJson } from "../disk/json.ts";
import { type ByteLine, byteLines, linesIn } from "./lines.ts";

export interface JsonLine {
  /** Line number from 1; blank lines count, as in an editor. */
  line: number;
  /** "file:line", the beginning of an error message. */
  where: string;
  value: unknown;
}

/** Reads one JSON value per line; blank lines are skipped. @throws FathomError with file and line */
export function readJsonLines(path: string): JsonLine[] {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    return valuesOf(byteLines(fd), path);
  } catch (error) {
    throw readProblem(path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** The same for a file that is in memory. @param name what errors call it */
export function jsonLinesIn(file: Uint8Array, name: string): JsonLine[] {
  return valuesOf(linesIn(file), name);
}

function valuesOf(lines: Iterable<Pick<ByteLine, "number" | "bytes">>, name: string): JsonLine[] {
  const values: JsonLine[] = [];
  for (const { number, bytes } of lines) {
    const where = `${name}:${number}`;
    const text = decodeLine(bytes, where);
    if (text.trim() !== "") values.push({ line: number, where, value: parseLine(text, where) });
  }
  return values;
}

/** The text of records as JSON Lines, one per line. */
export function jsonLines(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** @throws FathomError if the bytes are not UTF-8 */
export function decodeLine(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badInput(where, "UTF-8 text", "bytes that are not UTF-8");
  }
}

/** @throws FathomError if the text is not one JSON value */
export function parseLine(text: string, where: string): unknown {
  return parseJson(text, where, "one JSON value on the line");
}
