/** Compares products of 8-bit integers with PyTorch's rounding and NumPy's products (oracle/quantized_fixtures.py). */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { open } from "../../../../test/support/graph.ts";
import { expectSameRow } from "../../../../test/support/same-row.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { Graph } from "../../../graph/build/graph.ts";
import { gradient } from "../../../graph/gradient.ts";
import { matmulInt8, peakCode } from "../../../graph/ops/ops.ts";
import { multipliesInt8 } from "../../ort/int8-products.ts";
import { copiesFor, furtherColumns } from "../../weights/int8-form.ts";
import { Int8Columns } from "./round-columns.ts";

const oracle = openSafetensors(
  join(import.meta.dirname, "../../../../test/fixtures/quantized/matrices.safetensors"),
);
const [out, inputs] = oracle.entry("weights").shape as [number, number];
const x = oracle.readFloat32("x");
const rows = x.length / inputs;

/** The largest magnitude of each input, [inputs]. */
function peaksOf(x: Float32Array, inputs: number): Float32Array {
  return Float32Array.from({ length: inputs }, (_, i) =>
    Math.max(...Array.from({ length: x.length / inputs }, (_, row) => Math.abs(x[row * inputs + i]!))),
  );
}

/** x · Wᵀ by ONNX Runtime, of the first M rows. */
async function product(
  made: Int8Columns,
  copies: Int32Array,
  x: Float32Array,
  M: number,
): Promise<readonly number[]> {
  const graph = new Graph();
  const K = copies.length;
  const N = made.scales.length;
  const bytes = { columns: new Uint8Array(made.columns.buffer), scales: new Uint8Array(made.scales.buffer) };
  const matrix = {
    in: K,
    copies,
    columns: graph.weight("columns", "int8", [made.columns.length / N, N]),
    scales: graph.weight("scales", "float32", [N]),
  };
  graph.output("y", matmulInt8(graph.input("x", "float32", ["M", K]), matrix));
  const run = await open(graph, (name) => ({ kind: "inline", bytes: bytes[name as keyof typeof bytes] }));
  return (await run({ x: { dtype: "float32", dims: [M, K], data: [...x.subarray(0, M * K)] } }))["y"]!.data;
}

function rounded(copies: Int32Array, piece = out): Int8Columns {
  const made = new Int8Columns(out, copies);
  const weights = oracle.readFloat32("weights");
  for (let from = 0; from < out; from += piece)
    made.put(from, weights.subarray(from * inputs, Math.min(out, from + piece) * inputs));
  return made;
}

const unsplit = new Int32Array(inputs).fill(1);
const split = copiesFor(peaksOf(x, inputs));

test("the codes and scales are those of PyTorch's quantize_per_channel, in whatever pieces they come", () => {
  const codes = new Int8Array(oracle.readBytes("columns.codes").buffer);
  const weights = oracle.readFloat32("columns.weights");
  for (const made of [rounded(unsplit), rounded(unsplit, 3)])
    for (let o = 0; o < out; o++)
      for (let i = 0; i < inputs; i++) {
        const code = made.columns[i * out + o]!;
        expect(code).toBe(codes[o * inputs + i]!);
        expect(Math.abs(code * made.scales[o]! * peakCode - weights[o * inputs + i]!)).toBeLessThan(1e-5);
      }
});

test("a split input has the codes of its weights in each of its columns", () => {
  const plain = rounded(unsplit).columns;
  const { columns } = rounded(split);
  expect(columns.subarray(0, plain.length)).toEqual(plain);
  const further = [...split].flatMap((count, input) => Array.from({ length: count - 1 }, () => input));
  expect(further.length).toBe(furtherColumns(inputs));
  expect(columns.subarray(plain.length)).toEqual(
    Int8Array.from(further.flatMap((input) => [...plain.subarray(input * out, (input + 1) * out)])),
  );
});

/** The largest error of each number of a product, as a share of what rounding a row once, at its own step, can make. */
async function shareOfBound(copies: Int32Array): Promise<number> {
  const y = await product(rounded(copies), copies, x, rows);
  const expected = oracle.readFloat32("columns.y");
  const weights = oracle.readFloat32("columns.weights");
  const shares = y.map((value, at) => {
    const [row, o] = [Math.floor(at / out), at % out];
    const own = x.subarray(row * inputs, (row + 1) * inputs);
    const step = Math.max(...[...own].map((value, i) => Math.abs(value) / copies[i]!)) / peakCode;
    const sum = weights.subarray(o * inputs, (o + 1) * inputs).reduce((a, weight) => a + Math.abs(weight), 0);
    return Math.abs(value - expected[at]!) / ((step / 2) * sum + 1e-5);
  });
  return Math.max(...shares);
}

