/** Matrices in files: a part read alone equals the part of the whole, and no other byte is read. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { random } from "../../core/random.ts";
import { openSafetensors } from "../../files/tensors/safetensors.ts";
import { writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import { blocks, inFile, inMemory, type Matrix, norms, scaled } from "./matrix.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-matrix-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const [rows, columns] = [64, 300];
const draw = random("matrix");
const values = Float32Array.from({ length: rows * columns }, () => draw.normal());
const path = join(scratch, "m.safetensors");
writeSafetensors(path, [{ name: "W", dtype: "F32", shape: [rows, columns], values }]);
const file = openSafetensors(path);
const stored = inFile(file.tensor("W"), path, [rows, columns]);
const turned = inFile(file.tensor("W").transposed(), path, [columns, rows]);
file.close();
const memory = inMemory(values, [rows, columns]);

const kinds: [string, Matrix][] = [
  ["in a file", stored],
  ["in memory", memory],
];
describe.each(kinds)("a matrix %s", (_, matrix) => {
  it("gives rows, columns and blocks of itself", () => {
    expect(matrix.read()).toEqual(values);
    expect(matrix.take(0, [3, 1])).toEqual(
      Float32Array.from([...values.slice(3 * columns, 4 * columns), ...values.slice(columns, 2 * columns)]),
    );
    const column = (at: number) => Array.from({ length: rows }, (_row, row) => values[row * columns + at]!);
    expect([...matrix.take(1, [7, 8, 2])]).toEqual([...column(7), ...column(8), ...column(2)]);
    const joined = [...blocks(matrix, 1, 7 * rows)].flatMap((block) => [...block.values]);
    expect(joined).toEqual(Array.from({ length: columns }, (_column, at) => column(at)).flat());
    const sum = (numbers: number[]) => Math.fround(Math.sqrt(numbers.reduce((all, x) => all + x * x, 0)));
    expect(norms(matrix, 1)[5]).toBeCloseTo(sum(column(5)), 5);
  });

  it("is scaled as a whole or row by row, read or taken", () => {
    const factors = Float32Array.from({ length: rows }, (_row, row) => row);
    expect(scaled(matrix, 2).take(1, [4])).toEqual(matrix.take(1, [4]).map((value) => 2 * value));
    const byRow = scaled(matrix, factors);
    expect(byRow.take(0, [9])).toEqual(matrix.take(0, [9]).map((value) => 9 * value));
    expect(byRow.take(1, [4])).toEqual(matrix.take(1, [4]).map((value, row) => row * value));
    expect(byRow.read()[9 * columns + 4]).toBe(Math.fround(9 * values[9 * columns + 4]!));
  });
});

it("a transposed matrix has the same numbers with axes exchanged", () => {
  expect(turned.take(0, [11])).toEqual(stored.take(1, [11]));
  expect(turned.read()[11 * rows + 2]).toBe(values[2 * columns + 11]);
});

// Linux counts the bytes that a process has read.
const counter = "/proc/self/io";
it.skipIf(!existsSync(counter))("touches only the rows and columns that were asked for", () => {
  const asked = () => Number(/rchar: (\d+)/.exec(readFileSync(counter, "utf8"))![1]);
  const cost = (work: () => void) => {
    const before = asked();
    work();
    return asked() - before;
  };
  const overhead = cost(() => undefined);
  const features = [5, 17, 250];
  expect(cost(() => stored.take(1, features)) - overhead).toBeLessThanOrEqual(
    features.length * rows * 4 + 64,
  );
  expect(cost(() => turned.take(0, features)) - overhead).toBeLessThanOrEqual(
    features.length * rows * 4 + 64,
  );
  expect(cost(() => stored.take(0, [1, 2])) - overhead).toBeLessThanOrEqual(2 * columns * 4 + 64);
});

it("refuses another shape by name, and NaN when it is read", () => {
  expect(() => inFile(openSafetensors(path).tensor("W"), path, [columns, rows])).toThrow(
    /"W": expected shape \[300, 64\], found \[64, 300\]/,
  );
  const bad = join(scratch, "nan.safetensors");
  const broken = values.with(5 * columns + 2, NaN);
  writeSafetensors(bad, [{ name: "W", dtype: "F32", shape: [rows, columns], values: broken }]);
  const matrix = inFile(openSafetensors(bad).tensor("W"), bad, [rows, columns]);
  expect(() => matrix.take(0, [4, 5])).toThrow(/"W": expected finite numbers, found NaN at row 5/);
  expect(() => matrix.read()).toThrow(/NaN at element 1502/);
  expect(matrix.take(0, [4]).length).toBe(columns);
});
