/**
 * A matrix of an SAE, in memory or left in its file. The widest SAEs have gigabytes of weights. An edit of a few features
 * needs only a few rows and columns of them; code that needs all of them reads them in blocks.
 */
import { badInput } from "../../core/errors.ts";
import type { StoredTensor } from "../../files/tensors/stored-tensor.ts";

type Floats = Float32Array<ArrayBuffer>;

export interface Matrix {
  readonly shape: readonly [rows: number, columns: number];
  /** All values, if they are in memory already; null if they must be read or computed. */
  readonly loaded: Floats | null;
  /** All values, row-major. The caller must not write into the array. */
  read(): Floats;
  /** Reads the chosen rows (axis 0) or columns (axis 1), and nothing else. @returns [indices.length, the other axis] */
  take(axis: 0 | 1, indices: readonly number[]): Floats;
}

/** @param values [rows, columns] row-major @throws RangeError if their number does not fit the shape */
export function inMemory(values: Floats, shape: readonly [number, number]): Matrix {
  const [rows, columns] = shape;
  if (values.length !== rows * columns)
    throw new RangeError(
      `inMemory: expected ${rows * columns} numbers for [${shape.join(", ")}], got ${values.length}`,
    );
  return {
    shape,
    loaded: values,
    read: () => values,
    take(axis, indices) {
      const width = shape[1 - axis]!;
      const out = new Float32Array(indices.length * width);
      for (const [i, index] of indices.entries()) {
        if (axis === 0) out.set(values.subarray(index * columns, (index + 1) * columns), i * width);
        else for (let row = 0; row < rows; row++) out[i * width + row] = values[row * columns + index]!;
      }
      return out;
    },
  };
}

/**
 * @param shape the shape that the tensor must have
 * @throws FathomError that names the tensor: at once for another shape, and when values are read for NaN or Infinity
 */
export function inFile(tensor: StoredTensor, path: string, shape: readonly [number, number]): Matrix {
  requireShape(tensor, path, shape);
  const finite = (values: Floats, place: (at: number) => string): Floats => {
    requireFinite(values, `${path} "${tensor.name}"`, place);
    return values;
  };
  return {
    shape,
    loaded: null,
    read: () => finite(tensor.read(), (at) => `element ${at}`),
    take: (axis, indices) =>
      finite(
        tensor.take(axis, indices),
        (at) => `${axis === 0 ? "row" : "column"} ${indices[Math.floor(at / shape[1 - axis]!)]}`,
      ),
  };
}

/** @throws FathomError that names the tensor, if its shape is another */
export function requireShape(tensor: StoredTensor, path: string, shape: readonly number[]): void {
  const found = tensor.shape;
  if (found.length !== shape.length || found.some((size, axis) => size !== shape[axis]))
    throw badInput(`${path} "${tensor.name}"`, `shape [${shape.join(", ")}]`, `[${found.join(", ")}]`);
}

/** @throws FathomError for NaN or Infinity. A TopK would treat them as ordinary numbers. */
export function requireFinite(
  values: Float32Array,
  where: string,
  place: (at: number) => string = (at) => `element ${at}`,
): void {
  // A loop, because a callback per number takes seconds for a billion numbers.
  for (let at = 0; at < values.length; at++)
    if (!Number.isFinite(values[at]))
      throw badInput(where, "finite numbers", `${values[at]} at ${place(at)}`);
}

/** A matrix times one number; or each row (`along` 0) or column (`along` 1) times a number of its own. */
export function scaled(matrix: Matrix, factor: number | Float32Array, along: 0 | 1 = 0): Matrix {
  const { shape } = matrix;
  const of = typeof factor === "number" ? () => factor : (index: number) => factor[index]!;
  const columns = shape[1];
  return {
    shape,
    loaded: null,
    read: () =>
      matrix.read().map((value, at) => value * of(along === 0 ? Math.floor(at / columns) : at % columns)),
    take(axis, indices) {
      const width = shape[1 - axis]!;
      return matrix
        .take(axis, indices)
        .map((value, at) => value * of(axis === along ? indices[Math.floor(at / width)]! : at % width));
    },
  };
}

/** The transpose of a matrix. */
export function transposed(matrix: Matrix): Matrix {
  const [rows, columns] = matrix.shape;
  return {
    shape: [columns, rows],
    loaded: null,
    read: () => matrix.take(1, [...Array(columns).keys()]),
    take: (axis, indices) => matrix.take(axis === 0 ? 1 : 0, indices),
  };
}

/** Most numbers in one block: 128 MB. */
const blockValues = 2 ** 25;

/**
 * Reads a matrix along an axis in blocks of rows (axis 0) or columns (axis 1). `values` of a block: [size, the other axis].
 * @param most numbers in a block; a block of one row is always allowed
 */
export function* blocks(
  matrix: Matrix,
  axis: 0 | 1,
  most = blockValues,
): Generator<{ from: number; size: number; values: Floats }> {
  const count = matrix.shape[axis];
  const size = Math.max(1, Math.floor(most / Math.max(1, matrix.shape[1 - axis]!)));
  for (let from = 0; from < count; from += size) {
    const indices = Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
    yield { from, size: indices.length, values: matrix.take(axis, indices) };
  }
}

/** Euclidean norm of each row (axis 0) or column (axis 1). */
export function norms(matrix: Matrix, axis: 0 | 1): Floats {
  const out = new Float32Array(matrix.shape[axis]);
  const width = matrix.shape[1 - axis]!;
  for (const { from, size, values } of blocks(matrix, axis))
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let at = i * width; at < (i + 1) * width; at++) sum += values[at]! * values[at]!;
      out[from + i] = Math.sqrt(sum);
    }
  return out;
}
