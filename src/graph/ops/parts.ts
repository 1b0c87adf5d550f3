/** Slices, splits and concatenations along one axis. */
import { badInput } from "../../core/errors.ts";
import { type Dim, formatDims, rangeName, resolveAxis, sameDims, sumOf } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { zerosLike } from "./fill.ts";

/** ONNX reads any end beyond the axis as the end of the axis. */
const toTheEnd = Number.MAX_SAFE_INTEGER;

interface Range {
  readonly axis: number;
  /** Counted from the start; counted from the end when negative. */
  readonly start: number;
  /** Exclusive; undefined for the end of the axis. */
  readonly end: number | undefined;
}

export const sliceOperator: Operator<Range> = {
  kind: "slice",
  emit({ inputs, outputs, attributes: { axis, start, end } }, onnx) {
    const range = [onnx.ints([start]), onnx.ints([end ?? toTheEnd]), onnx.ints([axis])];
    onnx.into(outputs, "Slice", [inputs[0]!, ...range]);
  },
  gradient({ inputs: [x], cotangent, attributes: range }) {
    return [padLike(cotangent, x!, range)];
  },
};

/**
 * x[..., start:end, ...] along `axis`. Both ends may be negative, as in Python. On a symbolic axis the size of the result
 * is named "T[start:end]" (`renameDims` gives it another name), with two exceptions. A slice of the whole axis keeps its
 * name. A range with a fixed number of elements, counted from one end, has that number as its size; the caller guarantees
 * that the axis is that long.
 */
export function slice(x: Value, axis: number, start: number, end?: number): Value {
  const at = resolveAxis("slice", x.dims, axis);
  const size = x.dims[at]!;
  const range = typeof size === "number" ? knownRange(x, at, size, start, end) : { axis: at, start, end };
  if (range.start === 0 && (range.end === undefined || range.end === size)) return x;
  const dims = x.dims.map((dim, other) => (other === at ? rangeSize(size, range) : dim));
  return x.graph.apply(sliceOperator, [x], range, [{ dtype: x.dtype, dims }])[0]!;
}

function knownRange(x: Value, axis: number, size: number, start: number, end = size): Range {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  if (!(from >= 0 && from <= to && to <= size)) {
    throw badInput(`slice of ${formatDims(x.dims)}`, `a range within axis ${axis}`, `${start} to ${end}`);
  }
  return { axis, start: from, end: to };
}

function rangeSize(size: Dim, { start, end }: Range): Dim {
  if (end !== undefined && start >= 0 === end >= 0) {
    if (end < start) throw badInput("slice", "a start before the end", `${start} to ${end}`);
    return end - start;
  }
  if (end === undefined && start < 0) return -start;
  return typeof size === "number" ? size - start : rangeName(size, start, end);
}

export const padLikeOperator: Operator<Range> = {
  kind: "padLike",
  emit({ inputs: [x, like], outputs, attributes: { axis, start, end } }, onnx) {
    const size = () => onnx.node("Shape", [like!], { start: axis, end: axis + 1 });
    const fromStart = (at: number) =>
      at < 0 ? onnx.node("Add", [size(), onnx.ints([at])]) : onnx.ints([at]);
    const before = fromStart(start);
    const after = end === undefined ? onnx.ints([0]) : onnx.node("Sub", [size(), fromStart(end)]);
    const pads = onnx.node("Concat", [before, after], { axis: 0 });
    onnx.into(outputs, "Pad", [x!, pads, onnx.scalar(0, x!.dtype), onnx.ints([axis])]);
  },
  gradient({ cotangent, attributes: { axis, start, end } }) {
    return [slice(cotangent, axis, start, end), undefined];
  },
};

/** Puts x back at the range of `like` that it was sliced from, with zeros around it. */
function padLike(x: Value, like: Value, range: Range): Value {
  return x.graph.apply(padLikeOperator, [x, like], range, [{ dtype: x.dtype, dims: like.dims }])[0]!;
}

export const concatOperator: Operator<{ axis: number }> = {
  kind: "concat",
  emit({ inputs, outputs, attributes: { axis } }, onnx) {
    onnx.into(outputs, "Concat", inputs, { axis });
  },
  gradient: ({ inputs, cotangent, attributes: { axis } }) => splitLike(cotangent, axis, inputs),
};

/** Concatenates tensors along `axis`. Sizes along it add up ("P" and "T" give "P+T"); all other axes agree. */
export function concat(xs: readonly Value[], axis: number): Value {
  const [first] = xs;
  if (first === undefined) throw badInput("concat", "one operand or more", "none");
  const at = resolveAxis("concat", first.dims, axis);
  const others = (x: Value) => x.dims.map((dim, index) => (index === at ? "*" : dim));
  for (const x of xs) {
    if (x.dtype !== first.dtype || !sameDims(others(x), others(first))) {
      throw badInput(
        "concat",
        `${first.dtype} ${formatDims(others(first))}`,
        `${x.dtype} ${formatDims(x.dims)}`,
      );
    }
  }
  if (xs.length === 1) return first;
  const joined = sumOf(xs.map((x) => x.dims[at]!));
  const dims = first.dims.map((dim, index) => (index === at ? joined : dim));
  return first.graph.apply(concatOperator, xs, { axis: at }, [{ dtype: first.dtype, dims }])[0]!;
}

export const splitOperator: Operator<{ axis: number; likes: number }> = {
  kind: "split",
  emit({ inputs, outputs, attributes: { axis, likes } }, onnx) {
    const sizes = outputs.map((output, at) => {
      const size = output.dims[axis]!;
      if (typeof size === "number") return onnx.ints([size]);
      return onnx.node("Shape", [inputs[inputs.length - likes + at]!], { start: axis, end: axis + 1 });
    });
    const lengths = sizes.length === 1 ? sizes[0]! : onnx.node("Concat", sizes, { axis: 0 });
    onnx.into(outputs, "Split", [inputs[0]!, lengths], { axis });
  },
  gradient({ inputs, outputs, cotangents, attributes: { axis } }) {
    const parts = outputs.map((output, at) => cotangents[at] ?? zerosLike(output));
    return [concat(parts, axis), ...inputs.slice(1).map(() => undefined)];
  },
};

/** Splits an axis of known size into parts of the given sizes. */
export function split(x: Value, axis: number, sizes: readonly number[]): Value[] {
  const at = resolveAxis("split", x.dims, axis);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length === 0 || sizes.some((size) => size < 0) || total !== x.dims[at]) {
    throw badInput(`split of ${formatDims(x.dims)}`, `sizes that sum to ${x.dims[at]!}`, formatDims(sizes));
  }
  const types = sizes.map((size) => ({
    dtype: x.dtype,
    dims: x.dims.map((dim, index) => (index === at ? size : dim)),
  }));
  return x.graph.apply(splitOperator, [x], { axis: at, likes: 0 }, types);
}

/** One part per value of `likes`, as long along `axis` as that value. Undoes a concatenation, also of symbolic sizes. */
export function splitLike(x: Value, axis: number, likes: readonly Value[]): Value[] {
  return x.graph.apply(splitOperator, [x, ...likes], { axis, likes: likes.length }, likes);
}
