/** A linear layer, whatever form its matrix is held in. */
import type { Value } from "../build/graph.ts";
import { matmul } from "./matmul.ts";
import { type Int8Matrix, matmulInt8 } from "./matmul-int8.ts";
import { type BlockMatrix, matmulNBits } from "./matmul-nbits.ts";

/** A matrix [out, in]: floats, blocks of 4 or 8 bits, or columns of 8-bit integers. */
export type HeldMatrix = Value | BlockMatrix | Int8Matrix;

/** x[..., in] · Wᵀ → [..., out]. */
export function timesMatrix(x: Value, matrix: HeldMatrix): Value {
  if ("quants" in matrix) return matmulNBits(x, matrix);
  return "columns" in matrix ? matmulInt8(x, matrix) : matmul(x, matrix, { transB: true });
}
