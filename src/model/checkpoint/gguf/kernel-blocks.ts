/**
 * Converts ggml blocks to the form of the quantized kernel: the same weights in another layout. This is possible when
 * 16 or 32 values share one scale. A number that a block adds to its values becomes the block's minimum. The kernel
 * subtracts a fixed middle (8 or 128), so quants are shifted by that, and minima by the shift times the scale.
 *
 * A scale is a product of a float16 and small integers, which is exact in float32. A shifted minimum is rounded once.
 */
import { float16Table } from "../../../files/tensors/floats.ts";
import { type BlockForm, type BlockRows, emptyRows } from "../../weights/block-form.ts";
import { unpackScales } from "./blocks-k.ts";

/** Unpacks one ggml block: its quants into `q`, and one scale (and minimum) per kernel block in it. */
type Unpack = (
  bytes: Uint8Array,
  at: number,
  q: Uint8Array,
  scales: Float64Array,
  minima: Float64Array,
) => void;

export interface KernelBlocks {
  form: BlockForm;
  valuesPerBlock: number;
  bytesPerBlock: number;
  unpack: Unpack;
}

const symmetric = (bits: 4 | 8, blockSize: 16 | 32): BlockForm => ({
  bits,
  blockSize,
  zeroPoints: false,
  minima: false,
});
const withMinima = (bits: 4 | 8): BlockForm => ({ ...symmetric(bits, 32), minima: true });

const half = (bytes: Uint8Array, at: number): number => float16Table()[bytes[at]! | (bytes[at + 1]! << 8)]!;

/** The low halves of the bytes are values 0 to 15, the high halves are values 16 to 31. */
function nibbles(bytes: Uint8Array, at: number, q: Uint8Array): void {
  for (let i = 0; i < 16; i++) {
    q[i] = bytes[at + i]! & 15;
    q[16 + i] = bytes[at + i]! >> 4;
  }
}

/** Layout: 32 fifth bits, then nibbles. The results are q − 16 + 128. */
function fiveBits(bytes: Uint8Array, at: number, q: Uint8Array): void {
  nibbles(bytes, at + 4, q);
  for (let i = 0; i < 32; i++) q[i]! += 112 + (((bytes[at + (i >> 3)]! >> (i & 7)) & 1) << 4);
}

const unpackQ8_0: Unpack = (bytes, at, q, scales) => {
  scales[0] = half(bytes, at);
  for (let i = 0; i < 32; i++) q[i] = bytes[at + 2 + i]! ^ 128;
};
const unpackQ4_0: Unpack = (bytes, at, q, scales) => {
  scales[0] = half(bytes, at);
  nibbles(bytes, at + 2, q);
};
const unpackQ4_1: Unpack = (bytes, at, q, scales, minima) => {
  scales[0] = half(bytes, at);
  minima[0] = half(bytes, at + 2) + 8 * scales[0];
  nibbles(bytes, at + 4, q);
};
const unpackQ5_0: Unpack = (bytes, at, q, scales) => {
  scales[0] = half(bytes, at);
  fiveBits(bytes, at + 2, q);
};
const unpackQ5_1: Unpack = (bytes, at, q, scales, minima) => {
  scales[0] = half(bytes, at);
  minima[0] = half(bytes, at + 2) + 16 * scales[0];
  fiveBits(bytes, at + 4, q);
};

const subScales = new Uint8Array(8);
const subMinima = new Uint8Array(8);

/** @param middle the middle of the quants; minima are shifted by `middle` times the scale */
function superScales(
  bytes: Uint8Array,
  at: number,
  scales: Float64Array,
  minima: Float64Array,
  middle: number,
) {
  const [d, dmin] = [half(bytes, at), half(bytes, at + 2)];
  unpackScales(bytes, at + 4, subScales, subMinima);
  for (let i = 0; i < 8; i++) {
    scales[i] = d * subScales[i]!;
    minima[i] = middle * scales[i]! - dmin * subMinima[i]!;
  }
}

