/** Content addresses: SHA-256 over canonical JSON. Equal inputs have equal hashes on every machine. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * JSON without white space, keys sorted by code unit. Members that are `undefined` are left out.
 * @throws RangeError for NaN and infinities
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonicalJson(item)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value as Record<string, Json | undefined>)
      .filter((entry): entry is [string, Json] => entry[1] !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RangeError(`canonicalJson: expected a finite number, got ${value}`);
  return JSON.stringify(value);
}

/** SHA-256 of a value's canonical JSON, 64 hex digits. */
export function hashJson(value: Json): string {
  return hashText(canonicalJson(value));
}

/** SHA-256 of a string's UTF-8 bytes, 64 hex digits. */
export function hashText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}
