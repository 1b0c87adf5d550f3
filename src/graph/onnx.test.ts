/** Tests which values are written and which are left out, and that ONNX Runtime finds every weight at its placement. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { open } from "../../test/support/graph.ts";
import { InferenceSession } from "../model/ort/ort.ts";
import { Graph } from "./build/graph.ts";
import { gradient } from "./gradient.ts";
import { toOnnx, type WeightPlacement } from "./onnx.ts";
import * as ops from "./ops/ops.ts";

const floats = (...elements: number[]) => new Uint8Array(Float32Array.from(elements).buffer);
const asInput = (): WeightPlacement => ({ kind: "input" });

test("only values that an output depends on are written or placed", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["B", 2]);
  const unused = graph.input("unused", "float32", ["B", 2]);
  const used = graph.weight("used", "float32", [2]);
  graph.weight("idle", "float32", [2]);
  ops.mul(unused, x);
  graph.output("y", ops.mul(x, used));
  const placed: string[] = [];
  const model = toOnnx(graph, (name) => {
    placed.push(name);
    return { kind: "inline", bytes: floats(3, 4) };
  });
  const session = await InferenceSession.create(model);
  expect(session.inputNames).toEqual(["x"]);
  expect(session.outputNames).toEqual(["y"]);
  expect(placed).toEqual(["used"]);
});

test("weights from a file at an offset, from the model itself and from the caller are the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fathom-graph-"));
  try {
    writeFileSync(join(folder, "weights.bin"), Buffer.concat([Buffer.alloc(64), floats(3, 4)]));
    const build = () => {
      const graph = new Graph();
      const x = graph.input("x", "float32", [2]);
      graph.output("y", ops.mul(x, graph.weight("w", "float32", [2])));
      return graph;
    };
    const external: WeightPlacement = { kind: "external", location: "weights.bin", offset: 64, length: 8 };
    const folderOption = { session: { model_external_initializers_file_folder_path: folder } };
    const runs = [
      await open(build(), () => external, { extra: folderOption }),
      await open(build(), () => ({ kind: "inline", bytes: floats(3, 4) })),
      await open(build(), asInput),
    ];
    for (const run of runs) {
      const found = await run({
        x: { dtype: "float32", dims: [2], data: [5, -2] },
        w: { dtype: "float32", dims: [2], data: [3, 4] },
      });
      expect(found["y"]!.data).toEqual([15, -8]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  // 1.5 and -2, by hand from the bit layouts.
  { dtype: "bfloat16" as const, bits: [0x3fc0, 0xc000] },
  { dtype: "float16" as const, bits: [0x3e00, 0xc000] },
])("$dtype weights are read through a cast", async ({ dtype, bits }) => {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2]);
  graph.output("y", ops.mul(x, ops.cast(graph.weight("w", dtype, [2]), "float32")));
  const run = await open(graph, () => ({
    kind: "inline",
    bytes: new Uint8Array(Uint16Array.from(bits).buffer),
  }));
  expect((await run({ x: { dtype: "float32", dims: [2], data: [2, 3] } }))["y"]!.data).toEqual([3, -6]);
});

test("an input, a constant, and one value under two names can be outputs", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["B"]);
  const doubled = ops.mul(x, 2);
  graph.output("same", x);
  graph.output("one", graph.constant([1], "int64", [1]));
  graph.output("first", doubled);
  graph.output("second", doubled);
  const found = await (await open(graph))({ x: { dtype: "float32", dims: [3], data: [1, 2, 3] } });
  expect(found["same"]!.data).toEqual([1, 2, 3]);
  expect(found["one"]!.data).toEqual([1]);
  expect(found["first"]!.data).toEqual([2, 4, 6]);
  expect(found["second"]!.data).toEqual([2, 4, 6]);
});

test("equal constants are one value, unequal ones are not", () => {
  const graph = new Graph();
  const one = graph.constant([1], "float32", []);
  expect(graph.constant([1], "float32", [])).toBe(one);
  expect(graph.constant([1], "float32", [1])).not.toBe(one);
  expect(graph.constant([1], "float64", [])).not.toBe(one);
});

test("the gradient is zero, in the right shape, where no path leads to a value", async () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["B", 2]);
  const other = graph.input("other", "float32", ["B", 3]);
  const ids = graph.input("ids", "int64", ["B"]);
  const y = ops.mul(ops.cast(ops.cast(x, "int32"), "float32"), 2);
  const z = ops.gather(other, ids);
  const cotangents = [
    { value: y, cotangent: ops.fillLike(y, 1) },
    { value: z, cotangent: ops.fillLike(z, 1) },
  ];
  const [dx, dOther, dy] = gradient(cotangents, [x, other, y]);
  graph.output("dx", dx!);
  graph.output("dOther", dOther!);
  graph.output("dy", dy!);
  const found = await (await open(graph))({
    x: { dtype: "float32", dims: [2, 2], data: [1, 2, 3, 4] },
    other: { dtype: "float32", dims: [2, 3], data: [1, 2, 3, 4, 5, 6] },
    ids: { dtype: "int64", dims: [2], data: [1, 1] },
  });
  expect(found["dx"]).toEqual({ dtype: "float32", dims: [2, 2], data: [0, 0, 0, 0] });
  expect(found["dOther"]!.data).toEqual([0, 0, 0, 2, 2, 2]);
  expect(found["dy"]!.data).toEqual([1, 1, 1, 1]);
});

test("wrong use is refused by name", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["B", "T", 4]);
  const w = graph.weight("w", "float32", [4, 3]);
  const ids = graph.input("ids", "int64", ["B", "T"]);
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [
      () => ops.matmul(x, w, { transB: true }),
      /matmul of float32 \[B, T, 4\]: expected .* 4 rows, found .* \[4, 3\]/,
    ],
    [
      () => ops.matmul(x, graph.input("v", "float32", [4])),
      /matmul: expected operands with two axes or more/,
    ],
    [() => ops.add(x, graph.input("t", "float32", ["T", "B", 4])), /add: expected dims that broadcast/],
    [() => ops.add(x, graph.input("f64", "float64", [4])), /add: expected float32 .* found float64/],
    [() => ops.reshape(x, ["B", 3, -1]), /reshape: expected as many elements as \[B, T, 4\]/],
    [() => ops.reshape(x, ["B", "U", "V", 4]), /reshape: expected a size known from/],
    [() => ops.transpose(x, [0, 1]), /transpose: expected a permutation/],
    [() => ops.concat([x, w], 0), /concat: expected float32 \[\*, T, 4\], found float32 \[4, 3\]/],
    [() => ops.slice(x, 2, 3, 7), /slice of \[B, T, 4\]: expected a range within axis 2, found 3 to 7/],
    [() => ops.split(x, 2, [1, 2]), /split of \[B, T, 4\]: expected sizes that sum to 4/],
    [() => ops.softmax(x, 3), /softmax: expected an axis of \[B, T, 4\], found axis 3/],
    [() => ops.tanh(ids), /tanh: expected a floating-point operand, found int64/],
    [() => ops.gather(w, x), /gather: expected int32 or int64 indices, found float32/],
    [() => ops.rmsNorm(x, w, 1e-5), /rmsNorm: expected a weight of float32 \[4\], found float32 \[4, 3\]/],
    [() => ops.rope(x, x, x, "BHTD"), /rope: expected four axes/],
    [() => ops.topK(x, 5), /topK of \[B, T, 4\]: expected a k from 0 to 4, found 5/],
    [() => ops.softcap(x, 0), /softcap: expected a positive cap, found 0/],
    [() => ops.add(x, new Graph().input("x", "float32", [4])), /add: expected values of one graph/],
    [
      () => gradient([{ value: x, cotangent: w }], [x]),
      /gradient: expected a cotangent of float32 \[B, T, 4\]/,
    ],
    [() => gradient([], [ids]), /gradient: expected a floating-point value, found int64/],
    [() => graph.input("x", "float32", []), /input x: expected a name not in use/],
    [() => graph.weight("%1", "float32", []), /weight: expected a name that .* does not start with %/],
    [() => graph.constant([1, 2], "float32", [3]), /constant: expected 3 elements/],
    [() => graph.constant([1], "bfloat16", [1]), /constant: expected float32, .* found bfloat16/],
    [() => toOnnx(graph, asInput), /toOnnx: expected a graph with outputs/],
  ];
  for (const [use, message] of refused) expect(use).toThrow(message);

  graph.output("y", ops.matmul(x, w));
  expect(() => {
    graph.output("y", x);
  }).toThrow(/output y: expected a name not in use/);
  expect(() => toOnnx(graph, () => ({ kind: "inline", bytes: floats(1) }))).toThrow(
    /weight w: expected 48 bytes for float32 \[4, 3\], found 4/,
  );
});
