/** Stretching axes and summing over axes. Each is the other's gradient, and every broadcasting operator needs both. */
import { badInput } from "../../core/errors.ts";
import { broadcastDims, type Dim, formatDims, resolveAxes, sameDims } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { squeeze, unsqueeze } from "./shape.ts";
import { emitShape, type Size, SizeReader } from "./shapes.ts";

export const expandOperator: Operator<{ sizes: readonly Size[] }> = {
  kind: "expand",
  emit({ inputs, outputs, attributes: { sizes } }, onnx) {
    onnx.into(outputs, "Expand", [inputs[0]!, emitShape(onnx, inputs, sizes)]);
  },
  gradient: ({ inputs, cotangent }) => [
    sumTo(cotangent, inputs[0]!.dims),
    ...inputs.slice(1).map(() => undefined),
  ],
};

/**
 * Repeats axes of size 1 (and missing leading axes) up to `dims`.
 *
 * @param near more values whose shapes may be read at run time to get the symbolic sizes in `dims`.
 */
export function expand(x: Value, dims: readonly Dim[], near: readonly Value[] = []): Value {
  if (sameDims(x.dims, dims)) return x;
  const stretched = broadcastDims("expand", x.dims, dims);
  if (!sameDims(stretched, dims)) {
    throw badInput("expand", `dims that ${formatDims(x.dims)} stretches to`, formatDims(dims));
  }
  const reader = new SizeReader("expand", [x, ...near]);
  // ONNX Expand broadcasts in both directions, so a size of 1 leaves an axis unchanged.
  const sizes = dims.map((dim, axis) =>
    x.dims[axis - dims.length + x.dims.length] === dim ? 1 : reader.require(dim),
  );
  return x.graph.apply(expandOperator, reader.operands, { sizes }, [{ dtype: x.dtype, dims }])[0]!;
}

export const reduceSumOperator: Operator<{ axes: readonly number[]; keepdims: boolean }> = {
  kind: "reduceSum",
  emit({ inputs, outputs, attributes: { axes, keepdims } }, onnx) {
    onnx.into(outputs, "ReduceSum", [inputs[0]!, onnx.ints(axes)], { keepdims: keepdims ? 1 : 0 });
  },
  gradient: ({ inputs: [x], cotangent, attributes: { axes, keepdims } }) => [
    expand(keepdims ? cotangent : unsqueeze(cotangent, axes), x!.dims, [x!]),
  ],
};

/** Sum over `axes`. With `keepdims` these axes stay, with size 1. */
export function reduceSum(x: Value, axes: readonly number[], keepdims = false): Value {
  const places = resolveAxes("reduceSum", x.dims, axes);
  // ONNX reads an empty list of axes as all axes.
  if (places.length === 0) return x;
  const type = { dtype: x.dtype, dims: reducedDims(x.dims, places, keepdims) };
  return x.graph.apply(reduceSumOperator, [x], { axes: places, keepdims }, [type])[0]!;
}

/** Dims after a reduction over resolved axes. */
export function reducedDims(dims: readonly Dim[], axes: readonly number[], keepdims: boolean): Dim[] {
  return keepdims
    ? dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : dims.filter((_, axis) => !axes.includes(axis));
}

/** Undoes broadcasting in a gradient: sums over every axis along which an operand with these `dims` was stretched. */
export function sumTo(x: Value, dims: readonly Dim[]): Value {
  const added = x.dims.length - dims.length;
  const leading = x.dims.flatMap((_, axis) => (axis < added ? [axis] : []));
  const stretched = dims.flatMap((dim, axis) =>
    dim === 1 && x.dims[axis + added] !== 1 ? [axis + added] : [],
  );
  return squeeze(reduceSum(x, [...leading, ...stretched], true), leading);
}
