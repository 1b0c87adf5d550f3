/** Runs a graph in ONNX Runtime on plain numbers. Only for tests: src/graph itself does not know a runtime. */
import type { Device } from "../../src/core/records/device.ts";
import type { DType, Graph } from "../../src/graph/build/graph.ts";
import { toOnnx, type WeightPlacement } from "../../src/graph/onnx.ts";
import { InferenceSession, Tensor } from "../../src/model/ort/ort.ts";

/** A tensor as numbers in row-major order. */
export interface Numbers {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

export type Run = (feeds: Readonly<Record<string, Numbers>>) => Promise<Record<string, Numbers>>;

/**
 * Opens a session on the CPU for a graph that was written for a device. Weights without a placement are inputs of
 * each run.
 */
export async function open(
  graph: Graph,
  place: (name: string) => WeightPlacement = () => ({ kind: "input" }),
  options: InferenceSession.SessionOptions = {},
  device: Device = "cpu",
): Promise<Run> {
  const session = await InferenceSession.create(toOnnx(graph, place, device), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    ...options,
  });
  const needed = new Set(session.inputNames);
  return async (feeds) => {
    // If a graph's result does not depend on an input, the session does not have that input.
    const taken = Object.entries(feeds).filter(([name]) => needed.has(name));
    const results = await session.run(
      Object.fromEntries(taken.map(([name, numbers]) => [name, toTensor(numbers)])),
    );
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromTensor(tensor)]));
  };
}

function toTensor({ dtype, dims, data }: Numbers): Tensor {
  switch (dtype) {
    case "float32":
      return new Tensor("float32", Float32Array.from(data), dims);
    case "float64":
      return new Tensor("float64", Float64Array.from(data), dims);
    case "int32":
      return new Tensor("int32", Int32Array.from(data), dims);
    case "int64":
      return new Tensor("int64", BigInt64Array.from(data, BigInt), dims);
    case "uint8":
      return new Tensor("uint8", Uint8Array.from(data), dims);
    case "int8":
      return new Tensor("int8", Int8Array.from(data), dims);
    case "bool":
      return new Tensor("bool", Uint8Array.from(data), dims);
    case "float16":
    case "bfloat16":
      throw new Error(`tests feed no ${dtype}`);
  }
}

function fromTensor(tensor: Tensor): Numbers {
  const data = Array.from(tensor.data as Iterable<number | bigint | boolean>, Number);
  return { dtype: tensor.type as DType, dims: tensor.dims, data };
}

export function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The largest |a − b|, relative to the largest magnitude in `expected` (or to 1 if all of it is zero). */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let scale = 0;
  let worst = 0;
  for (let at = 0; at < expected.length; at++) {
    scale = Math.max(scale, Math.abs(expected[at]!));
    const error = Math.abs(found[at]! - expected[at]!);
    // Written so that a NaN counts as wrong.
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst / (scale || 1);
}
