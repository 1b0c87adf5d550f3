/** Matrix products, batched and broadcast over leading axes. */
import { badInput } from "../../core/errors.ts";
import { broadcastDims, type Dim, formatDims, productOf } from "../build/dims.ts";
import type { Emitter, Operator, Value } from "../build/graph.ts";
import { sumTo } from "./broadcast.ts";
import { reshape, transpose } from "./shape.ts";
import { requireFloat } from "./unary.ts";

export interface MatmulOptions {
  /** Use a with its last two axes swapped. */
  readonly transA?: boolean;
  readonly transB?: boolean;
}

export const matmulOperator: Operator<{ transA: boolean; transB: boolean }> = {
  kind: "matmul",
  emit({ inputs, outputs, attributes: { transA, transB } }, onnx) {
    const [a, b] = inputs as [Value, Value];
    const product = productCall(onnx, a, b, transA, transB);
    if (!leavesEmptySumsUnset(a, b, transA, transB)) {
      onnx.into(outputs, ...product);
      return;
    }
    const unset = onnx.node(...product);
    const axis = a.dims.length - (transA ? 2 : 1);
    const length = onnx.node("Shape", [a], { start: axis, end: axis + 1 });
    const isEmpty = onnx.node("Equal", [length, onnx.ints([0])]);
    onnx.into(outputs, "Where", [isEmpty, onnx.scalar(0, a.dtype), unset]);
  },
  gradient({ inputs: [a, b], cotangent: g, attributes: { transA, transB }, wanted }) {
    return [
      wanted[0] ? sumTo(gradientA(a!, b!, g, transA, transB), a!.dims) : undefined,
      wanted[1] ? gradientB(a!, b!, g, transA, transB) : undefined,
    ];
  },
};

type OnnxCall = Parameters<Emitter["node"]>;

function productCall(onnx: Emitter, a: Value, b: Value, transA: boolean, transB: boolean): OnnxCall {
  if (!transA && !transB) return ["MatMul", [a, b]];
  // WebGPU has no kernel for FusedMatMul.
  if (a.dtype === "float32" && onnx.device !== "webgpu") {
    // Unlike a Transpose in front of MatMul, this kernel prepacks a constant right operand.
    const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
    return ["FusedMatMul", [a, b], attributes, "com.microsoft"];
  }
  return ["MatMul", [transA ? swapLast(onnx, a) : a, transB ? swapLast(onnx, b) : b]];
}

/**
 * ONNX Runtime 1.30 leaves the result of a batched FusedMatMul unset when K is 0 (measured). By itself it also fuses a
 * Transpose with the MatMul that uses it. So where K may be 0, extra nodes must write the zeros.
 */
function leavesEmptySumsUnset(a: Value, b: Value, transA: boolean, transB: boolean): boolean {
  const k = a.dims.at(transA ? -2 : -1)!;
  const isFused = transA || transB || isTransposed(a) || isTransposed(b);
  return isFused && (a.dims.length > 2 || b.dims.length > 2) && !a.graph.isNeverEmpty(k);
}

/** Whether x is a transposed tensor, possibly cast. ONNX Runtime merges such a transpose into the product that uses x. */
function isTransposed(x: Value): boolean {
  const source = x.graph.sourceOf(x);
  if (source.kind !== "node") return false;
  const { operator, inputs } = source.node;
  return operator.kind === "transpose" || (operator.kind === "cast" && isTransposed(inputs[0]!));
}

function gradientA(a: Value, b: Value, g: Value, transA: boolean, transB: boolean): Value {
  if (a.dims.length === 3 && a.dims[0] === 1 && b.dims.length === 3 && !transA && !transB) {
    // One matrix times many: one product over all of their columns, instead of one product per matrix and a sum.
    const [m, n] = [a.dims[1]!, productOf([b.dims[0]!, b.dims[2]!])];
    const columns = reshape(transpose(g, [1, 0, 2]), [1, m, n]);
    const rows = reshape(transpose(b, [0, 2, 1]), [1, n, a.dims[2]!]);
    return matmul(columns, rows);
  }
  return transA ? matmul(b, g, { transA: transB, transB: true }) : matmul(g, b, { transB: !transB });
}

function gradientB(a: Value, b: Value, g: Value, transA: boolean, transB: boolean): Value {
  if (b.dims.length === 2 && a.dims.length > 2 && !transA) {
    // A linear layer: one product over all rows of the batch, instead of one product per batch entry and a sum.
    const count = productOf(a.dims.slice(0, -1));
    const rows = reshape(a, [count, a.dims.at(-1)!]);
    const rowCotangents = reshape(g, [count, g.dims.at(-1)!]);
    return gradientB(rows, b, rowCotangents, false, transB);
  }
  const full = transB ? matmul(g, a, { transA: true, transB: transA }) : matmul(a, g, { transA: !transA });
  return sumTo(full, b.dims);
}

/**
 * a[..., M, K] · b[..., K, N] → [..., M, N]. The options swap the last two axes of an operand first. M, K and N may be
 * 0 when the graph runs, provided that the batch axes are equal or that b has no batch axes. ONNX Runtime gives a
 * broadcast empty product the wrong shape, or refuses it.
 */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transA = false, transB = false } = options;
  requireFloat("matmul", a);
  if (a.dims.length < 2 || b.dims.length < 2) {
    throw badInput(
      "matmul",
      "operands with two axes or more",
      `${formatDims(a.dims)} and ${formatDims(b.dims)}`,
    );
  }
  const [m, k] = matrixDims(a, transA);
  const [bk, n] = matrixDims(b, transB);
  if (k !== bk || a.dtype !== b.dtype) {
    throw badInput(
      `matmul of ${a.dtype} ${formatDims(a.dims)}${transA ? " transposed" : ""}`,
      `a right operand of ${a.dtype} with ${k} rows`,
      `${b.dtype} ${formatDims(b.dims)}${transB ? " transposed" : ""}`,
    );
  }
  const dims = [...broadcastDims("matmul", a.dims.slice(0, -2), b.dims.slice(0, -2)), m, n];
  return a.graph.apply(matmulOperator, [a, b], { transA, transB }, [{ dtype: a.dtype, dims }])[0]!;
}

function matrixDims(x: Value, swapped: boolean): [rows: Dim, columns: Dim] {
  const rows = x.dims.at(-2)!;
  const columns = x.dims.at(-1)!;
  return swapped ? [columns, rows] : [rows, columns];
}

function swapLast(onnx: Emitter, x: Value): string {
  const perm = x.dims.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return onnx.node("Transpose", [x], { perm });
}
