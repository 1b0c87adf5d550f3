/**
 * ggml's 32-value blocks, decoded to the same bits as gguf-py's quants.py. A float16 scale times a small integer is exact
 * in float32, and the one addition rounds once. Arithmetic in double, stored as float32, therefore gives the same bits.
 *
 * In the blocks of four and five bits, byte i holds value i in its low half and value i + 16 in its high half.
 */
import { float16Table } from "../../../files/tensors/floats.ts";

/** Layout: d (f16), 16 bytes. A weight is d · (q − 8). */
export function decodeQ4_0(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 18, to += 32) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    for (let i = 0; i < 16; i++) {
      const q = bytes[block + 2 + i]!;
      out[to + i] = d * ((q & 15) - 8);
      out[to + 16 + i] = d * ((q >> 4) - 8);
    }
  }
}

/** Layout: d, m (f16), 16 bytes. A weight is d · q + m. */
export function decodeQ4_1(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 20, to += 32) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    const m = half[bytes[block + 2]! | (bytes[block + 3]! << 8)]!;
    for (let i = 0; i < 16; i++) {
      const q = bytes[block + 4 + i]!;
      out[to + i] = d * (q & 15) + m;
      out[to + 16 + i] = d * (q >> 4) + m;
    }
  }
}

/** Layout: d (f16), 32 fifth bits, 16 bytes. A weight is d · (q − 16). */
export function decodeQ5_0(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 22, to += 32) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    const fifth = fifthBits(bytes, block + 2);
    for (let i = 0; i < 16; i++) {
      const q = bytes[block + 6 + i]!;
      out[to + i] = d * (((q & 15) | (((fifth >>> i) & 1) << 4)) - 16);
      out[to + 16 + i] = d * (((q >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) - 16);
    }
  }
}

/** Layout: d, m (f16), 32 fifth bits, 16 bytes. A weight is d · q + m. */
export function decodeQ5_1(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 24, to += 32) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    const m = half[bytes[block + 2]! | (bytes[block + 3]! << 8)]!;
    const fifth = fifthBits(bytes, block + 4);
    for (let i = 0; i < 16; i++) {
      const q = bytes[block + 8 + i]!;
      out[to + i] = d * ((q & 15) | (((fifth >>> i) & 1) << 4)) + m;
      out[to + 16 + i] = d * ((q >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) + m;
    }
  }
}

/** Layout: d (f16), 32 signed bytes. A weight is d · q. */
export function decodeQ8_0(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 34, to += 32) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    for (let i = 0; i < 32; i++) out[to + i] = d * ((bytes[block + 2 + i]! << 24) >> 24);
  }
}

/** The fifth bits of 32 values, little-endian; bit i belongs to value i. */
function fifthBits(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
