/** Activations as rows, read a stretch at a time from memory or from a file. */
import { badInput } from "../../core/errors.ts";
import type { SafetensorsFile } from "../../files/tensors/safetensors.ts";

export interface Rows {
  /** The name that error messages use. */
  readonly name: string;
  /** n */
  readonly count: number;
  /** d */
  readonly width: number;
  /** Rows from (included) to (excluded) [to − from, d]; the array may be a view and must not be written to. */
  read(from: number, to: number): Float32Array<ArrayBuffer>;
}

/** @param values [n, width] row-major */
export function rowsOf(values: Float32Array<ArrayBuffer>, width: number, name = "activations"): Rows {
  if (values.length % width !== 0)
    throw badInput(name, `rows of ${width} numbers`, `${values.length} numbers`);
  return {
    name,
    count: values.length / width,
    width,
    read: (from, to) => values.subarray(from * width, to * width),
  };
}

/** @throws FathomError unless the tensor is [n, d] of F32, F16 or BF16 */
export function rowsInFile(file: SafetensorsFile, tensor: string): Rows {
  const { shape, dtype } = file.entry(tensor);
  const name = `${file.path} "${tensor}"`;
  const [count, width] = shape;
  if (shape.length !== 2 || count === undefined || width === undefined || width === 0)
    throw badInput(name, "shape [n, d_in]", `[${shape.join(", ")}]`);
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") throw badInput(name, "F32, F16 or BF16", dtype);
  return { name, count, width, read: (from, to) => file.readFloat32(tensor, [from, to]) };
}

/** Chosen rows of `rows`, in the order of `indices`. */
export function pickRows(rows: Rows, indices: Int32Array): Rows {
  return {
    name: rows.name,
    count: indices.length,
    width: rows.width,
    read(from, to) {
      const picked = new Float32Array((to - from) * rows.width);
      for (let at = from; at < to; at++)
        picked.set(rows.read(indices[at]!, indices[at]! + 1), (at - from) * rows.width);
      return picked;
    },
  };
}

/** Stretches of at most `size` rows, in order. */
export function* stretches(
  rows: Rows,
  size: number,
): Generator<{ from: number; x: Float32Array<ArrayBuffer> }> {
  for (let from = 0; from < rows.count; from += size)
    yield { from, x: rows.read(from, Math.min(rows.count, from + size)) };
}
