/**
 * Reads safetensors: an eight-byte header length, a JSON header, then the tensors' bytes. Files are untrusted, so the
 * whole header is checked before any tensor is read. Bytes are read at their position; nothing is memory-mapped.
 * Format: https://huggingface.co/docs/safetensors (offsets without holes or overlaps).
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { readExactly } from "../disk/read.ts";
import { parseHeader, type SafetensorsEntry } from "./safetensors-header.ts";
import { decoded, isFloat, rowMajor, StoredTensor } from "./stored-tensor.ts";

/** A quarter of the format's own limit. It allows 200,000 tensors; files of the largest models have some thousands. */
const maxHeaderBytes = 25_000_000;

export interface SafetensorsFile {
  readonly path: string;
  /** By name, in the order of their bytes in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** The header's __metadata__. */
  readonly metadata: Readonly<Record<string, string>>;
  /** @throws FathomError that names file and tensor if there is no tensor of this name */
  entry(name: string): SafetensorsEntry;
  /**
   * A tensor of type F32, F16, BF16 or F64 as float32, row-major.
   * @param rows range of axis 0: `from` is included, `to` is not
   * @param room an array that nobody needs any more. If it is large enough, the result may be its beginning
   * @throws FathomError for a missing tensor or one of another type
   */
  readFloat32(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer>;
  /**
   * A tensor of floats that stays in the file. It can be read after this file is closed.
   * @throws FathomError for another type
   */
  tensor(name: string): StoredTensor;
  /** The tensor's bytes as stored in the file. @param rows as in `readFloat32` */
  readBytes(name: string, rows?: readonly [from: number, to: number]): Uint8Array<ArrayBuffer>;
  close(): void;
}

/** @throws FathomError if the file is not a complete and valid safetensors file */
export function openSafetensors(path: string): SafetensorsFile {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw readProblem(path, error, "a safetensors file");
  }
  try {
    const size = fstatSync(fd).size;
    const header = readHeader(fd, path, size);
    return new OpenSafetensors(path, fd, parseHeader(header.text, path, header.dataStart, size));
  } catch (error) {
    closeSync(fd);
    throw readProblem(path, error, "a safetensors file");
  }
}

function readHeader(fd: number, path: string, size: number): { text: string; dataStart: number } {
  if (size < 8)
    throw badInput(path, "a safetensors file", `${size} bytes`, "fetch the file again; it is cut short");
  const length = new DataView(readExactly(fd, path, 0, 8).buffer).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes))
    throw badInput(path, `a header of at most ${maxHeaderBytes} bytes`, `one said to have ${length}`);
  const end = 8 + Number(length);
  if (end > size)
    throw badInput(
      path,
      `a header of ${length} bytes`,
      `a file of ${size} bytes`,
      "fetch the file again; it is cut short",
    );
  try {
    const bytes = readExactly(fd, path, 8, Number(length));
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), dataStart: end };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw badInput(path, "a header of UTF-8 text", "bytes that are not UTF-8");
  }
}

class OpenSafetensors implements SafetensorsFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #fd: number;

  constructor(path: string, fd: number, header: ReturnType<typeof parseHeader>) {
    this.path = path;
    this.#fd = fd;
    this.entries = header.entries;
    this.metadata = header.metadata;
  }

  entry(name: string): SafetensorsEntry {
    const entry = this.entries.get(name);
    if (entry === undefined)
      throw badInput(this.path, `a tensor "${name}"`, `none among ${this.entries.size}`);
    return entry;
  }

  tensor(name: string): StoredTensor {
    const { path } = this;
    const { dtype, shape, offset, length } = this.entry(name);
    if (!isFloat(dtype)) throw badInput(`${path} "${name}"`, "a tensor of floats", dtype);
    return new StoredTensor({
      path,
      name,
      dtype,
      shape,
      strides: rowMajor(shape),
      offset,
      end: offset + length,
    });
  }

  readBytes(name: string, rows?: readonly [from: number, to: number]): Uint8Array<ArrayBuffer> {
    const { offset, length, shape } = this.entry(name);
    if (rows === undefined) return readExactly(this.#fd, this.path, offset, length);
    const [from, to] = rows;
    const count = shape[0] ?? 0;
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > count)
      throw new RangeError(`${this.path} "${name}": rows ${from} to ${to} of ${count}`);
    const stride = count === 0 ? 0 : length / count;
    return readExactly(this.#fd, this.path, offset + from * stride, (to - from) * stride);
  }

  readFloat32(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer> {
    const { dtype } = this.entry(name);
    if (!isFloat(dtype)) throw badInput(`${this.path} "${name}"`, "F32, F16, BF16 or F64", dtype);
    return decoded(this.readBytes(name, rows), dtype, room);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
