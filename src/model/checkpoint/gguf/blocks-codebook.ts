/**
 * ggml's blocks in which four bits are an index into sixteen values, not a step on a scale. They are decoded to the same
 * bits as gguf-py's quants.py, because every product of scales and value fits float32 exactly. Byte i of 16 holds value i
 * in its low half and value i + 16 in its high half.
 */
import { float16Table } from "../../../files/tensors/floats.ts";

/** The values of IQ4_NL and IQ4_XS. They are dense around zero, like weights. */
const nonlinear = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

/** Twice the values of a four-bit float with two bits of exponent and one of fraction (OCP Microscaling, E2M1). */
const doubledE2m1 = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

/** Layout: d (f16), 16 bytes. A weight is d · value. */
export function decodeIq4Nl(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 18, to += 32) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    decode16(bytes, block + 2, nonlinear, d, out, to);
  }
}

/**
 * Layout: d (f16), the high two bits of eight scales (u16), the low four bits of eight scales (4 bytes), 8 × 16 bytes. A
 * weight is d · (scale − 32) · value, with 32 values per scale.
 */
export function decodeIq4Xs(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 136, to += 256) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    const highs = bytes[block + 2]! | (bytes[block + 3]! << 8);
    for (let run = 0; run < 8; run++) {
      const low = (bytes[block + 4 + (run >> 1)]! >> (4 * (run & 1))) & 15;
      const scale = (low | (((highs >> (2 * run)) & 3) << 4)) - 32;
      decode16(bytes, block + 8 + run * 16, nonlinear, d * scale, out, to + run * 32);
    }
  }
}

/**
 * Layout: an exponent e (u8), 16 bytes. A weight is 2^(e − 127) · value.
 * The code uses e − 128, as its values are doubled.
 */
export function decodeMxfp4(bytes: Uint8Array, out: Float32Array, at: number): void {
  for (let block = 0, to = at; block < bytes.length; block += 17, to += 32)
    decode16(bytes, block + 1, doubledE2m1, 2 ** (bytes[block]! - 128), out, to);
}

/** Decodes 16 bytes to 32 weights: scale · values[half byte]. */
function decode16(
  bytes: Uint8Array,
  from: number,
  values: Int8Array,
  scale: number,
  out: Float32Array,
  to: number,
): void {
  for (let i = 0; i < 16; i++) {
    const both = bytes[from + i]!;
    out[to + i] = scale * values[both & 15]!;
    out[to + 16 + i] = scale * values[both >> 4]!;
  }
}