const unpackQ4K: Unpack = (bytes, at, q, scales, minima) => {
  superScales(bytes, at, scales, minima, 8);
  for (let i = 0; i < 128; i++) {
    const first = (i >> 5) * 64 + (i & 31);
    q[first] = bytes[at + 16 + i]! & 15;
    q[first + 32] = bytes[at + 16 + i]! >> 4;
  }
};
const unpackQ5K: Unpack = (bytes, at, q, scales, minima) => {
  superScales(bytes, at, scales, minima, 16);
  for (let i = 0; i < 128; i++) {
    const pair = i >> 5;
    const first = pair * 64 + (i & 31);
    const fifth = bytes[at + 16 + (i & 31)]! >> (2 * pair);
    q[first] = ((bytes[at + 48 + i]! & 15) | ((fifth & 1) << 4)) + 112;
    q[first + 32] = ((bytes[at + 48 + i]! >> 4) | ((fifth & 2) << 3)) + 112;
  }
};
const unpackQ6K: Unpack = (bytes, at, q, scales) => {
  const d = half(bytes, at + 208);
  for (let i = 0; i < 16; i++) scales[i] = d * ((bytes[at + 192 + i]! << 24) >> 24);
  for (let i = 0; i < 256; i++) {
    const [side, run, lane] = [i >> 7, (i >> 5) & 3, i & 31];
    const low = (bytes[at + side * 64 + (run & 1) * 32 + lane]! >> (4 * (run >> 1))) & 15;
    const high = (bytes[at + 128 + side * 32 + lane]! >> (2 * run)) & 3;
    q[i] = (low | (high << 4)) + 96;
  }
};

const layouts: ReadonlyMap<string, KernelBlocks> = new Map([
  ["Q4_0", { form: symmetric(4, 32), valuesPerBlock: 32, bytesPerBlock: 18, unpack: unpackQ4_0 }],
  ["Q4_1", { form: withMinima(4), valuesPerBlock: 32, bytesPerBlock: 20, unpack: unpackQ4_1 }],
  ["Q5_0", { form: symmetric(8, 32), valuesPerBlock: 32, bytesPerBlock: 22, unpack: unpackQ5_0 }],
  ["Q5_1", { form: withMinima(8), valuesPerBlock: 32, bytesPerBlock: 24, unpack: unpackQ5_1 }],
  ["Q8_0", { form: symmetric(8, 32), valuesPerBlock: 32, bytesPerBlock: 34, unpack: unpackQ8_0 }],
  ["Q4_K", { form: withMinima(4), valuesPerBlock: 256, bytesPerBlock: 144, unpack: unpackQ4K }],
  ["Q5_K", { form: withMinima(8), valuesPerBlock: 256, bytesPerBlock: 176, unpack: unpackQ5K }],
  ["Q6_K", { form: symmetric(8, 16), valuesPerBlock: 256, bytesPerBlock: 210, unpack: unpackQ6K }],
]);

/** The ggml types whose weights the kernel can use without rounding them again. */
export const kernelTypes: readonly string[] = [...layouts.keys()];

/** @returns the kernel's form for the blocks of a ggml type; null when they would have to be rounded again */
export function kernelForm(type: string): BlockForm | null {
  return layouts.get(type)?.form ?? null;
}

/**
 * @param type one of `kernelTypes`
 * @param bytes whole rows of a matrix
 * @param inputs values per row
 */
export function toKernelRows(type: string, bytes: Uint8Array, inputs: number): BlockRows {
  const { form, valuesPerBlock, bytesPerBlock, unpack } = layouts.get(type)!;
  const count = bytes.length / bytesPerBlock;
  const out = emptyRows(form, (count * valuesPerBlock) / inputs, inputs);
  const perBlock = valuesPerBlock / form.blockSize;
  const q = new Uint8Array(valuesPerBlock);
  const scales = new Float64Array(perBlock);
  const minima = new Float64Array(perBlock);
  for (let block = 0; block < count; block++) {
    unpack(bytes, block * bytesPerBlock, q, scales, minima);
    out.scales.set(scales, block * perBlock);
    if (form.minima) out.minima.set(minima, block * perBlock);
    if (form.bits === 8) out.quants.set(q, block * valuesPerBlock);
    else
      for (let i = 0, at = (block * valuesPerBlock) / 2; i < valuesPerBlock; i += 2, at++)
        out.quants[at] = q[i]! | (q[i + 1]! << 4);
  }
  return out;
}
