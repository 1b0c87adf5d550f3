/** JSON Lines, as people write them too: every error says which line. */
import { closeSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { parseJson } from "../disk/json.ts";
import { byteLines } from "./lines.ts";

export interface JsonLine {
  /** From 1, counting blank lines, as an editor does. */
  line: number;
  /** "file:line", to begin an error message with. */
  where: string;
  value: unknown;
}

/** One JSON value a line; blank lines are skipped. @throws FathomError with file and line */
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

/** Records as they are written, one a line. */
export function jsonLines(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** @throws FathomError when the bytes are not UTF-8 */
export function decodeLine(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badInput(where, "UTF-8 text", "bytes that are not UTF-8");
  }
}

/** @throws FathomError when the text is not one JSON value */
export function parseLine(text: string, where: string): unknown {
  return parseJson(text, where, "one JSON value on the line");
}
