/**
 * Compares float32 values and gradients with PyTorch autograd (oracle/graph_fixtures.py). It covers the kernels that an
 * audit uses, fused ones included, and whole decoder layers of Transformers.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Block, gemma2Block, llamaBlock } from "../../test/support/blocks.ts";
import { type Numbers, open, relativeError } from "../../test/support/graph.ts";
import { Graph, type Value } from "./build/graph.ts";
import { gradient } from "./gradient.ts";
import * as ops from "./ops/ops.ts";

/** Relative to the largest magnitude in the tensor: about a hundred rounding errors of 32-bit arithmetic. */
const tolerance = 1e-5;

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../test/fixtures/graph/${name}`, import.meta.url), "utf8"));
}

interface OperatorCase {
  inputs: Numbers[];
  outputs: Numbers[];
  cotangents: Numbers[];
  gradients: Numbers[];
}

const builds: Readonly<Record<string, (a: Value, b: Value, c: Value) => Value | readonly Value[]>> = {
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  div: ops.div,
  neg: ops.neg,
  sqrt: ops.sqrt,
  exp: ops.exp,
  log: ops.log,
  tanh: ops.tanh,
  sigmoid: ops.sigmoid,
  relu: ops.relu,
  silu: ops.silu,
  geluTanh: ops.geluTanh,
  softcap: (x) => ops.softcap(x, 1.5),
  pow: (x) => ops.pow(x, -0.5),
  clip: (x) => ops.clip(x, -0.5, 0.75),
  softmax: (x) => ops.softmax(x, 1),
  logSoftmax: (x) => ops.logSoftmax(x, -1),
  rmsNorm: (x, weight) => ops.rmsNorm(x, weight, 1e-5),
  ropeBHTD: (x, cos, sin) => ops.rope(x, cos, sin, "BHTD"),
  ropeBTHD: (x, cos, sin) => ops.rope(x, cos, sin, "BTHD"),
  matmul: (a, b) => ops.matmul(a, b),
  linear: (x, weight) => ops.matmul(x, weight, { transB: true }),
  matmulTransA: (a, b) => ops.matmul(a, b, { transA: true }),
  matmulGrouped: (a, b) => ops.matmul(a, b, { transB: true }),
  gather: (table, ids) => ops.gather(table, ids),
  gatherElements: (x, ids) => ops.gatherElements(x, ids, 1),
  scatterAdd: (x, ids, updates) => ops.scatterElements(x, ids, updates, { axis: 1, reduction: "add" }),
  topK: (x) => {
    const { values, indices } = ops.topK(x, 2);
    return [values, indices];
  },
  where: ops.where,
  concat: (a, b, c) => ops.concat([a, b, c], 2),
  slice: (x) => ops.slice(x, 1, 1, 3),
  split: (x) => ops.split(x, 1, [1, 3, 2]),
  reduceMean: (x) => ops.reduceMean(x, [0, 2]),
  reduceSum: (x) => ops.reduceSum(x, [1], true),
  transpose: (x) => ops.transpose(x, [2, 0, 1]),
  expand: (x) => ops.expand(x, [2, 3, 4]),
};

describe("operators agree with PyTorch", () => {
  const cases = fixture("operators.json") as Record<string, OperatorCase>;
  test("the fixtures and the operators built here are the same", () => {
    expect(Object.keys(builds).sort()).toEqual(Object.keys(cases).sort());
  });
  test.each(Object.entries(cases))("%s", async (name, recorded) => {
    const graph = new Graph();
    const inputs = recorded.inputs.map(({ dtype, dims }, at) => graph.input(`x${at}`, dtype, dims));
    const built = builds[name]!(...(inputs as [Value, Value, Value]));
    const outputs = "graph" in built ? [built] : built;
    const smooth = outputs.filter((output) => output.dtype === "float32");
    const cotangents = smooth.map((value, at) => ({
      value,
      cotangent: graph.input(`g${at}`, "float32", value.dims),
    }));
    const wrt = inputs.filter((input) => input.dtype === "float32");
    const results = [...outputs, ...gradient(cotangents, wrt)];
    for (const [at, result] of results.entries()) graph.output(`r${at}`, result);
    const run = await open(graph);
    const feeds = [...named("x", recorded.inputs), ...named("g", recorded.cotangents)];
    const found = await run(Object.fromEntries(feeds));
    for (const [at, expected] of [...recorded.outputs, ...recorded.gradients].entries()) {
      expectClose(found[`r${at}`]!, expected, `${name}, result ${at}`);
    }
  });
});

interface BlockCase {
  inputs: Record<string, Numbers>;
  output: Numbers;
  cotangent: Numbers;
  gradients: Record<string, Numbers>;
}

const shape = { hidden: 12, heads: 4, keyHeads: 2, headSize: 6, inner: 20 };

describe.each([
  { family: "llama", build: llamaBlock },
  { family: "gemma2", build: gemma2Block },
])("a $family block agrees with Transformers", ({ family, build }) => {
  const cases = fixture(`${family}-block.json`) as Record<string, BlockCase>;
  test.each(Object.entries(cases))("%s", async (_, recorded) => {
    const graph = new Graph();
    const { values, output }: Block = build(graph, shape, "float32");
    const cotangent = graph.input("cotangent", "float32", output.dims);
    graph.output("y", output);
    const names = Object.keys(recorded.gradients);
    const gradients = gradient(
      [{ value: output, cotangent }],
      names.map((name) => values[name]!),
    );
    for (const [at, name] of names.entries()) graph.output(`d ${name}`, gradients[at]!);
    expect(Object.keys(values).sort()).toEqual(Object.keys(recorded.inputs).sort());

    // Parameters lie inside the model here, as they do in an audit.
    const run = await open(graph, (name) => ({ kind: "inline", bytes: bytesOf(recorded.inputs[name]!) }));
    const found = await run({ ...recorded.inputs, cotangent: recorded.cotangent });
    expectClose(found["y"]!, recorded.output, "output");
    for (const name of names) expectClose(found[`d ${name}`]!, recorded.gradients[name]!, name);
  });
});

function named(prefix: string, tensors: readonly Numbers[]): [string, Numbers][] {
  return tensors.map((tensor, at) => [`${prefix}${at}`, tensor]);
}

function bytesOf({ data }: Numbers): Uint8Array {
  return new Uint8Array(Float32Array.from(data).buffer);
}

function expectClose(found: Numbers, expected: Numbers, what: string): void {
  expect(found.dims, what).toEqual(expected.dims);
  expect(relativeError(found.data, expected.data), what).toBeLessThan(tolerance);
}
