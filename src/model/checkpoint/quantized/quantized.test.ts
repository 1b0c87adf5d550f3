/** Compares matrices of 4 and 8 bits with ONNX Runtime's quantizer and NumPy (oracle/quantized_fixtures.py). */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, type Numbers, open } from "../../../../test/support/graph.ts";
import { expectSameRow } from "../../../../test/support/same-row.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { Graph } from "../../../graph/build/graph.ts";
import { gradient } from "../../../graph/gradient.ts";
import { matmulNBits } from "../../../graph/ops/ops.ts";
import { type BlockForm, type BlockRows, partAxes } from "../../weights/block-form.ts";
import { openGgufWeights } from "../gguf/gguf-weights.ts";
import { kernelTypes } from "../gguf/kernel-blocks.ts";
import { readGgufHeader } from "../gguf/split.ts";
import { roundedForms, roundRows } from "./round.ts";

const fixtures = join(import.meta.dirname, "../../../../test/fixtures");
const oracle = openSafetensors(join(fixtures, "quantized/matrices.safetensors"));
const [out, inputs] = oracle.entry("weights").shape as [number, number];
const weights = oracle.readFloat32("weights");

/** An allowance for scales so small that float32 does not hold them with full precision. */
const tiny = 1e-36;

/** The weights that rows of blocks represent, [rows, inputs], in double precision. */
function meaning(form: BlockForm, rows: BlockRows, inputs: number): Float64Array {
  const blocks = Math.ceil(inputs / form.blockSize);
  const half = (bytes: Uint8Array, i: number) => (i % 2 === 0 ? bytes[i >> 1]! & 15 : bytes[i >> 1]! >> 4);
  const perRow = form.bits === 4 ? Math.ceil(blocks / 2) * 2 : blocks;
  return Float64Array.from({ length: (rows.scales.length / blocks) * inputs }, (_, at) => {
    const [row, column] = [Math.floor(at / inputs), at % inputs];
    const block = Math.floor(column / form.blockSize);
    const i = (row * blocks + block) * form.blockSize + (column % form.blockSize);
    const q = form.bits === 8 ? rows.quants[i]! : half(rows.quants, i);
    const zero = form.zeroPoints ? half(rows.zeroPoints, row * perRow + block) : 2 ** (form.bits - 1);
    const minimum = form.minima ? rows.minima[row * blocks + block]! : 0;
    return rows.scales[row * blocks + block]! * (q - zero) + minimum;
  });
}

const positiveZero = (value: number) => value + 0;

/** x · Wᵀ by ONNX Runtime. */
async function product(form: BlockForm, rows: BlockRows, x: Numbers): Promise<readonly number[]> {
  const graph = new Graph();
  const K = x.dims.at(-1)!;
  const N = rows.scales.length / Math.ceil(K / form.blockSize);
  const axes = partAxes(form, K);
  const bytes = new Map<string, Uint8Array>();
  const part = (name: keyof BlockRows, dtype: "uint8" | "float32") => {
    if (axes[name] === null) return null;
    bytes.set(name, new Uint8Array(rows[name].buffer));
    return graph.weight(name, dtype, [N, ...axes[name]]);
  };
  const matrix = {
    bits: form.bits,
    blockSize: form.blockSize,
    in: K,
    quants: part("quants", "uint8")!,
    scales: part("scales", "float32")!,
    zeroPoints: part("zeroPoints", "uint8"),
    minima: part("minima", "float32"),
  };
  graph.output("y", matmulNBits(graph.input("x", "float32", ["M", K]), matrix));
  const run = await open(graph, (name) => ({ kind: "inline", bytes: bytes.get(name)! }));
  return (await run({ x }))["y"]!.data;
}

describe.each([4, 8] as const)("rounded to %i bits", (bits) => {
  const form = roundedForms[bits];
  const rows = roundRows(bits, weights, out, inputs);

  test("blocks equal those of ONNX Runtime's quantizer", () => {
    expect(rows.quants).toEqual(oracle.readBytes(`${bits}.quants`));
    expect(rows.scales.map(positiveZero)).toEqual(oracle.readFloat32(`${bits}.scales`).map(positiveZero));
    if (bits === 4) expect(rows.zeroPoints).toEqual(oracle.readBytes("4.zero_points"));
    else expect(rows.zeroPoints.length).toBe(0);
  });

  test("they represent the same weights as in NumPy", () => {
    const expected = oracle.readFloat32(`${bits}.weights`);
    expect(meaning(form, rows, inputs).every((weight, i) => Math.fround(weight) === expected[i])).toBe(true);
  });

  test("the kernel's error is within that of rounding x to 8 bits, and not much smaller", async () => {
    const x = oracle.readFloat32("x");
    const y = await product(form, rows, {
      dtype: "float32",
      dims: [x.length / inputs, inputs],
      data: [...x],
    });
    const expected = oracle.readFloat32(`${bits}.y`);
    const bound = oracle.readFloat32(`${bits}.bound`);
    const share = y.map((value, i) => Math.abs(value - expected[i]!) / (bound[i]! + 1e-5));
    expect(Math.max(...share)).toBeLessThan(1);
    // If x were not rounded, this would be about 0.001, and the
    // documentation, which says that x is rounded, would be wrong.
    expect(Math.max(...share)).toBeGreaterThan(0.02);
  });

  test("the error of a weight is at most half a step in 8 bits and one step in 4 bits", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -1e4, max: 1e4 }), { minLength: 1, maxLength: 70 }),
        (list) => {
          const values = Float32Array.from(list);
          const encoded = roundRows(bits, values, 1, values.length);
          meaning(form, encoded, values.length).forEach((found, i) => {
            const step = Math.abs(encoded.scales[Math.floor(i / 32)]!);
            // An 8-bit block has 127 steps on one side and 128 on the other.
            // A 4-bit zero point is a whole number, which costs half a step more.
            const worst = (bits === 4 ? 1 : 0.5) * step * (1 + 1e-6);
            const clipped = bits === 8 && encoded.quants[i] === 255 ? step : 0;
            expect(Math.abs(found - values[i]!)).toBeLessThanOrEqual(worst + clipped / 2 + tiny);
          });
        },
      ),
    );
  });
});