test("the error is within that of rounding each row once, where the processor multiplies exactly", async () => {
  for (const copies of [unsplit, split]) {
    const share = await shareOfBound(copies);
    // A product that saturates has any error, or none. Matrices are not held in this form there.
    if (await multipliesInt8()) expect(share).toBeLessThan(1);
    // If x were not rounded, this would be about 0.001.
    expect(share).toBeGreaterThan(0.02);
  }
});

test("a row's product does not depend on the rows beside it", async () => {
  const [K, N] = [583, 37];
  const values = Float32Array.from({ length: 40 * K }, (_, i) => Math.sin(i * i) * (i % K === 5 ? 200 : 1));
  const copies = copiesFor(peaksOf(values, K));
  const made = new Int8Columns(N, copies);
  made.put(
    0,
    Float32Array.from({ length: N * K }, (_, i) => Math.cos(i * i)),
  );
  const all = await product(made, copies, values, 40);
  for (const M of [1, 2, 3, 8, 17])
    expectSameRow([...(await product(made, copies, values, M))], [...all.slice(0, M * N)], "product");
});

test("a row of zeros gives zeros, and a row with an infinity gives no finite number", async () => {
  const odd = new Float32Array(2 * inputs);
  odd.set(x.subarray(0, inputs), inputs);
  odd[inputs + 9] = Number.POSITIVE_INFINITY;
  const y = await product(rounded(split), split, odd, 2);
  expect(y.slice(0, out).every((value) => value === 0)).toBe(true);
  expect(y.slice(out).some((value) => Number.isFinite(value))).toBe(false);
});

test("the largest inputs are split, and no other way to split as often has a smaller largest share", () => {
  const sizes = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(sizes, (list) => {
      const peaks = Float32Array.from(list);
      const copies = copiesFor(peaks);
      expect(copies.every((count) => count >= 1)).toBe(true);
      expect(copies.reduce((a, b) => a + b, 0)).toBe(peaks.length + furtherColumns(peaks.length));
      const largest = Math.max(...peaks.map((peak, i) => peak / copies[i]!));
      // To make the largest share smaller, every input needs as many columns as this, and there are fewer.
      const needed = peaks.reduce((sum, peak) => sum + Math.floor(peak / (largest * (1 - 1e-6))) + 1, 0);
      if (largest > 0) expect(needed).toBeGreaterThan(peaks.length + furtherColumns(peaks.length));
    }),
  );
});

describe("a product of integers", () => {
  const graph = new Graph();
  const input = graph.input("x", "float32", ["M", 4]);
  const matrix = {
    in: 4,
    copies: new Int32Array([1, 2, 1, 1]),
    columns: graph.weight("c", "int8", [5, 3]),
    scales: graph.weight("s", "float32", [3]),
  };

  test("rounds an input once for all matrices that split it alike", () => {
    const count = () => graph.nodes.filter(({ operator }) => operator.kind === "roundRows").length;
    for (let i = 0; i < 3; i++) matmulInt8(input, { ...matrix, copies: new Int32Array([1, 2, 1, 1]) });
    expect(count()).toBe(1);
    matmulInt8(input, { ...matrix, copies: new Int32Array([2, 1, 1, 1]) });
    expect(count()).toBe(2);
  });

  test("refuses parts that do not fit each other", () => {
    expect(() => matmulInt8(input, { ...matrix, in: 5 })).toThrow("matmulInt8 copies: expected 5 counts");
    expect(() => matmulInt8(input, { ...matrix, copies: new Int32Array([0, 3, 1, 1]) })).toThrow(
      "at least 1",
    );
    expect(() => matmulInt8(input, { ...matrix, copies: new Int32Array([1, 1, 1, 1]) })).toThrow(
      "matmulInt8 columns: expected int8 [4, 3]",
    );
    expect(() => matmulInt8(input, { ...matrix, scales: matrix.columns })).toThrow("matmulInt8 columns");
  });

  test("throws when its gradient is asked for", () => {
    const y = matmulInt8(input, matrix);
    expect(() => gradient([{ value: y, cotangent: y }], [input])).toThrow(
      "gradient: expected a matrix of float32",
    );
  });
});
