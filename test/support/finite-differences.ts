/**
 * Compares a derived gradient with central differences. The loss is Σ weight ⊙ output with fixed irregular weights,
 * so that every element of every output counts. Only outputs of type float64 are used.
 */
import { expect } from "vitest";
import { type Dim, type DType, Graph, type Value } from "../../src/graph/build/graph.ts";
import { gradient } from "../../src/graph/gradient.ts";
import { count, type Numbers, open, relativeError } from "./graph.ts";

export interface Operand {
  /** Dims as the graph declares them, with names for symbolic sizes. Default: `dims`. */
  readonly declared?: readonly Dim[];
  readonly dims: readonly number[];
  readonly data: readonly number[];
  /** Default: float64. Only float64 operands are differentiated. */
  readonly dtype?: DType;
  /** True: fed to the run but not differentiated, e.g. a mask or the target of a comparison. */
  readonly fixed?: boolean;
}

/** The values passed to `build`. A check that names an operand also provides it, so the type may promise three. */
export type Operands = [Value, Value, Value];

export interface Check {
  readonly operands: readonly Operand[];
  readonly build: (...operands: Operands) => Value | readonly Value[];
  /** Half the distance of the central difference, if the usual one does not fit. */
  readonly step?: number;
}

/**
 * In float64 a half-distance of 1e-5 gives a truncation error of about step² = 1e-10 and a rounding error of about
 * 1e-16 / step = 1e-11, both relative to derivatives of order one. The tolerance 1e-7 leaves room for sums of many terms.
 */
const usualStep = 1e-5;
const tolerance = 1e-7;

/** Builds the graph, runs it, and compares d loss / d operand for every element of every operand. */
export async function checkGradient({ operands, build, step = usualStep }: Check): Promise<void> {
  const graph = new Graph();
  const inputs = operands.map(({ declared, dims, dtype = "float64" }, at) =>
    graph.input(`x${at}`, dtype, declared ?? dims),
  );
  const built = build(...(inputs as Operands));
  const outputs = "graph" in built ? [built] : built;
  for (const [at, output] of outputs.entries()) graph.output(`y${at}`, output);

  const feeds: Record<string, Numbers> = {};
  for (const [at, { dims, data, dtype = "float64" }] of operands.entries()) {
    feeds[`x${at}`] = { dtype, dims, data };
  }
  const forward = await open(graph);
  const results = await forward(feeds);
  expectInferredDims(outputs, operands, results);

  const smooth = outputs.flatMap((output, at) => (output.dtype === "float64" ? [{ output, at }] : []));
  // The weights differ from every operand. Otherwise the loss could amount to Σ x², in which some errors cancel.
  const lossWeights = smooth.map(({ at }) =>
    results[`y${at}`]!.data.map((_, index) => wave(1009 + index + 7 * at)),
  );
  const loss = (run: Readonly<Record<string, Numbers>>) =>
    smooth.reduce((sum, { at }, which) => sum + dot(run[`y${at}`]!.data, lossWeights[which]!), 0);

  const cotangents = smooth.map(({ output, at }) => ({
    value: output,
    cotangent: graph.input(`g${at}`, output.dtype, output.dims),
  }));
  const wrt = operands.flatMap(({ dtype = "float64", fixed = false }, at) =>
    dtype === "float64" && !fixed ? [{ at, value: inputs[at]! }] : [],
  );
  const gradients = gradient(
    cotangents,
    wrt.map(({ value }) => value),
  );
  for (const [which, { at }] of wrt.entries()) graph.output(`d${at}`, gradients[which]!);
  const backward = await open(graph);
  const cotangentFeeds = smooth.map(({ at }, which): [string, Numbers] => [
    `g${at}`,
    { dtype: "float64", dims: results[`y${at}`]!.dims, data: lossWeights[which]! },
  ]);
  const derived = await backward({ ...feeds, ...Object.fromEntries(cotangentFeeds) });

  for (const { at } of wrt) {
    const operand = feeds[`x${at}`]!;
    const differences: number[] = [];
    for (const [index, element] of operand.data.entries()) {
      const moved = async (by: number) => {
        const data = operand.data.with(index, element + by);
        return loss(await forward({ ...feeds, [`x${at}`]: { ...operand, data } }));
      };
      differences.push(((await moved(step)) - (await moved(-step))) / (2 * step));
    }
    expect(derived[`d${at}`]!.dims).toEqual(operand.dims);
    expect(relativeError(derived[`d${at}`]!.data, differences), `d loss / d operand ${at}`).toBeLessThan(
      tolerance,
    );
  }
}

/** Checks that inferred shapes hold at run time, and that the same name always means the same size. */
function expectInferredDims(
  outputs: readonly Value[],
  operands: readonly Operand[],
  results: Readonly<Record<string, Numbers>>,
): void {
  const sizes = new Map<string, number>();
  const meet = (dims: readonly Dim[], found: readonly number[]) => {
    expect(found.length).toBe(dims.length);
    for (const [axis, dim] of dims.entries()) {
      const size = typeof dim === "number" ? dim : (sizes.get(dim) ?? found[axis]!);
      if (typeof dim === "string") sizes.set(dim, size);
      expect(found[axis], `axis ${axis} of [${dims.join(", ")}]`).toBe(size);
    }
  };
  for (const { declared, dims } of operands) if (declared !== undefined) meet(declared, dims);
  for (const [at, output] of outputs.entries()) meet(output.dims, results[`y${at}`]!.dims);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, element, at) => sum + element * b[at]!, 0);
}

/** An irregular number in [-1, 1]; always the same for the same index. */
function wave(at: number): number {
  return Math.sin(12.9898 * (at + 1) + 78.233);
}

/** A float64 operand of irregular elements between `low` and `high`; none is close to zero or to another. */
export function smoothOperand(
  dims: readonly number[],
  options: { seed?: number; low?: number; high?: number; declared?: readonly Dim[] } = {},
): Operand {
  const { seed = 0, low = -1, high = 1, declared } = options;
  const data = Array.from({ length: count(dims) }, (_, at) => {
    const unit = (wave(at + 31 * seed) + 1) / 2;
    return low + (high - low) * unit;
  });
  return declared === undefined ? { dims, data } : { dims, data, declared };
}
