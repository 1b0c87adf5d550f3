/** Measurements as JSON. A typed array becomes base64 of its little-endian bytes, so that every number comes back to the bit. */
import type { Json } from "../../../core/hash.ts";

export type Packed = Json;

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array } as const;
type Name = keyof typeof arrays;

/** @throws RangeError for NaN or an infinity outside a typed array, which JSON cannot hold */
export function packed(value: unknown): Packed {
  if (Array.isArray(value)) return value.map(packed);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new RangeError(`a measurement: expected finite numbers, got ${value}`);
  if (typeof value !== "object" || value === null) return value as Json;
  for (const name of Object.keys(arrays) as Name[])
    if (value instanceof arrays[name]) {
      const { buffer, byteOffset, byteLength } = value;
      return { [name]: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
    }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packed(item)]));
}

export function unpacked(value: Packed): unknown {
  if (Array.isArray(value)) return value.map((item: Packed) => unpacked(item));
  if (typeof value !== "object" || value === null) return value;
  const [[key, item] = [], second] = Object.entries(value) as [string, Packed][];
  if (second === undefined && key !== undefined && Object.hasOwn(arrays, key) && typeof item === "string") {
    const bytes = Uint8Array.from(Buffer.from(item, "base64"));
    return new arrays[key as Name](bytes.buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, unpacked(inner as Packed)]));
}
