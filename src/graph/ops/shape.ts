/** Operators that change only the shape or the order of the elements. */
import { badInput } from "../../core/errors.ts";
import {
  cancel,
  type Dim,
  dimOf,
  divide,
  factorsOf,
  formatDims,
  resolveAxes,
  sameDims,
} from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { copyAxis, emitShape, inferAxis, type Size, SizeReader } from "./shapes.ts";

export const reshapeOperator: Operator<{ sizes: readonly Size[]; zeroIsZero: boolean }> = {
  kind: "reshape",
  emit({ inputs, outputs, attributes: { sizes, zeroIsZero } }, onnx) {
    const shape = emitShape(onnx, inputs, sizes);
    onnx.into(outputs, "Reshape", [inputs[0]!, shape], zeroIsZero ? { allowzero: 1 } : {});
  },
  gradient: ({ inputs, cotangent }) => [
    reshapeNear(cotangent, inputs[0]!.dims, inputs),
    ...inputs.slice(1).map(() => undefined),
  ],
};

/**
 * The same elements in row-major order with other dims.
 *
 * @param dims numbers, names, and at most one -1 for the remaining size ("B*T" from [B, T, 8] to [-1, 8]). One name may
 *   be new to the graph; it then names the remaining size.
 */
export function reshape(x: Value, dims: readonly Dim[]): Value {
  return reshapeNear(x, dims, []);
}

/** Like `reshape`, and may also read sizes from the shapes of other values. */
function reshapeNear(x: Value, dims: readonly Dim[], near: readonly Value[]): Value {
  const target = settle(x.dims, dims);
  if (sameDims(target, x.dims)) return x;
  const { operands, ...attributes } = planReshape(x, target, near);
  return x.graph.apply(reshapeOperator, operands, attributes, [{ dtype: x.dtype, dims: target }])[0]!;
}

/** Replaces a -1 by the remaining size, and throws for dims that cannot have the same number of elements. */
function settle(from: readonly Dim[], to: readonly Dim[]): Dim[] {
  const refuse = () => badInput("reshape", `as many elements as ${formatDims(from)}`, formatDims(to));
  const given = to.filter((dim) => dim !== inferAxis);
  const whole = factorsOf(from);
  const part = factorsOf(given);
  if (given.length < to.length) {
    const rest = to.length - given.length === 1 ? divide(whole, part) : undefined;
    if (rest === undefined) throw refuse();
    return to.map((dim) => (dim === inferAxis ? dimOf(rest) : dim));
  }
  const { left, right } = cancel(whole.names, part.names);
  if (right.length === 0 && (left.length > 0 || whole.count !== part.count)) {
    // With an axis of size 0 on both sides, both have no elements, whatever the other sizes are.
    if (whole.count !== 0 || part.count !== 0) throw refuse();
  }
  return [...to];
}

function planReshape(
  x: Value,
  target: readonly Dim[],
  near: readonly Value[],
): { sizes: Size[]; zeroIsZero: boolean; operands: Value[] } {
  const copies = target.map((dim, axis) => typeof dim === "string" && dim === x.dims[axis]);
  const unknown = target.flatMap((dim, axis) => (typeof dim === "string" && !copies[axis] ? [axis] : []));
  // ONNX Runtime cannot infer an axis when another axis has size 0. The first axis is the batch, which is never empty.
  // Any other named axis may be empty (a cache before its first token) unless `neverEmpty` lists it. If one may be, the
  // sizes are read at run time instead.
  const hasElements = (axis: number) => axis === 0 || x.graph.isNeverEmpty(target[axis]!);
  const mayInfer = unknown.length === 1 && copies.every((copied, axis) => !copied || hasElements(axis));
  if (!target.includes(0) && (unknown.length === 0 || mayInfer)) {
    const sizes = target.map((dim, axis) => {
      if (copies[axis]) return copyAxis;
      return typeof dim === "number" ? dim : inferAxis;
    });
    return { sizes, zeroIsZero: false, operands: [x] };
  }
  const reader = new SizeReader("reshape", [x, ...near]);
  let inferred = 0;
  const sizes = target.map((dim): Size => {
    // Every size is read and no axis is copied: ONNX Runtime would replace a single read size by an inferred one.
    const size = reader.find(dim);
    if (size !== undefined) return size;
    inferred++;
    return inferred === 1 ? inferAxis : reader.require(dim);
  });
  // A size read at run time may be 0. Without allowzero ONNX would read a 0 as "copy this axis".
  return { sizes, zeroIsZero: true, operands: reader.operands };
}

