/** Reads JSON Lines, also those written by hand. Every error names the line. */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { parseJson } from "../disk/json.ts";
import { byteLines } from "./lines.ts";

export interface JsonLine {
  /** Line number from 1; blank lines count, as in an editor. */
  line: number;
  /** "file:line", the beginning of an error message. */
  where: string;
  value: unknown;
}

/** Reads one JSON value per line; blank lines are skipped. @throws FathomError with file and line */
export function readJsonLines(path: string): JsonLine[] {
  const values: JsonLine[] = [];
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    for (const { number, bytes } of byteLines(fd)) {
      const where = `${path}:${number}`;
      const text = decodeLine(bytes, where);
      if (text.trim() !== "") values.push({ line: number, where, value: parseLine(text, where) });
    }
  } catch (error) {
    throw readProblem(path, error);
  } finally {
    if (fd !== null) closeSync(fd);
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
