/**
 * A linear layer with a matrix of 4-bit or 8-bit weights, multiplied in that form (ONNX Runtime's MatMulNBits). The
 * matrix is divided into blocks along its input axis. Each block has a float32 scale and optionally a minimum: w =
 * scale · (q − zero point) + minimum.
 *
 * accuracy_level 4 selects the kernel that also rounds each block of the input to 8 bits. Measured on ONNX Runtime 1.30:
 * it is the only fast one for 8-bit weights; it is faster than float32 at every batch size; and, unlike the others, it
 * gives a row the same bits whatever the other rows of the batch are (on AVX2 alone: with 8 bits only). Float zero points take a slow path in the kernel.
 * Minima are therefore a product of their own: (sum of the input's block) · minimum, in float32.
 *
 * It has no gradient: a model's gradients are computed with its float32 weights.
 */
import { badInput } from "../../core/errors.ts";
import { formatDims } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { add } from "./arithmetic.ts";
import { reduceSum } from "./broadcast.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./shape.ts";

/** A matrix [out, in] with in ≤ blocks · blockSize. The kernel ignores the part of the last block beyond `in`. */
export interface BlockMatrix {
  readonly bits: 4 | 8;
  /** Inputs that share a scale: 16, 32, 64, 128 or 256. */
  readonly blockSize: number;
  readonly in: number;
  /** uint8 [out, blocks, blockSize·bits/8]. The low half of a byte is the first of its two 4-bit values. */
  readonly quants: Value;
  /** float32 [out, blocks]. */
  readonly scales: Value;
  /** uint8 [out, ceil(blocks·bits/8)], packed like the values; null when every zero point is the middle (8 or 128). */
  readonly zeroPoints: Value | null;
  /** float32 [out, blocks]; null when every minimum is 0. */
  readonly minima: Value | null;
}

interface Attributes {
  readonly bits: number;
  readonly blockSize: number;
  readonly in: number;
  readonly out: number;
}

export const matmulNBitsOperator: Operator<Attributes> = {
  kind: "matmulNBits",
  emit({ inputs, outputs, attributes }, onnx) {
    const { bits, blockSize } = attributes;
    const sizes = { K: attributes.in, N: attributes.out, bits, block_size: blockSize };
    onnx.into(outputs, "MatMulNBits", inputs, { ...sizes, accuracy_level: 4 }, "com.microsoft");
  },
  gradient() {
    throw badInput("gradient", "a matrix of float32", "one of 4 or 8 bits", "--precision fp32");
  },
};

/**
 * x[..., in] · Wᵀ → [..., out], float32.
 * @throws FathomError when a part of the matrix does not fit the other parts or x
 */
export function matmulNBits(x: Value, matrix: BlockMatrix): Value {
  const { bits, blockSize, quants, scales, zeroPoints, minima } = matrix;
  const out = Number(quants.dims[0]);
  const blocks = Math.ceil(matrix.in / blockSize);
  requireType("matmulNBits x", x, "float32", [...x.dims.slice(0, -1), matrix.in]);
  requireType("matmulNBits quants", quants, "uint8", [out, blocks, (blockSize * bits) / 8]);
  requireType("matmulNBits scales", scales, "float32", [out, blocks]);
  if (zeroPoints !== null)
    requireType("matmulNBits zeroPoints", zeroPoints, "uint8", [out, Math.ceil((blocks * bits) / 8)]);
  const inputs = [x, quants, scales, ...(zeroPoints === null ? [] : [zeroPoints])];
  const leading = x.dims.slice(0, -1);
  const product = x.graph.apply(matmulNBitsOperator, inputs, { bits, blockSize, in: matrix.in, out }, [
    { dtype: "float32", dims: [...leading, out] },
  ])[0]!;
  if (minima === null) return product;
  requireType("matmulNBits minima", minima, "float32", [out, matrix.in / blockSize]);
  const sums = reduceSum(reshape(x, [...leading, blocks, blockSize]), [leading.length + 1]);
  return add(product, matmul(sums, minima, { transB: true }));
}

/** @throws FathomError when its dtype or its dims differ */
export function requireType(where: string, value: Value, dtype: Value["dtype"], dims: Value["dims"]): void {
  if (value.dtype === dtype && formatDims(value.dims) === formatDims(dims)) return;
  throw badInput(where, `${dtype} ${formatDims(dims)}`, `${value.dtype} ${formatDims(value.dims)}`);
}
