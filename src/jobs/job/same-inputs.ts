/** A run is resumed only with the inputs with which it began. */
import { badInput } from "../../core/errors.ts";
import { canonicalJson, type Json } from "../../core/hash.ts";
import { firstDifference, isRecord } from "./difference.ts";

/**
 * @param manifest path of the manifest, for the message
 * @param isFree whether the value of a key may differ at this path
 * @throws FathomError naming the first input in which a resumed run would differ from the one begun
 */
export function requireSame(
  manifest: string,
  begun: Json,
  now: Json,
  isFree: (key: string, path: string) => boolean,
): void {
  const differing = firstDifference(begun, now, isFree);
  if (differing === null) return;
  throw badInput(
    `${manifest} inputs${differing.path}`,
    `${shown(differing.begun)} as when the run began`,
    shown(differing.now),
    "resume with the same inputs, or choose another --out",
  );
}

function shown(value: Json | undefined): string {
  if (!isRecord(value) || typeof value["sha256"] !== "string") return canonicalJson(value ?? null);
  const { name, k, sha256 } = value;
  return [
    ...(typeof name === "string" ? [name] : []),
    ...(typeof k === "number" ? [`k = ${k}`] : []),
    `SHA-256 ${sha256}`,
  ].join(", ");
}
