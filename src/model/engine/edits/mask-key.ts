/** Tells whether two masks do the same to the same tokens, so that rows share what was computed under them. */
import type { EditMask } from "./edit.ts";

/** The key of a mask that changes nothing. */
export const noMask = "none";

/** Equal for masks that are equal on the tokens `from` to `to` (excluded) of a row. */
export function maskKey(mask: EditMask, from: number, to: number): string {
  if (mask instanceof Float32Array) return featuresKey(mask, 1);
  const { features, tokens } = mask;
  const factors = Array.from({ length: to - from }, (_, t) => tokens[Math.min(from + t, tokens.length - 1)]!);
  const [first = 0] = factors;
  if (factors.every((factor) => factor === first)) return featuresKey(features, first);
  return `${featuresKey(features, 1)} at ${factors.join(" ")}`;
}

function featuresKey(features: Float32Array, factor: number): string {
  const values = factor === 1 ? features : features.map((value) => value * factor);
  if (values.every((value) => value === 0)) return noMask;
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}
