/** The form written for a device computes the same results and uses no operator that the device lacks. */
import { expect, it } from "vitest";
import { open } from "../../test/support/graph.ts";
import { Graph } from "./build/graph.ts";
import { toOnnx } from "./onnx.ts";
import { logSoftmax, matmul } from "./ops/ops.ts";

const a = { dtype: "float32", dims: [2, 3], data: [1, -2, 3, 0.5, 40, -1] } as const;
const b = { dtype: "float32", dims: [2, 3], data: [2, 1, 0, -1, 0.25, 3] } as const;

function products(): Graph {
  const graph = new Graph();
  const [x, y] = [graph.input("x", "float32", ["N", 3]), graph.input("y", "float32", ["N", 3])];
  graph.output("byRows", matmul(x, y, { transB: true }));
  graph.output("byColumns", matmul(x, y, { transA: true }));
  graph.output("logSoftmax", logSoftmax(x, 1));
  return graph;
}

it("WebGPU: products of transposed operands and log softmax", async () => {
  const text = (device: "cpu" | "webgpu") =>
    Buffer.from(toOnnx(products(), () => ({ kind: "input" }), device)).toString("latin1");
  for (const lacking of ["FusedMatMul", "LogSoftmax"]) {
    expect(text("cpu")).toContain(lacking);
    expect(text("webgpu")).not.toContain(lacking);
  }
  const feeds = { x: a, y: b };
  const plain = await (await open(products()))(feeds);
  const written = await (await open(products(), undefined, {}, "webgpu"))(feeds);
  expect(Object.keys(written)).toEqual(["byRows", "byColumns", "logSoftmax"]);
  for (const [name, { dims, data }] of Object.entries(written)) {
    expect(dims).toEqual(plain[name]!.dims);
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(plain[name]!.data[i]!, 5);
  }
});
