/**
 * A line of JSON that carries the SHA-256 of its own text, so that a letter changed later is noticed: of what stands before
 * the checksum and the brace that closes the record. Lines of versions that wrote none are read as they are.
 */
import { createHash } from "node:crypto";
import { badInput, FathomError } from "../../core/errors.ts";
import { decodeLine, parseLine } from "./json-lines.ts";

const [before, behind] = [',"sha256":"', '"}'] as const;
const sealLength = before.length + 64 + behind.length;
const damaged = "the file was damaged after it was written; restore it or start a new run";

/** The record with its checksum, and the newline. @param record of at least one key, none of them sha256 */
export function sealed(record: object): string {
  const open = JSON.stringify(record).slice(0, -1);
  return `${open}${before}${sumOf(open)}${behind}\n`;
}

/** @param bytes without the newline @throws FathomError when it is not JSON or not what was written */
export function unsealed(bytes: Uint8Array, where: string): unknown {
  let text: string;
  let value: unknown;
  try {
    text = decodeLine(bytes, where);
    value = parseLine(text, where);
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    const { expected, found } = error.problem;
    throw badInput(where, expected, found, damaged);
  }
  if (typeof value !== "object" || value === null || !("sha256" in value)) return value;
  const open = text.slice(0, -sealLength);
  if (text.slice(-sealLength) !== `${before}${sumOf(open)}${behind}`)
    throw badInput(where, "the text that its checksum is of", "another", damaged);
  const { sha256: _, ...record } = value;
  return record;
}

const sumOf = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
