/** What a job was begun with against what it is to go on with: the first difference is said by name. */
import { canonicalJson, type Json } from "../../core/hash.ts";

export interface Difference {
  /** As a person reads it: `.model.sha256`, `.saes[1].k`. */
  path: string;
  /** Undefined where there is nothing of this name. */
  begun: Json | undefined;
  now: Json | undefined;
}

/** @param isFree whether what a path has under a key may differ */
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
  // A file that is another is said by its name too: a hash alone tells nobody which.
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
