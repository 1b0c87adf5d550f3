/**
 * Converts the 16-bit floats of checkpoints to float32, exactly, and float32 back, rounded to nearest with ties to
 * even.
 */

let halfTable: Float32Array | null = null;

/** [65,536] the float32 value of every float16 bit pattern. A look-up is several times faster than bit arithmetic. */
export function float16Table(): Float32Array {
  if (halfTable !== null) return halfTable;
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  halfTable = table;
  return table;
}

/** Converts little-endian float16 in `bits` to float32 in `out`, starting at out[at]. */
export function decodeFloat16(bits: Uint16Array, out: Float32Array, at = 0): void {
  const table = float16Table();
  for (let i = 0; i < bits.length; i++) out[at + i] = table[bits[i]!]!;
}

/** Converts bfloat16 in `bits` to float32 in `out`, starting at out[at]. bfloat16 is the upper half of a float32. */
export function decodeBfloat16(bits: Uint16Array, out: Float32Array, at = 0): void {
  const words = new Uint32Array(out.buffer, out.byteOffset + at * 4, bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
}

/** Converts float32 to bfloat16 bits, rounded to nearest with ties to even; NaN stays NaN. */
export function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = words[i]!;
    const isNaN = (word & 0x7fff_ffff) > 0x7f80_0000;
    bits[i] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}