describe("a GGUF's own blocks", () => {
  const file = join(fixtures, "gguf/tiny.gguf");
  const header = readGgufHeader(file);
  const gguf = openGgufWeights(header, 32);
  const matrices = gguf.names().filter((name) => gguf.blocks!(name) !== null);

  test("are used for every type that has one scale per 16 or 32 values", () => {
    expect(new Set(matrices.map((name) => gguf.info(name).dtype))).toEqual(new Set(kernelTypes));
    expect(matrices.some((name) => /self_attn\.[qk]_proj/.test(name))).toBe(true);
  });

  test.each(matrices)("%s represents the same weights as its decoded form", (name) => {
    const [rows, columns] = gguf.info(name).shape as [number, number];
    const source = gguf.blocks!(name)!;
    const { form } = source;
    const decoded = gguf.read(name);
    const from = rows >> 2;
    const found = meaning(form, source.read(from, rows), columns);
    const scale = decoded.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    // A minimum is rounded once when it is shifted to the kernel's middle. Without minima there is no rounding.
    const allowed = form.minima ? scale * 2 ** -22 : 0;
    found.forEach((value, i) => {
      expect(Math.abs(Math.fround(value) - decoded[from * columns + i]!)).toBeLessThanOrEqual(allowed);
    });
    expect(found.length).toBe((rows - from) * columns);
  });
});

test.each([true, false])(
  "a row's product does not depend on the rows beside it (minima: %s)",
  async (minima) => {
    const form: BlockForm = { bits: 4, blockSize: 32, zeroPoints: false, minima };
    const K = 576;
    const N = 37;
    const rows: BlockRows = {
      quants: Uint8Array.from({ length: (N * K) / 2 }, (_, i) => (i * 2_654_435_761) >>> 24),
      scales: Float32Array.from({ length: (N * K) / 32 }, (_, i) => 0.01 + 0.001 * (i % 7)),
      minima: Float32Array.from({ length: minima ? (N * K) / 32 : 0 }, (_, i) => 0.05 * Math.sin(i)),
      zeroPoints: new Uint8Array(0),
    };
    const data = Array.from({ length: 40 * K }, (_, i) =>
      Math.fround(Math.sin(i * i) * (i % K === 5 ? 200 : 1)),
    );
    const of = async (M: number) =>
      await product(form, rows, { dtype: "float32", dims: [M, K], data: data.slice(0, count([M, K])) });
    const all = await of(40);
    for (const M of [1, 2, 3, 8, 17]) expectSameRow([...(await of(M))], [...all.slice(0, M * N)], "product");
  },
);

describe("a product by blocks", () => {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["M", 64]);
  const matrix = {
    bits: 4 as const,
    blockSize: 32,
    in: 64,
    quants: graph.weight("q", "uint8", [5, 2, 16]),
    scales: graph.weight("s", "float32", [5, 2]),
    zeroPoints: null,
    minima: null,
  };

  test("refuses parts that do not fit each other", () => {
    expect(() => matmulNBits(x, { ...matrix, in: 96 })).toThrow("matmulNBits x: expected float32 [M, 96]");
    expect(() => matmulNBits(x, { ...matrix, bits: 8 })).toThrow(
      "matmulNBits quants: expected uint8 [5, 2, 32]",
    );
    expect(() => matmulNBits(x, { ...matrix, zeroPoints: matrix.scales })).toThrow("uint8 [5, 1]");
    expect(() => matmulNBits(x, { ...matrix, minima: matrix.quants })).toThrow("float32 [5, 2]");
  });

  test("throws when its gradient is asked for", () => {
    const y = matmulNBits(x, matrix);
    expect(() => gradient([{ value: y, cotangent: y }], [x])).toThrow(
      "gradient: expected a matrix of float32",
    );
  });
});
