/** The ggml tensor types that Fathom decodes, by their numbers in a GGUF file. */
import { badInput } from "../../../core/errors.ts";
import { decodeBfloat16, decodeFloat16 } from "../../../files/tensors/floats.ts";
import type { WeightDType } from "../../weights/weights.ts";
import { decodeIq4Nl, decodeIq4Xs, decodeMxfp4 } from "./blocks-codebook.ts";
import { decodeQ2K, decodeQ3K, decodeQ4K, decodeQ5K, decodeQ6K } from "./blocks-k.ts";
import { decodeQ4_0, decodeQ4_1, decodeQ5_0, decodeQ5_1, decodeQ8_0 } from "./blocks-legacy.ts";

/**
 * Decodes whole blocks to float32.
 * @param bytes the blocks; they begin at offset 0 of the array's buffer
 * @param out receives float32 values, from out[at] on
 */
type DecodeBlocks = (bytes: Uint8Array<ArrayBuffer>, out: Float32Array<ArrayBuffer>, at: number) => void;

export interface BlockType {
  /** ggml's name of the type. */
  name: string;
  valuesPerBlock: number;
  bytesPerBlock: number;
  /** The float type when the bytes are plain floats; null for quantized blocks. */
  plain: WeightDType | null;
  /**
   * For a quantized block, the offsets in bytes of its float16 scales and minima. All its other parts are whole
   * numbers, so a block is finite when these are. null when the block has no float16 scales.
   */
  scales: readonly number[] | null;
  decode: DecodeBlocks;
}

const wideFloats: DecodeBlocks = (bytes, out, at) => {
  out.set(new Float32Array(bytes.buffer), at);
};
const halfFloats: DecodeBlocks = (bytes, out, at) => {
  decodeFloat16(new Uint16Array(bytes.buffer), out, at);
};
const brainFloats: DecodeBlocks = (bytes, out, at) => {
  decodeBfloat16(new Uint16Array(bytes.buffer), out, at);
};

function quantized(
  name: string,
  valuesPerBlock: number,
  bytesPerBlock: number,
  scales: readonly number[] | null,
  decode: DecodeBlocks,
): BlockType {
  return { name, valuesPerBlock, bytesPerBlock, plain: null, scales, decode };
}

/** ggml_type (ggml.h) → how to decode it. */
const types: ReadonlyMap<number, BlockType> = new Map([
  [
    0,
    { name: "F32", valuesPerBlock: 1, bytesPerBlock: 4, plain: "float32", scales: null, decode: wideFloats },
  ],
  [
    1,
    { name: "F16", valuesPerBlock: 1, bytesPerBlock: 2, plain: "float16", scales: null, decode: halfFloats },
  ],
  [2, quantized("Q4_0", 32, 18, [0], decodeQ4_0)],
  [3, quantized("Q4_1", 32, 20, [0, 2], decodeQ4_1)],
  [6, quantized("Q5_0", 32, 22, [0], decodeQ5_0)],
  [7, quantized("Q5_1", 32, 24, [0, 2], decodeQ5_1)],
  [8, quantized("Q8_0", 32, 34, [0], decodeQ8_0)],
  [10, quantized("Q2_K", 256, 84, [80, 82], decodeQ2K)],
  [11, quantized("Q3_K", 256, 110, [108], decodeQ3K)],
  [12, quantized("Q4_K", 256, 144, [0, 2], decodeQ4K)],
  [13, quantized("Q5_K", 256, 176, [0, 2], decodeQ5K)],
  [14, quantized("Q6_K", 256, 210, [208], decodeQ6K)],
  [20, quantized("IQ4_NL", 32, 18, [0], decodeIq4Nl)],
  [23, quantized("IQ4_XS", 256, 136, [0], decodeIq4Xs)],
  [
    30,
    {
      name: "BF16",
      valuesPerBlock: 1,
      bytesPerBlock: 2,
      plain: "bfloat16",
      scales: null,
      decode: brainFloats,
    },
  ],
  [39, quantized("MXFP4", 32, 17, null, decodeMxfp4)],
]);

/** Names of the types that Fathom decodes. */
export const decodedTypes: readonly string[] = [...types.values()].map(({ name }) => name);

/** Names of the types that exist but that Fathom does not decode. The error message uses them. */
const otherTypes: Readonly<Record<number, string>> = {
  9: "Q8_1",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  21: "IQ3_S",
  22: "IQ2_S",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  40: "NVFP4",
};

/** @throws FathomError naming a type that Fathom does not decode */
export function blockTypeOf(ggmlType: number, where: string): BlockType {
  const type = types.get(ggmlType);
  if (type !== undefined) return type;
  throw badInput(
    where,
    `a tensor type among ${decodedTypes.join(", ")}`,
    otherTypes[ggmlType] ?? `type ${ggmlType}`,
    "a GGUF file of another quantization, e.g. Q8_0",
  );
}
