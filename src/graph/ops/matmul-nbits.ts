/**
 * A linear layer over a matrix of 4 or 8 bits, multiplied in that form (ONNX Runtime's MatMulNBits). The matrix lies in
 * blocks along its input axis, each with a float32 scale and perhaps a minimum: w = scale · (q − zero point) + minimum.
 *
 * The kernel is the one that rounds each block of the input to 8 bits too (accuracy_level 4). Measured on ONNX Runtime 1.30:
 * it is the only fast one for 8-bit weights, it is faster than float32 at every batch size, and unlike the others it gives a
 * row the same bits whatever rows stand beside it. The kernel's own float zero points are a slow path, so minima are a
 * product of their own: (sum of the input's block) · minimum, in float32.
 *
 * It has no gradient: the gradients of a model are those of its float32 weights.
 */
import { badInput } from "../../core/errors.ts";
import { formatDims } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { add } from "./arithmetic.ts";
import { reduceSum } from "./broadcast.ts";
import { matmul } from "./matmul.ts";
import { reshape } from "./shape.ts";

/** A matrix [out, in], in = blocks · blockSize or less: what is too much of the last block is multiplied by nothing. */
export interface BlockMatrix {
  readonly bits: 4 | 8;
  /** Inputs that share a scale: 16, 32, 64, 128 or 256. */
  readonly blockSize: number;
  readonly in: number;
  /** uint8 [out, blocks, blockSize·bits/8]; of two 4-bit values in a byte the first is the low half. */
  readonly quants: Value;
  /** float32 [out, blocks]. */
  readonly scales: Value;
  /** uint8 [out, ceil(blocks·bits/8)], packed as the values are; the middle (8 or 128) where there are none. */
  readonly zeroPoints: Value | null;
  /** float32 [out, blocks]; zero where there are none. */
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
 * @throws FathomError when the parts of the matrix do not fit each other or x
 */
export function matmulNBits(x: Value, matrix: BlockMatrix): Value {
  const { bits, blockSize, quants, scales, zeroPoints, minima } = matrix;
  const out = Number(quants.dims[0]);
  const blocks = Math.ceil(matrix.in / blockSize);
  requireType("x", x, "float32", [...x.dims.slice(0, -1), matrix.in]);
  requireType("quants", quants, "uint8", [out, blocks, (blockSize * bits) / 8]);
  requireType("scales", scales, "float32", [out, blocks]);
  if (zeroPoints !== null)
    requireType("zeroPoints", zeroPoints, "uint8", [out, Math.ceil((blocks * bits) / 8)]);
  const inputs = [x, quants, scales, ...(zeroPoints === null ? [] : [zeroPoints])];
  const leading = x.dims.slice(0, -1);
  const product = x.graph.apply(matmulNBitsOperator, inputs, { bits, blockSize, in: matrix.in, out }, [
    { dtype: "float32", dims: [...leading, out] },
  ])[0]!;
  if (minima === null) return product;
  requireType("minima", minima, "float32", [out, matrix.in / blockSize]);
  const sums = reduceSum(reshape(x, [...leading, blocks, blockSize]), [leading.length + 1]);
  return add(product, matmul(sums, minima, { transB: true }));
}

/** x[..., in] · Wᵀ → [..., out] by a matrix [out, in] in whatever form it is held. */
export function timesMatrix(x: Value, matrix: Value | BlockMatrix): Value {
  return "quants" in matrix ? matmulNBits(x, matrix) : matmul(x, matrix, { transB: true });
}

function requireType(part: string, value: Value, dtype: Value["dtype"], dims: Value["dims"]): void {
  if (value.dtype === dtype && formatDims(value.dims) === formatDims(dims)) return;
  throw badInput(
    `matmulNBits ${part}`,
    `${dtype} ${formatDims(dims)}`,
    `${value.dtype} ${formatDims(value.dims)}`,
  );
}
