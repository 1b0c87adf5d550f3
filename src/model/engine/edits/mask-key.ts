/** Tells whether two masks do the same to the same tokens, so that rows share what was computed under them. */
import type { EditMask } from "./edit.ts";

/** The key of a mask that changes nothing. */
export const noMask = "none";

/** Equal for masks that are equal on the tokens `from` to `to` (excluded) of a row. */
export function maskKey(mask: EditMask, from: number, to: number): string {
  if (mask instanceof Float32Array) return featuresKey(mask, 1);
  if ("start" in mask) {
    if (to <= mask.until) return featuresKey(mask.start, 1);
    const rest = featuresKey(mask.features, 1);
    if (from >= mask.until) return rest;
    const start = featuresKey(mask.start, 1);
    return start === rest ? rest : `${start} until ${mask.until - from}, ${rest}`;
  }
  const { features, tokens } = mask;
  const factors = Array.from({ length: to - from }, (_, t) => tokens[Math.min(from + t, tokens.length - 1)]!);
  const [first = 0] = factors;
  if (factors.every((factor) => factor === first)) return featuresKey(features, first);
  return `${featuresKey(features, 1)} at ${factors.join(" ")}`;
}

/** One text per array: many edits and rows have the same mask, and their keys may be kilobytes long. */
const keys = new WeakMap<Float32Array, string>();

function featuresKey(features: Float32Array, factor: number): string {
  if (factor !== 1) return keyOf(features.map((value) => value * factor));
  let key = keys.get(features);
  if (key === undefined) keys.set(features, (key = keyOf(features)));
  return key;
}

function keyOf(values: Float32Array): string {
  if (values.every((value) => value === 0)) return noMask;
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
