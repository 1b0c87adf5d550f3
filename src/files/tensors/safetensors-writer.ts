/**
 * Writes safetensors piece by piece: first the header, then the values as they are made; the file gets its name at
 * the end.
 */
import { badInput } from "../../core/errors.ts";
import { type Synced, writeAll, writeAtomically } from "../disk/io.ts";
import { encodeBfloat16 } from "./floats.ts";

type Values = Float32Array | Int32Array | Uint8Array;

export interface TensorToWrite {
  name: string;
  /** For BF16, values are given as float32 and rounded. */
  dtype: "F32" | "I32" | "BF16" | "U8";
  /** Row-major, slowest axis first. */
  shape: readonly number[];
  /**
   * All values, or a function that makes pieces in order when they are needed. Int32Array for I32, Uint8Array for U8,
   * Float32Array for the others.
   */
  values: Values | (() => Iterable<Values>);
}

/**
 * Writes the file completely or not at all; only one piece is in memory at a time.
 * @throws FathomError if the path cannot be written or the disk is full
 * @throws RangeError if the number of values does not fit the shape (a bug in the caller)
 */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
  synced: Synced = "now",
): void {
  // Tensors of wide types come first, so that every tensor is aligned to its own width.
  const ordered = [...tensors].sort((a, b) => width(b.dtype) - width(a.dtype));
  const header = headerBytes(path, ordered, metadata);
  const write = (fd: number) => {
    writeAll(fd, header);
    for (const tensor of ordered) writeTensor(fd, path, tensor);
  };
  writeAtomically(path, write, synced);
}

function headerBytes(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
) {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set("__metadata__", metadata);
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    if (header.has(name) || name === "__metadata__")
      throw badInput(path, "every tensor named once", `"${name}" twice or reserved`);
    const begin = end;
    end += count(shape) * width(dtype);
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)), "utf8");
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, " ");
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

function writeTensor(fd: number, path: string, { name, dtype, shape, values }: TensorToWrite): void {
  const pieces = typeof values === "function" ? values() : [values];
  let written = 0;
  for (const piece of pieces) {
    if (piece.constructor !== arrayOf[dtype])
      throw new TypeError(`${path} "${name}": ${dtype} values in a ${piece.constructor.name}`);
    const stored = dtype === "BF16" ? encodeBfloat16(piece as Float32Array) : piece;
    writeAll(fd, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    written += piece.length;
  }
  if (written !== count(shape))
    throw new RangeError(`${path} "${name}": ${written} values for the shape [${shape.join(", ")}]`);
}

const arrayOf = { F32: Float32Array, BF16: Float32Array, I32: Int32Array, U8: Uint8Array } as const;

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function width(dtype: TensorToWrite["dtype"]): number {
  return { F32: 4, I32: 4, BF16: 2, U8: 1 }[dtype];
}
