/** Tells whether two masks do the same to the same tokens, so that rows share what was computed under them. */
import { type EditMask, maskAt } from "./edit.ts";

/** The key of a mask that changes nothing. */
export const noMask = "none";

/** Equal for masks that are equal on the tokens `from` to `to` (excluded) of a row. */
export function maskKey(mask: EditMask, from: number, to: number): string {
  const parts = Array.from({ length: to - from }, (_, t) => maskAt(mask, from + t));
  const [first] = parts;
  if (first === undefined) return noMask;
  if (parts.every(({ features, factor }) => features === first.features && factor === first.factor))
    return featuresKey(first.features, first.factor);
  if (parts.every(({ features }) => features === first.features))
    return `${featuresKey(first.features, 1)} at ${parts.map(({ factor }) => factor).join(" ")}`;
  const until = parts.findIndex(({ features }) => features !== first.features);
  const [start, rest] = [featuresKey(first.features, 1), featuresKey(parts[until]!.features, 1)];
  return start === rest ? start : `${start} until ${until}, ${rest}`;
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
