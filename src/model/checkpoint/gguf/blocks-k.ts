/**
 * ggml's 256-value "K" blocks, decoded to the same bits as gguf-py's quants.py. Every product fits float32 exactly
 * (11 bits of scale, at most 7 of sub-scale, at most 6 of value). Only the final subtraction rounds, once.
 */
import { float16Table } from "../../../files/tensors/floats.ts";

/**
 * Unpacks eight six-bit scales and eight six-bit minima from 12 bytes. The first four scales are in bytes 0–3, the first
 * four minima in bytes 4–7. For the other four of each, bytes 8–11 hold the low four bits, and the top bits of bytes 0–7
 * hold the high two.
 */
export function unpackScales(bytes: Uint8Array, at: number, scales: Uint8Array, minima: Uint8Array): void {
  for (let i = 0; i < 4; i++) {
    const d = bytes[at + i]!;
    const m = bytes[at + 4 + i]!;
    const low = bytes[at + 8 + i]!;
    scales[i] = d & 63;
    minima[i] = m & 63;
    scales[i + 4] = (low & 15) | ((d >> 2) & 48);
    minima[i + 4] = (low >> 4) | ((m >> 2) & 48);
  }
}

/**
 * Layout: 16 bytes of scales (low half) and minima (high half), 64 bytes of two-bit pairs, d, dmin (f16). A weight is
 * d · scale · q − dmin · minimum, with 16 values per scale. Each half of 128 values has 32 bytes; the four pairs of a
 * byte belong to four runs of 32 values.
 */
export function decodeQ2K(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 84, to += 256) {
    const d = half[bytes[block + 80]! | (bytes[block + 81]! << 8)]!;
    const dmin = half[bytes[block + 82]! | (bytes[block + 83]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const both = bytes[block + group]!;
      const [scale, minimum] = [d * (both & 15), dmin * (both >> 4)];
      const pairs = block + 16 + (group >> 3) * 32 + (group & 1) * 16;
      const shift = 2 * ((group >> 1) & 3);
      for (let i = 0; i < 16; i++)
        out[to + group * 16 + i] = scale * ((bytes[pairs + i]! >> shift) & 3) - minimum;
    }
  }
}

/**
 * Layout: 32 bytes of third bits, 64 bytes of pairs as in Q2_K, 12 bytes of scales, d (f16). A weight is
 * d · (scale − 32) · (q − 4). In the third bits, bit s of byte i belongs to value i of run s. For scale g, byte g mod 8
 * holds the low four bits, and byte 8 + g mod 4 holds the high two.
 */
export function decodeQ3K(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 110, to += 256) {
    const d = half[bytes[block + 108]! | (bytes[block + 109]! << 8)]!;
    for (let group = 0; group < 16; group++) {
      const low = (bytes[block + 96 + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
      const high = (bytes[block + 104 + (group & 3)]! >> (2 * (group >> 2))) & 3;
      const scale = d * ((low | (high << 4)) - 32);
      const [run, offset] = [group >> 1, (group & 1) * 16];
      const pairs = block + 32 + (group >> 3) * 32 + offset;
      for (let i = 0; i < 16; i++) {
        const third = (bytes[block + offset + i]! >> run) & 1;
        const pair = (bytes[pairs + i]! >> (2 * (run & 3))) & 3;
        out[to + group * 16 + i] = scale * ((pair | (third << 2)) - 4);
      }
    }
  }
}

/**
 * Layout: d, dmin (f16), 12 bytes of scales, 128 bytes.
 * A weight is d · scale · q − dmin · minimum, 32 values per scale.
 */
export function decodeQ4K(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  const scales = new Uint8Array(8);
  const minima = new Uint8Array(8);
  for (let block = 0, to = at; block < bytes.length; block += 144, to += 256) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    const dmin = half[bytes[block + 2]! | (bytes[block + 3]! << 8)]!;
    unpackScales(bytes, block + 4, scales, minima);
    for (let pair = 0; pair < 4; pair++) {
      const [dLow, dHigh] = [d * scales[2 * pair]!, d * scales[2 * pair + 1]!];
      const [mLow, mHigh] = [dmin * minima[2 * pair]!, dmin * minima[2 * pair + 1]!];
      for (let i = 0; i < 32; i++) {
        const q = bytes[block + 16 + pair * 32 + i]!;
        out[to + pair * 64 + i] = dLow * (q & 15) - mLow;
        out[to + pair * 64 + 32 + i] = dHigh * (q >> 4) - mHigh;
      }
    }
  }
}

/** Like Q4_K, with a fifth bit per value: bit s of byte i (of 32) belongs to value i of sub-block s. */
export function decodeQ5K(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  const scales = new Uint8Array(8);
  const minima = new Uint8Array(8);
  for (let block = 0, to = at; block < bytes.length; block += 176, to += 256) {
    const d = half[bytes[block]! | (bytes[block + 1]! << 8)]!;
    const dmin = half[bytes[block + 2]! | (bytes[block + 3]! << 8)]!;
    unpackScales(bytes, block + 4, scales, minima);
    for (let pair = 0; pair < 4; pair++) {
      const [dLow, dHigh] = [d * scales[2 * pair]!, d * scales[2 * pair + 1]!];
      const [mLow, mHigh] = [dmin * minima[2 * pair]!, dmin * minima[2 * pair + 1]!];
      for (let i = 0; i < 32; i++) {
        const fifth = bytes[block + 16 + i]! >> (2 * pair);
        const q = bytes[block + 48 + pair * 32 + i]!;
        out[to + pair * 64 + i] = dLow * ((q & 15) | ((fifth & 1) << 4)) - mLow;
        out[to + pair * 64 + 32 + i] = dHigh * ((q >> 4) | ((fifth & 2) << 3)) - mHigh;
      }
    }
  }
}

/**
 * Layout: 128 bytes of low halves, 64 bytes of high pairs, 16 signed scales, d (f16). A weight is d · scale · (q − 32),
 * with 16 values per scale.
 */
export function decodeQ6K(bytes: Uint8Array, out: Float32Array, at: number): void {
  const half = float16Table();
  for (let block = 0, to = at; block < bytes.length; block += 210, to += 256) {
    const d = half[bytes[block + 208]! | (bytes[block + 209]! << 8)]!;
    // There are two halves of 128 values. In each, four runs of 32 share 64 low bytes and 32 high bytes.
    for (let side = 0; side < 2; side++) {
      for (let run = 0; run < 4; run++) {
        const low = block + side * 64 + (run & 1) * 32;
        const high = block + 128 + side * 32;
        const first = to + side * 128 + run * 32;
        for (let i = 0; i < 32; i++) {
          const scale = (bytes[block + 192 + side * 8 + run * 2 + (i >> 4)]! << 24) >> 24;
          const lowBits = (bytes[low + i]! >> (run >> 1 ? 4 : 0)) & 15;
          const highBits = (bytes[high + i]! >> (2 * run)) & 3;
          out[first + i] = d * scale * ((lowBits | (highBits << 4)) - 32);
        }
      }
    }
  }
}