export const transposeOperator: Operator<{ perm: readonly number[] }> = {
  kind: "transpose",
  emit({ inputs, outputs, attributes: { perm } }, onnx) {
    onnx.into(outputs, "Transpose", inputs, { perm });
  },
  gradient({ cotangent, attributes: { perm } }) {
    return [
      transpose(
        cotangent,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
};

/** Axis i of the result is axis perm[i] of x. */
export function transpose(x: Value, perm: readonly number[]): Value {
  const isPermutation = perm.length === x.dims.length && x.dims.every((_, axis) => perm.includes(axis));
  if (!isPermutation) {
    throw badInput("transpose", `a permutation of the axes of ${formatDims(x.dims)}`, formatDims(perm));
  }
  const dims = perm.map((axis) => x.dims[axis]!);
  return x.graph.apply(transposeOperator, [x], { perm: [...perm] }, [{ dtype: x.dtype, dims }])[0]!;
}

export const unsqueezeOperator: Operator<{ axes: readonly number[] }> = {
  kind: "unsqueeze",
  emit({ inputs, outputs, attributes: { axes } }, onnx) {
    onnx.into(outputs, "Unsqueeze", [inputs[0]!, onnx.ints(axes)]);
  },
  gradient: ({ cotangent, attributes: { axes } }) => [squeeze(cotangent, axes)],
};

/** Inserts axes of size 1. `axes` are their positions in the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.dims.length + axes.length;
  const places = resolveAxes("unsqueeze", Array<Dim>(rank).fill(1), axes);
  if (places.length === 0) return x;
  const rest = [...x.dims];
  const dims = Array.from({ length: rank }, (_, axis) => (places.includes(axis) ? 1 : rest.shift()!));
  return x.graph.apply(unsqueezeOperator, [x], { axes: places }, [{ dtype: x.dtype, dims }])[0]!;
}

export const squeezeOperator: Operator<{ axes: readonly number[] }> = {
  kind: "squeeze",
  emit({ inputs, outputs, attributes: { axes } }, onnx) {
    onnx.into(outputs, "Squeeze", [inputs[0]!, onnx.ints(axes)]);
  },
  gradient: ({ cotangent, attributes: { axes } }) => [unsqueeze(cotangent, axes)],
};

/** Removes axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const places = resolveAxes("squeeze", x.dims, axes);
  if (places.length === 0) return x;
  const wrong = places.find((axis) => x.dims[axis] !== 1);
  if (wrong !== undefined) throw badInput("squeeze", `size 1 at axis ${wrong}`, formatDims(x.dims));
  const dims = x.dims.filter((_, axis) => !places.includes(axis));
  return x.graph.apply(squeezeOperator, [x], { axes: places }, [{ dtype: x.dtype, dims }])[0]!;
}

export const renameOperator: Operator = {
  kind: "renameDims",
  emit({ inputs, outputs }, onnx) {
    onnx.into(outputs, "Identity", inputs);
  },
  gradient: ({ inputs, cotangent }) => [renameDims(cotangent, inputs[0]!.dims)],
};

/**
 * The same tensor with other names for its symbolic sizes, for example "S" instead of "P+T".
 * The caller guarantees that the sizes are equal.
 */
export function renameDims(x: Value, dims: readonly Dim[]): Value {
  const agrees =
    dims.length === x.dims.length &&
    dims.every(
      (dim, axis) => dim === x.dims[axis] || typeof dim === "string" || typeof x.dims[axis] === "string",
    );
  if (!agrees) throw badInput("renameDims", `names for ${formatDims(x.dims)}`, formatDims(dims));
  if (sameDims(dims, x.dims)) return x;
  return x.graph.apply(renameOperator, [x], {}, [{ dtype: x.dtype, dims }])[0]!;
}
