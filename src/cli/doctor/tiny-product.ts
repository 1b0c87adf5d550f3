/** A matrix product in ONNX Runtime, small enough to check by hand. */
import { createRequire } from "node:module";
import type { Device } from "../../core/records/device.ts";
import { Graph } from "../../graph/build/graph.ts";
import { matmul } from "../../graph/ops/ops.ts";
import { Tensor } from "../../model/ort/ort.ts";
import { openWeightlessOn } from "../../model/ort/session.ts";

export async function tinyProduct(
  device: Device,
): Promise<{ version: string; found: number[]; expected: number[] }> {
  const graph = new Graph();
  const a = graph.input("a", "float32", [2, 2]);
  const b = graph.input("b", "float32", [2, 2]);
  graph.output("y", matmul(a, b));
  const session = await openWeightlessOn(device, graph, { threads: 1 });
  try {
    const matrix = (values: number[]) => new Tensor("float32", Float32Array.from(values), [2, 2]);
    const { y } = await session.run({ a: matrix([1, 2, 3, 4]), b: matrix([5, 6, 7, 8]) });
    const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as {
      version: string;
    };
    return { version, found: [...(y!.data as Float32Array)], expected: [19, 22, 43, 50] };
  } finally {
    await session.release();
  }
}
