/**
 * Compares the derived gradients of whole transformer blocks with central differences, with and without cached tokens.
 */
import { describe, expect, test } from "vitest";
import { type Block, gemma2Block, llamaBlock } from "../../test/support/blocks.ts";
import { smoothOperand } from "../../test/support/finite-differences.ts";
import { type Numbers, open, relativeError } from "../../test/support/graph.ts";
import { type Dim, Graph } from "./build/graph.ts";
import { gradient } from "./gradient.ts";
import * as ops from "./ops/ops.ts";

const shape = { hidden: 4, heads: 4, keyHeads: 2, headSize: 2, inner: 5 };
/** See finite-differences.ts. A whole block has larger third derivatives, and so a larger truncation error. */
const step = 1e-5;
const tolerance = 1e-6;

describe.each([
  { family: "llama", build: llamaBlock },
  { family: "gemma2", build: gemma2Block },
])("$family block", ({ build }) => {
  test.each([{ past: 2 }, { past: 0 }])("$past cached tokens", async ({ past }) => {
    const graph = new Graph();
    const { values, output }: Block = build(graph, shape, "float64");
    const cotangent = graph.input("cotangent", "float64", output.dims);
    graph.output("loss", ops.reduceSum(ops.mul(output, cotangent), [0, 1, 2]));
    const forward = await open(graph);
    const names = Object.keys(values);
    const gradients = gradient(
      [{ value: output, cotangent }],
      names.map((name) => values[name]!),
    );
    for (const [at, name] of names.entries()) graph.output(`d ${name}`, gradients[at]!);
    const backward = await open(graph);

    const sizes: Record<string, number> = { B: 2, T: 3, P: past, "P+T": past + 3 };
    const sized = (dims: readonly Dim[]) => dims.map((dim) => (typeof dim === "number" ? dim : sizes[dim]!));
    const feeds: Record<string, Numbers> = {};
    for (const [seed, [name, { dims }]] of Object.entries({ ...values, cotangent }).entries()) {
      feeds[name] = { ...smoothOperand(sized(dims), { seed: seed + 1 }), dtype: "float64" };
    }
    const derived = await backward(feeds);
    const loss = async (name: string, data: readonly number[]) =>
      (await forward({ ...feeds, [name]: { ...feeds[name]!, data } }))["loss"]!.data[0]!;
    for (const name of names) {
      const { data, dims } = feeds[name]!;
      const differences: number[] = [];
      for (const [at, element] of data.entries()) {
        const above = await loss(name, data.with(at, element + step));
        const below = await loss(name, data.with(at, element - step));
        differences.push((above - below) / (2 * step));
      }
      expect(derived[`d ${name}`]!.dims, name).toEqual(dims);
      expect(relativeError(derived[`d ${name}`]!.data, differences), name).toBeLessThan(tolerance);
    }
  });
});
