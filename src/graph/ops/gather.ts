/**
 * Reading and writing at places given by indices. Sums use ScatterElements and not ScatterND: ONNX Runtime's ScatterND
 * adds duplicates from several threads at once and loses some of them (onnxruntime issues 18048, 23396).
 */
import { badInput } from "../../core/errors.ts";
import { type Dim, formatDims, productOf, resolveAxis, sameDims } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { expand } from "./broadcast.ts";
import { zerosLike } from "./fill.ts";
import { reshape } from "./shape.ts";

function requireIndices(where: string, indices: Value): void {
  if (indices.dtype !== "int64" && indices.dtype !== "int32") {
    throw badInput(where, "int32 or int64 indices", indices.dtype);
  }
}

export const gatherOperator: Operator<{ axis: number }> = {
  kind: "gather",
  emit({ inputs, outputs, attributes: { axis } }, onnx) {
    onnx.into(outputs, "Gather", inputs, { axis });
  },
  gradient({ inputs: [table, ids], cotangent, attributes: { axis } }) {
    // All indices along one axis, each repeated over the whole slice that it picked.
    const count = productOf(ids!.dims);
    const before = table!.dims.slice(0, axis);
    const after = table!.dims.slice(axis + 1);
    const updates = reshape(cotangent, [...before, count, ...after]);
    const column: Dim[] = [...before.map(() => 1), count, ...after.map(() => 1)];
    const places = expand(reshape(ids!, column), updates.dims, [updates]);
    return [scatterElements(zerosLike(table!), places, updates, { axis, reduction: "add" }), undefined];
  },
};

/**
 * The slices of `table` along `axis` at `ids`:
 * with ids [...I], a table [V, D] gives [...I, D]. Negative ids count from the end.
 */
export function gather(table: Value, ids: Value, axis = 0): Value {
  requireIndices("gather", ids);
  const at = resolveAxis("gather", table.dims, axis);
  const dims = [...table.dims.slice(0, at), ...ids.dims, ...table.dims.slice(at + 1)];
  return table.graph.apply(gatherOperator, [table, ids], { axis: at }, [{ dtype: table.dtype, dims }])[0]!;
}

export const gatherElementsOperator: Operator<{ axis: number }> = {
  kind: "gatherElements",
  emit({ inputs, outputs, attributes: { axis } }, onnx) {
    onnx.into(outputs, "GatherElements", inputs, { axis });
  },
  gradient({ inputs: [x, indices], cotangent, attributes: { axis } }) {
    return [scatterElements(zerosLike(x!), indices!, cotangent, { axis, reduction: "add" }), undefined];
  },
};

/** One element of x along `axis` per index. All other axes of x and `indices` agree. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  requireIndices("gatherElements", indices);
  const at = resolveAxis("gatherElements", x.dims, axis);
  requireAligned("gatherElements", x, indices, at);
  const type = { dtype: x.dtype, dims: indices.dims };
  return x.graph.apply(gatherElementsOperator, [x, indices], { axis: at }, [type])[0]!;
}

export interface ScatterOptions {
  readonly axis: number;
  /** "none" replaces the old elements (indices must then be distinct); "add" adds to them. */
  readonly reduction: "none" | "add";
}

export const scatterElementsOperator: Operator<ScatterOptions> = {
  kind: "scatterElements",
  emit({ inputs, outputs, attributes: { axis, reduction } }, onnx) {
    onnx.into(outputs, "ScatterElements", inputs, { axis, reduction });
  },
  gradient({ inputs: [, indices, updates], cotangent, attributes: { axis, reduction }, wanted }) {
    const replaced = () => scatterElements(cotangent, indices!, zerosLike(updates!), { axis, reduction });
    const kept = reduction === "add" ? () => cotangent : replaced;
    return [
      wanted[0] ? kept() : undefined,
      undefined,
      wanted[2] ? gatherElements(cotangent, indices!, axis) : undefined,
    ];
  },
};

/** x with `updates` written to (or added at) the places along `axis` that `indices` give. Both have the same dims. */
export function scatterElements(x: Value, indices: Value, updates: Value, options: ScatterOptions): Value {
  requireIndices("scatterElements", indices);
  const axis = resolveAxis("scatterElements", x.dims, options.axis);
  requireAligned("scatterElements", x, indices, axis);
  if (updates.dtype !== x.dtype || !sameDims(updates.dims, indices.dims)) {
    throw badInput(
      "scatterElements",
      `updates of ${x.dtype} ${formatDims(indices.dims)}`,
      `${updates.dtype} ${formatDims(updates.dims)}`,
    );
  }
  const attributes = { axis, reduction: options.reduction };
  return x.graph.apply(scatterElementsOperator, [x, indices, updates], attributes, [x])[0]!;
}

function requireAligned(where: string, x: Value, indices: Value, axis: number): void {
  const others = (value: Value) => value.dims.map((dim, at) => (at === axis ? "*" : dim));
  if (!sameDims(others(x), others(indices))) {
    throw badInput(where, `indices of dims ${formatDims(others(x))}`, formatDims(indices.dims));
  }
}

export const topKOperator: Operator<{ axis: number; k: number }> = {
  kind: "topK",
  emit({ inputs, outputs, attributes: { axis, k } }, onnx) {
    onnx.into(outputs, "TopK", [inputs[0]!, onnx.ints([k])], { axis });
  },
  gradient({ inputs: [x], outputs: [, indices], cotangent, attributes: { axis } }) {
    return [scatterElements(zerosLike(x!), indices!, cotangent, { axis, reduction: "add" })];
  },
};

/** The k largest along `axis`, largest first, and their indices (int64). The gradient goes to those indices of x. */
export function topK(x: Value, k: number, axis = -1): { values: Value; indices: Value } {
  const at = resolveAxis("topK", x.dims, axis);
  const size = x.dims[at]!;
  if (!Number.isInteger(k) || k < 0 || (typeof size === "number" && k > size)) {
    throw badInput(`topK of ${formatDims(x.dims)}`, `a k from 0 to ${size}`, `${k}`);
  }
  const dims = x.dims.map((dim, other) => (other === at ? k : dim));
  const types = [
    { dtype: x.dtype, dims },
    { dtype: "int64", dims },
  ] as const;
  const [values, indices] = x.graph.apply(topKOperator, [x], { axis: at, k }, types);
  return { values: values!, indices: indices! };
}
