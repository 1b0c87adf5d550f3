/** Compares every operator's gradient rule with central finite differences, in ONNX Runtime's float64 kernels. */
import { describe, expect, test } from "vitest";
import {
  type Check,
  checkGradient,
  type Operands,
  smoothOperand as some,
} from "../../test/support/finite-differences.ts";
import { Graph, type Value } from "./build/graph.ts";
import { gradient } from "./gradient.ts";
import * as ops from "./ops/ops.ts";

const mask = (dims: readonly number[], data: readonly number[]) => ({ dims, data, dtype: "bool" as const });
const ids = (dims: readonly number[], data: readonly number[]) => ({ dims, data, dtype: "int64" as const });
const unary = (f: (x: Value) => Value, low = -2, high = 2): Check[] => [
  { operands: [some([2, 3, 4], { low, high, declared: ["B", "T", 4] })], build: f },
];
const binary = (f: (a: Value, b: Value) => Value): Check[] => {
  const positive = { low: 0.5, high: 2 };
  return [
    { operands: [some([2, 3]), some([2, 3], { seed: 1, ...positive })], build: f },
    { operands: [some([2, 1, 3]), some([4, 1], { seed: 1, ...positive })], build: f },
    {
      operands: [
        some([3], { declared: ["D"] }),
        some([2, 4, 3], { seed: 1, ...positive, declared: ["B", 4, "D"] }),
      ],
      build: f,
    },
    { operands: [some([2, 3]), some([], { seed: 1, ...positive })], build: f },
    { operands: [some([2, 0, 3]), some([1, 3], { seed: 1, ...positive })], build: f },
  ];
};

