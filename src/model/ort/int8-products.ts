/** Whether this processor multiplies 8-bit integers exactly. */
import { Graph } from "../../graph/build/graph.ts";
import { matmulInt8, peakCode } from "../../graph/ops/ops.ts";
import { Tensor } from "./ort.ts";
import { openWeightless } from "./session.ts";

const [rows, inputs, outputs] = [8, 64, 16];

let known: Promise<boolean> | undefined;

/**
 * x86-64 without VNNI adds two products of 8 bits in 16, which saturates: its kernel is not exact, and no faster than the one for
 * blocks. So a product is tried that would saturate there. It is tried once.
 */
export function multipliesInt8(): Promise<boolean> {
  known ??= isExact();
  return known;
}

async function isExact(): Promise<boolean> {
  const graph = new Graph();
  const matrix = {
    in: inputs,
    copies: new Int32Array(inputs).fill(1),
    columns: graph.weight("columns", "int8", [inputs, outputs]),
    scales: graph.weight("scales", "float32", [outputs]),
  };
  graph.output("y", matmulInt8(graph.input("x", "float32", ["N", inputs]), matrix));
  const session = await openWeightless(graph, { threads: 1 });
  try {
    const { y } = await session.run({
      x: new Tensor("float32", new Float32Array(rows * inputs).fill(1), [rows, inputs]),
      columns: new Tensor("int8", new Int8Array(inputs * outputs).fill(127), [inputs, outputs]),
      scales: new Tensor("float32", new Float32Array(outputs).fill(1), [outputs]),
    });
    const expected = inputs * 127 * peakCode;
    return (y!.data as Float32Array).every((found) => Math.abs(found - expected) < 0.01 * expected);
  } finally {
    await session.release();
  }
}
