/**
 * Target shapes for operators that need one when the graph runs. A size is a number, or it is read from a value that has
 * an axis of that name. For one axis of a reshape ONNX Runtime can also infer it from the number of elements.
 */
import { badInput } from "../../core/errors.ts";
import { type Dim, factorsOf, formatDims } from "../build/dims.ts";
import type { Emitter, Value } from "../build/graph.ts";

/** One axis of a target shape. `sources` are [operand, axis] pairs whose sizes are multiplied with `count`. */
export type Size =
  | number
  | { readonly count: number; readonly sources: readonly (readonly [operand: number, axis: number])[] };

/** Special sizes of ONNX Reshape: 0 copies the axis from the input, -1 infers it. */
export const copyAxis = 0;
export const inferAxis = -1;

/** Collects the values whose shapes one node reads. The first of them are the node's real operands. */
export class SizeReader {
  readonly operands: Value[];
  readonly #where: string;

  constructor(where: string, operands: readonly Value[]) {
    this.#where = where;
    this.operands = [...operands];
  }

  /** How to get `dim` at run time; undefined when no operand and no input of the graph has such an axis. */
  find(dim: Dim): Size | undefined {
    if (typeof dim === "number") return dim;
    const whole = this.#locate(dim);
    if (whole !== undefined) return { count: 1, sources: [whole] };
    const { count, names } = factorsOf([dim]);
    const sources = names.map((name) => this.#locate(name));
    if (names.length === 1 && names[0] === dim) return undefined;
    if (!sources.every((source) => source !== undefined)) return undefined;
    return { count, sources };
  }

  require(dim: Dim): Size {
    const size = this.find(dim);
    if (size !== undefined) return size;
    const known = this.operands.map((operand) => formatDims(operand.dims)).join(", ");
    throw badInput(this.#where, `a size known from ${known} or from an input of the graph`, String(dim));
  }

  #locate(name: string): readonly [number, number] | undefined {
    for (const [at, operand] of this.operands.entries()) {
      const axis = operand.dims.indexOf(name);
      if (axis >= 0) return [at, axis];
    }
    const declared = this.operands[0]?.graph.findDim(name);
    if (declared === undefined) return undefined;
    this.operands.push(declared.value);
    return [this.operands.length - 1, declared.axis];
  }
}

/** Writes a one-dimensional int64 tensor of sizes. It is a constant when all of them are numbers. */
export function emitShape(onnx: Emitter, operands: readonly Value[], sizes: readonly Size[]): string {
  if (sizes.every((size) => typeof size === "number")) return onnx.ints(sizes);
  const pieces = sizes.map((size) => emitSize(onnx, operands, size));
  return pieces.length === 1 ? pieces[0]! : onnx.node("Concat", pieces, { axis: 0 });
}

/** Writes one size as an int64 tensor of dims [1]. */
export function emitSize(onnx: Emitter, operands: readonly Value[], size: Size): string {
  if (typeof size === "number") return onnx.ints([size]);
  const factors = size.sources.map(([operand, axis]) =>
    onnx.node("Shape", [operands[operand]!], { start: axis, end: axis + 1 }),
  );
  if (size.count !== 1 || factors.length === 0) factors.push(onnx.ints([size.count]));
  return factors.reduce((product, factor) => onnx.node("Mul", [product, factor]));
}
