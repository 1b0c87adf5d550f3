/**
 * A linear layer multiplied in 8-bit integers (ONNX Runtime's MatMulIntegerToFloat). Each output of the matrix has a scale,
 * and each row of x has one, the row's largest magnitude. The sums are exact in int32, so a row's result does not depend
 * on the rows beside it.
 *
 * Some inputs are far larger than the others in every row, and one scale for the whole row would leave too few steps for the others.
 * Such an input is split into several columns, which share its value equally, and their weights are copies (outlier channel splitting,
 * Zhao et al. 2019, arXiv 1901.09504). Column i of R rounds x/R + (i + ½)/R − ½, so that the columns together
 * round x once: ⌊n⌋ = Σᵢ ⌊(n + i)/R⌋ (Hermite's identity; "quantization-aware splitting" there).
 *
 * It has no gradient: a model's gradients are computed with its float32 weights.
 */
import { badInput } from "../../core/errors.ts";
import type { Operator, Value } from "../build/graph.ts";
import { requireType } from "./matmul-nbits.ts";

export interface Int8Matrix {
  readonly in: number;
  /** [in] how many columns each input is split into, at least 1. */
  readonly copies: Int32Array;
  /** int8 [columns, out]: the first column of every input, then the further ones, input by input. */
  readonly columns: Value;
  /** float32 [out]: what the product of one step of x and one step of the weights is, where x's peak is 1. */
  readonly scales: Value;
}

/** The code of a row's peak. Half a step below 127, because the offsets of split columns are up to half a step. */
export const peakCode = 126.5;
/** Added to every code, because the kernel's left factor is unsigned. */
const zeroPoint = 128;

export const roundRowsOperator: Operator = {
  kind: "roundRows",
  emit({ inputs, outputs: [codes, peak] }, onnx) {
    const [x, shares, offsets, split, splitOffsets] = inputs as [Value, Value, Value, Value, Value];
    const shared = onnx.node("Mul", [x, shares]);
    onnx.into([peak!], "ReduceMax", [onnx.node("Abs", [shared]), onnx.ints([-1])], { keepdims: 1 });
    // In a row of zeros these are NaN, and any codes do: its peak makes its products 0.
    const parts = onnx.node("Div", [shared, peak!]);
    const rounded = (values: string, byColumn: Value) =>
      onnx.node("QuantizeLinear", [
        onnx.node("Add", [values, byColumn]),
        onnx.scalar(1 / peakCode, "float32"),
        onnx.scalar(zeroPoint, "uint8"),
      ]);
    const further = onnx.node("Gather", [parts, split], { axis: -1 });
    onnx.into([codes!], "Concat", [rounded(parts, offsets), rounded(further, splitOffsets)], { axis: -1 });
  },
  gradient: noGradient,
};

export const matmulInt8Operator: Operator = {
  kind: "matmulInt8",
  emit({ inputs: [codes, peak, columns, scales], outputs }, onnx) {
    const one = onnx.scalar(1, "float32");
    const zero = onnx.scalar(zeroPoint, "uint8");
    const factors = [codes!, columns!, one, scales!, zero];
    const product = onnx.node("MatMulIntegerToFloat", factors, {}, "com.microsoft");
    onnx.into(outputs, "Mul", [product, peak!]);
  },
  gradient: noGradient,
};

function noGradient(): never {
  throw badInput("gradient", "a matrix of float32", "one of 8-bit integers", "--precision fp32");
}

/**
 * x[..., in] · Wᵀ → [..., out], float32. Matrices with the same x and the same `copies` round it once.
 * @throws FathomError when a part of the matrix does not fit the other parts or x
 */
export function matmulInt8(x: Value, { in: inputs, copies, columns, scales }: Int8Matrix): Value {
  const leading = x.dims.slice(0, -1);
  const out = Number(scales.dims[0]);
  if (copies.length !== inputs || copies.some((count) => count < 1))
    throw badInput("matmulInt8 copies", `${inputs} counts of at least 1`, `${copies.length}`);
  requireType("matmulInt8 x", x, "float32", [...leading, inputs]);
  requireType("matmulInt8 columns", columns, "int8", [copies.reduce((a, b) => a + b, 0), out]);
  requireType("matmulInt8 scales", scales, "float32", [out]);
  const { codes, peak } = roundRows(x, copies);
  return x.graph.apply(matmulInt8Operator, [codes, peak, columns, scales], {}, [
    { dtype: "float32", dims: [...leading, out] },
  ])[0]!;
}

interface RoundedRows {
  /** Tells how x was split. Equal constants of a graph are one value. */
  splits: readonly Value[];
  /** uint8 [..., columns]. */
  codes: Value;
  /** The largest magnitude of a row's columns, float32 [..., 1]. */
  peak: Value;
}

const known = new WeakMap<Value, RoundedRows[]>();

function roundRows(x: Value, copies: Int32Array): RoundedRows {
  const { graph } = x;
  const of = [...copies];
  const further = of.flatMap((count, input) =>
    Array.from({ length: count - 1 }, (_, i) => ({ input, copy: i + 1 })),
  );
  const offset = (input: number, copy: number) => ((copy + 0.5) / of[input]! - 0.5) / peakCode;
  const floats = (values: number[]) => graph.constant(values, "float32", [values.length]);
  const splits = [
    floats(of.map((count) => 1 / count)),
    floats(of.map((_, input) => offset(input, 0))),
    graph.constant(
      further.map(({ input }) => input),
      "int64",
      [further.length],
    ),
    floats(further.map(({ input, copy }) => offset(input, copy))),
  ];
  const before = known.get(x) ?? [];
  const same = before.find((one) => one.splits.every((value, i) => value === splits[i]));
  if (same !== undefined) return same;
  const leading = x.dims.slice(0, -1);
  const [codes, peak] = graph.apply(roundRowsOperator, [x, ...splits], {}, [
    { dtype: "uint8", dims: [...leading, of.length + further.length] },
    { dtype: "float32", dims: [...leading, 1] },
  ]);
  const made = { splits, codes: codes!, peak: peak! };
  known.set(x, [...before, made]);
  return made;
}
