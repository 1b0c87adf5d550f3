/** Measures how fast ONNX Runtime multiplies fp32 matrices on this machine: the upper limit of prefill speed. */
import { Graph } from "../src/graph/build/graph.ts";
import { matmul } from "../src/graph/ops/ops.ts";
import { Tensor } from "../src/model/ort/ort.ts";
import { openWeightless } from "../src/model/ort/session.ts";

/** The product is [rows, size] · [size, size]: as many rows as a prefill has, and the width of a large model. */
const rows = 512;
const size = 2048;
const rounds = 8;

/** @returns floating-point operations per second, the best of several rounds */
export async function matmulRate(): Promise<number> {
  const graph = new Graph();
  graph.output(
    "y",
    matmul(graph.input("a", "float32", [rows, size]), graph.input("b", "float32", [size, size])),
  );
  const session = await openWeightless(graph, {});
  const filled = (dims: readonly number[]) =>
    new Tensor(
      "float32",
      new Float32Array(dims.reduce((a, b) => a * b, 1)).map((_, i) => ((i * 7919) % 1000) / 1000 - 0.5),
      dims,
    );
  const feeds = { a: filled([rows, size]), b: filled([size, size]) };
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await session.run(feeds);
    best = Math.max(best, (2 * rows * size * size) / ((performance.now() - start) / 1000));
  }
  await session.release();
  return best;
}
