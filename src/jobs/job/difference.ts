/** Compares the inputs with which a job began with those of its resume, and names the first difference. */
import { canonicalJson, type Json } from "../../core/hash.ts";

export interface Difference {
  /** The keys that lead to it, such as `.model.sha256` or `.saes[1].k`. */
  path: string;
  /** undefined if the key does not exist. */
  begun: Json | undefined;
  now: Json | undefined;
}

/** @param isFree whether the value of a key may differ at this path */
export function firstDifference(
  begun: Json | undefined,
  now: Json | undefined,
  isFree: (key: string, path: string) => boolean,
  path = "",
): Difference | null {
  if (canonicalJson(begun ?? null) === canonicalJson(now ?? null)) return null;
  if (areRecords(begun) && areRecords(now) && begun.length === now.length) {
    for (const [i, item] of begun.entries()) {
      const found = firstDifference(item, now[i], isFree, `${path}[${i}]`);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isRecord(begun) || !isRecord(now)) return { path, begun, now };
  // For another file the whole record is the difference, with the file's name: a hash alone tells nobody which file it is.
  if (begun["sha256"] !== now["sha256"]) return { path, begun, now };
  for (const key of new Set([...Object.keys(begun), ...Object.keys(now)])) {
    const found = isFree(key, path) ? null : firstDifference(begun[key], now[key], isFree, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

export function isRecord(value: Json | undefined): value is Record<string, Json> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function areRecords(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value) && (value as readonly Json[]).every(isRecord);
}
