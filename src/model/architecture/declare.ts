/** The weights of a checkpoint's graphs come either from the checkpoint's files, or from the caller at each run. */
import type { Graph, Value } from "../../graph/build/graph.ts";
import { type BlockMatrix, cast, type HeldMatrix, type Int8Matrix } from "../../graph/ops/ops.ts";
import { type BlockForm, type BlockPart, partAxes, partDType, partName } from "../weights/block-form.ts";
import { type Int8Form, int8Dims, int8DType } from "../weights/int8-form.ts";
import type { Weights } from "../weights/weights.ts";

/** Declares a weight of a graph, given the tensor's name and dims. */
export interface Declare {
  /** The value is float32, whatever dtype the file has. */
  (graph: Graph, name: string, dims: readonly number[]): Value;
  /**
   * A matrix [out, in] that is only used as a factor of matrix products, in the form in which it is held in memory.
   * Without this method it is declared in float32.
   */
  matrix?: (graph: Graph, name: string, dims: readonly [out: number, in_: number]) => HeldMatrix;
}

/** float32 weights that the caller gives at each run. */
export const asInput: Declare = (graph, name, dims) => graph.weight(name, "float32", dims);

/** Declares a checkpoint's tensors as weights of a graph. Their shapes were checked when the checkpoint was opened. */
export function declareFrom(weights: Weights): Declare {
  const declare: Declare = (graph, name, dims) => {
    const dtype = weights.place(name)?.dtype ?? "float32";
    const weight = graph.weight(name, dtype, dims);
    return dtype === "float32" ? weight : cast(weight, "float32");
  };
  declare.matrix = (graph, name, [out, inputs]) => {
    const form = weights.form?.(name) ?? null;
    if (form === null) return declare(graph, name, [out, inputs]);
    return "copies" in form
      ? inColumns(graph, name, out, inputs, form)
      : inBlocks(graph, name, out, inputs, form);
  };
  return declare;
}

function inColumns(
  graph: Graph,
  name: string,
  out: number,
  inputs: number,
  { copies }: Int8Form,
): Int8Matrix {
  const dims = int8Dims(out, inputs);
  const part = (kind: "columns" | "scales") =>
    graph.weight(partName(name, kind), int8DType[kind], dims[kind]);
  return { in: inputs, copies, columns: part("columns"), scales: part("scales") };
}

function inBlocks(graph: Graph, name: string, out: number, inputs: number, form: BlockForm): BlockMatrix {
  const axes = partAxes(form, inputs);
  const part = (kind: BlockPart) =>
    axes[kind] === null ? null : graph.weight(partName(name, kind), partDType[kind], [out, ...axes[kind]]);
  return {
    bits: form.bits,
    blockSize: form.blockSize,
    in: inputs,
    quants: part("quants")!,
    scales: part("scales")!,
    zeroPoints: part("zeroPoints"),
    minima: part("minima"),
  };
}
