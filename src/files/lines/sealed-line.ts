/**
 * A line of JSON that holds the SHA-256 of its own text, so that any later change is noticed. The checksum covers the
 * text before it, without the brace that closes the record. Lines of earlier versions, without a checksum, are read
 * without this check.
 */
import { hash } from "node:crypto";
import { badInput, FathomError } from "../../core/errors.ts";
import { decodeLine, parseLine } from "./json-lines.ts";

const [before, behind] = [',"sha256":"', '"}'] as const;
const sealLength = before.length + 64 + behind.length;
const damaged = "the file was damaged after it was written; restore it or start a new run";

/** The line for a record: its text, its checksum and a newline. @param record has at least one key, and no key sha256 */
export function sealed(record: object): string {
  const open = JSON.stringify(record).slice(0, -1);
  return `${open}${before}${sumOf(open)}${behind}\n`;
}

/** @param bytes the line without the newline @throws FathomError if it is not JSON or does not match its checksum */
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

const sumOf = (text: string): string => hash("sha256", text);