/** At least one check per kind of operator. The function under test uses an operator of that kind. */
const checks: Readonly<Record<string, readonly Check[]>> = {
  add: binary(ops.add),
  sub: [...binary(ops.sub), ...unary((x) => ops.sub(2, x))],
  mul: [...binary(ops.mul), ...unary((x) => ops.mul(x, x))],
  div: [...binary(ops.div), ...unary((x) => ops.div(3, x), 0.5, 2)],
  neg: unary(ops.neg),
  sqrt: unary(ops.sqrt, 0.5, 2),
  exp: unary(ops.exp),
  log: unary(ops.log, 0.5, 2),
  tanh: [...unary(ops.tanh), ...unary((x) => ops.softcap(x, 0.7))],
  sigmoid: unary(ops.sigmoid),
  relu: unary(ops.relu),
  silu: unary(ops.silu),
  geluTanh: unary(ops.geluTanh),
  pow: [
    ...unary((x) => ops.pow(x, 3)),
    ...unary((x) => ops.pow(x, -0.5), 0.5, 2),
    ...unary((x) => ops.pow(x, 0)),
  ],
  clip: unary((x) => ops.clip(x, -0.5, 0.8)),
  // Elements and step are exact in 32 bits, and a cast is linear, so a wide step loses nothing.
  cast: [
    {
      operands: [{ dims: [3], data: [-1, 0.5, 2] }],
      build: (x) => ops.cast(ops.cast(x, "float32"), "float64"),
      step: 0.25,
    },
  ],
  softmax: [
    ...unary((x) => ops.softmax(x, -1)),
    ...unary((x) => ops.softmax(x, 1)),
    { operands: [some([2, 0, 3])], build: (x) => ops.softmax(x, -1) },
  ],
  logSoftmax: [...unary((x) => ops.logSoftmax(x, -1)), ...unary((x) => ops.logSoftmax(x, 0))],
  rmsNorm: [
    {
      operands: [some([2, 3, 6], { declared: ["B", "T", 6] }), some([6], { seed: 1 })],
      build: (x, w) => ops.rmsNorm(x, w, 1e-3),
    },
    { operands: [some([2, 0, 6]), some([6], { seed: 1 })], build: (x, w) => ops.rmsNorm(x, w, 1e-3) },
  ],
  matmul: [
    {
      operands: [some([1, 3, 2]), { ...some([4, 2, 5], { seed: 1 }), declared: ["G", 2, 5] }],
      build: (a, b) => ops.matmul(a, b),
    },
    { operands: [some([2, 3]), some([3, 4], { seed: 1 })], build: (a, b) => ops.matmul(a, b) },
    {
      operands: [some([2, 5, 3], { declared: ["B", "T", 3] }), some([3, 4], { seed: 1 })],
      build: (a, b) => ops.matmul(a, b),
    },
    {
      operands: [some([2, 5, 3], { declared: ["B", "T", 3] }), some([4, 3], { seed: 1 })],
      build: (a, b) => ops.matmul(a, b, { transB: true }),
    },
    {
      operands: [some([2, 3, 5], { declared: ["B", 3, "T"] }), some([4, 3], { seed: 1 })],
      build: (a, b) => ops.matmul(a, b, { transA: true, transB: true }),
    },
    {
      operands: [some([3, 5]), some([3, 4], { seed: 1 })],
      build: (a, b) => ops.matmul(a, b, { transA: true }),
    },
    {
      // Grouped-query attention: two groups of queries share a head of keys.
      operands: [
        some([2, 2, 2, 3, 4], { declared: ["B", 2, 2, "T", 4] }),
        some([2, 2, 1, 5, 4], { seed: 1, declared: ["B", 2, 1, "S", 4] }),
      ],
      build: (a, b) => ops.matmul(a, b, { transB: true }),
    },
    {
      operands: [some([3, 4]), some([2, 4, 5], { seed: 1 })],
      build: (a, b) => ops.matmul(a, b),
    },
    {
      // K is 0, so the product is zero and its gradients are empty.
      operands: [
        some([2, 3, 0], { declared: ["B", "T", "K"] }),
        some([2, 0, 4], { declared: ["B", "K", 4] }),
      ],
      build: (a, b) => ops.matmul(a, b),
    },
    {
      operands: [some([2, 0, 3], { declared: ["B", "T", 3] }), some([3, 4], { seed: 1 })],
      build: (a, b) => ops.matmul(a, b),
    },
  ],
  rope: (["BHTD", "BTHD"] as const).flatMap((layout) =>
    [3, 0].map((tokens) => ({
      operands: [
        layout === "BHTD"
          ? some([2, 2, tokens, 4], { declared: ["B", 2, "T", 4] })
          : some([2, tokens, 2, 4], { declared: ["B", "T", 2, 4] }),
        some([2, tokens, 2], { seed: 1, declared: ["B", "T", 2] }),
        some([2, tokens, 2], { seed: 2, declared: ["B", "T", 2] }),
      ],
      build: (x: Value, cos: Value, sin: Value) => ops.rope(x, cos, sin, layout),
    })),
  ),
  reshape: [
    ...unary((x) => ops.mul(ops.reshape(x, [-1, 4]), ops.reshape(x, ["B*T", 4]))),
    ...unary((x) => ops.reshape(ops.reshape(x, [-1, 2]), ["B", "T", 2, 2])),
    ...unary((x) => ops.reshape(x, ["B", -1])),
    ...unary((x) => ops.reshape(x, ["rest", 2])),
    {
      operands: [some([2, 0, 6], { declared: ["B", "P", 6] })],
      build: (x) => ops.reshape(ops.transpose(ops.reshape(x, ["B", "P", 2, 3]), [0, 2, 1, 3]), ["B", 2, -1]),
    },
    {
      operands: [some([2, 0, 3, 4], { declared: ["B", "P", "T", 4] })],
      build: (x) => ops.reshape(x, ["B", "P", -1]),
    },
    { operands: [some([2, 0, 6])], build: (x) => ops.reshape(x, [0, 5]) },
  ],
  transpose: unary((x) => ops.transpose(x, [2, 0, 1])),
  unsqueeze: unary((x) => ops.unsqueeze(x, [0, -1])),
  squeeze: [{ operands: [some([1, 3, 1, 2])], build: (x) => ops.squeeze(x, [0, -2]) }],
  renameDims: unary((x) => ops.renameDims(x, ["B", "S", 4])),
  expand: [
    {
      operands: [some([3, 1], { declared: ["T", 1] }), some([2, 3, 4], { seed: 1, declared: ["B", "T", 4] })],
      build: (x, like) => ops.mul(ops.expand(x, ["B", "T", 4]), like),
    },
    { operands: [some([1, 2])], build: (x) => ops.expand(x, [0, 2]) },
  ],
  reduceSum: [
    ...unary((x) => ops.reduceSum(x, [0, -1])),
    ...unary((x) => ops.reduceSum(x, [1], true)),
    ...unary((x) => ops.reduceSum(x, [])),
    { operands: [some([2, 0, 3], { declared: ["B", "P", 3] })], build: (x) => ops.reduceSum(x, [1]) },
  ],
  reduceMean: [...unary((x) => ops.reduceMean(x, [0, 1])), ...unary((x) => ops.reduceMean(x, [-1], true))],
  sizeOf: unary((x) => ops.mul(x, ops.sizeOf(x, [0, 1]))),
  fill: unary((x) => ops.mul(x, ops.fillLike(x, 2.5))),
  concat: [
    {
      operands: [
        some([2, 3, 2], { declared: ["B", "P", 2] }),
        some([2, 1, 2], { seed: 1, declared: ["B", "T", 2] }),
        some([2, 2, 2], { seed: 2, declared: ["B", 2, 2] }),
      ],
      build: (...xs) => ops.concat(xs, 1),
    },
    {
      operands: [
        some([2, 2, 0, 3], { declared: ["B", 2, "P", 3] }),
        some([2, 2, 4, 3], { seed: 1, declared: ["B", 2, "T", 3] }),
      ],
      build: (...xs) => ops.concat(xs, 2),
    },
    { operands: [some([2, 3])], build: (x) => ops.concat([x, x], 0) },
  ],
  slice: [
    ...unary((x) => ops.slice(x, 2, 1, 3)),
    ...unary((x) => ops.slice(x, 1, 1)),
    ...unary((x) => ops.slice(x, 1, -1)),
    ...unary((x) => ops.slice(x, 1, 0, -1)),
    ...unary((x) => ops.slice(x, 1, -3, -1)),
    ...unary((x) => ops.slice(x, 0, 0, 1)),
    ...unary((x) => ops.slice(x, 2, 2, 2)),
  ],
  // The gradient of a slice, differentiated once more.
  padLike: unary((x) => {
    const y = ops.mul(ops.slice(x, 1, 1), ops.slice(x, 1, 1));
    return gradient([{ value: y, cotangent: ops.mul(y, y) }], [x])[0]!;
  }),
  split: [
    { operands: [some([2, 6])], build: (x) => ops.split(x, -1, [1, 3, 2]) },
    // One part takes no part in the loss.
    { operands: [some([2, 6])], build: (x) => ops.split(x, 1, [1, 3, 2])[1]! },
  ],
  gather: [
    {
      operands: [some([4, 3]), { ...ids([2, 3], [1, 3, 1, 0, -1, 1]), declared: ["B", "T"] }],
      build: (table, at) => ops.gather(table, at),
    },
    {
      operands: [some([2, 4, 3], { declared: ["B", "T", 3] }), ids([2], [2, 2])],
      build: (x, at) => ops.gather(x, at, 1),
    },
    { operands: [some([4, 3]), ids([], [2])], build: (table, at) => ops.gather(table, at) },
    { operands: [some([4, 3]), ids([0], [])], build: (table, at) => ops.gather(table, at) },
  ],
  gatherElements: [
    {
      operands: [some([3, 4]), ids([3, 2], [0, 0, 3, 1, 2, -1])],
      build: (x, at) => ops.gatherElements(x, at, 1),
    },
  ],
  scatterElements: [
    {
      operands: [some([4, 2]), ids([3, 2], [0, 1, 2, 2, 3, 0]), some([3, 2], { seed: 1 })],
      build: (x, at, updates) => ops.scatterElements(x, at, updates, { axis: 0, reduction: "none" }),
    },
    {
      operands: [some([4, 2]), ids([3, 2], [0, 1, 2, 1, 0, 1]), some([3, 2], { seed: 1 })],
      build: (x, at, updates) => ops.scatterElements(x, at, updates, { axis: 0, reduction: "add" }),
    },
  ],
  topK: [
    {
      operands: [some([2, 3, 6], { declared: ["B", "T", 6] })],
      build: (x) => {
        const { values, indices } = ops.topK(x, 2);
        return [values, indices];
      },
    },
    { operands: [some([5, 2])], build: (x) => ops.topK(x, 3, 0).values },
  ],
  where: [
    {
      operands: [mask([2, 1], [1, 0]), some([2, 3]), some([3], { seed: 1 })],
      build: (condition, a, b) => ops.where(condition, a, b),
    },
    {
      operands: [mask([2, 3], [1, 0, 1, 1, 0, 0]), some([2, 3])],
      build: (condition, a) => ops.where(condition, a, -3),
    },
  ],
  // JumpReLU: the gate itself has no gradient; the gradient passes where the gate is open.
  greater: unary((x) => ops.where(ops.greater(x, 0.5), x, 0)),
};

describe("gradient rules agree with finite differences", () => {
  for (const [kind, kindChecks] of Object.entries(checks)) {
    test.each(kindChecks.map((check, at) => ({ name: `${kind} ${at + 1}`, check })))(
      "$name",
      async ({ check }) => {
        await checkGradient(check);
      },
    );
  }

  test("every operator has a check that uses it", () => {
    const unchecked = ops.operators.filter(({ kind }) => !kindsUsed(checks[kind] ?? []).has(kind));
    expect(unchecked.map(({ kind }) => kind)).toEqual([]);
  });
});

function kindsUsed(kindChecks: readonly Check[]): Set<string> {
  const kinds = new Set<string>();
  for (const { operands, build } of kindChecks) {
    const graph = new Graph();
    const inputs = operands.map((x, at) => graph.input(`x${at}`, x.dtype ?? "float64", x.declared ?? x.dims));
    build(...(inputs as Operands));
    for (const node of graph.nodes) kinds.add(node.operator.kind);
  }
  return kinds;
}
