/**
 * Reads the head of a GGUF file: its metadata and the place of each tensor, checked against the file's size. The format
 * is ggml/docs/gguf.md. Fathom has its own reader because a head must be exact: a part that is cut short, doubled or
 * out of range is refused, and a token that begins with U+FEFF keeps it.
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { badInput } from "../../../core/errors.ts";
import { readProblem } from "../../../files/disk/io.ts";
import { type BlockType, blockTypeOf } from "./block-types.ts";
import { Cursor } from "./cursor.ts";

/** A metadata value is a number, a boolean, a text or a list of these. */
export type Metadata = ReadonlyMap<string, unknown>;

export interface GgufTensor {
  /** The file that holds it. */
  file: string;
  name: string;
  type: BlockType;
  /** Row-major, slowest axis first: the reverse of the file's own order. */
  shape: readonly number[];
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

export interface GgufHeader {
  path: string;
  metadata: Metadata;
  tensors: readonly GgufTensor[];
}

const damaged = "fetch the file again; it is cut short or of another kind";
/** ggml's own limit. */
const mostAxes = 4;
const usualAlignment = 32;
/** Bytes of a key or a tensor's name; the longest in use have about 60. */
const longestName = 1024;

/** @throws FathomError when the file is not GGUF, is cut short, or holds a tensor type that Fathom does not decode */
export function readGgufFile(path: string): GgufHeader {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw readProblem(path, error, "a GGUF file");
  }
  try {
    const { size } = fstatSync(fd);
    return parse(path, new Cursor(fd, path, size), size);
  } finally {
    closeSync(fd);
  }
}

function parse(path: string, cursor: Cursor, size: number): GgufHeader {
  const magic = cursor.bytes(4).toString("latin1");
  if (magic !== "GGUF")
    throw badInput(path, "a GGUF file", `one that begins ${JSON.stringify(magic)}`, damaged);
  const version = cursor.u32();
  if (version !== 2 && version !== 3)
    throw badInput(path, "GGUF version 2 or 3, little-endian", `version ${version}`, damaged);
  // The smallest tensor entry is a name, a number of axes, a type and an offset;
  // the smallest key a name, a kind and a byte.
  const tensorCount = cursor.count("a number of tensors", 24);
  const metadata = readMetadata(path, cursor, cursor.count("a number of keys", 13));
  const infos = Array.from({ length: tensorCount }, () => readInfo(path, cursor));
  const start = dataStart(path, cursor.position, metadata);
  const tensors = infos.map((info) => placed(path, info, start, size));
  refuseDoubles(path, tensors);
  return { path, metadata, tensors };
}

function readMetadata(path: string, cursor: Cursor, count: number): Metadata {
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < count; i++) {
    const key = cursor.text(longestName);
    if (metadata.has(key)) throw badInput(path, "every key once", `"${key}" twice`);
    metadata.set(key, cursor.value(key));
  }
  return metadata;
}

interface Info {
  name: string;
  shape: number[];
  type: number;
  offset: number;
}

function readInfo(path: string, cursor: Cursor): Info {
  const name = cursor.text(longestName);
  const axes = cursor.u32();
  if (axes > mostAxes) throw badInput(`${path} "${name}"`, `at most ${mostAxes} axes`, String(axes), damaged);
  const shape = Array.from({ length: axes }, () => cursor.u64(`a size of "${name}"`)).reverse();
  return { name, shape, type: cursor.u32(), offset: cursor.u64(`an offset of "${name}"`) };
}

/** Tensors begin at the next multiple of the alignment. */
function dataStart(path: string, position: number, metadata: Metadata): number {
  const alignment = metadata.get("general.alignment") ?? usualAlignment;
  if (typeof alignment !== "number" || alignment < 1 || !Number.isInteger(Math.log2(alignment)))
    throw badInput(`${path} "general.alignment"`, "a power of two", JSON.stringify(alignment));
  return Math.ceil(position / alignment) * alignment;
}

function placed(path: string, info: Info, start: number, size: number): GgufTensor {
  const { name, shape } = info;
  const where = `${path} "${name}"`;
  const type = blockTypeOf(info.type, where);
  const rowLength = shape.at(-1) ?? 1;
  if (rowLength % type.valuesPerBlock !== 0)
    throw badInput(
      where,
      `rows of a multiple of ${type.valuesPerBlock} values for ${type.name}`,
      `${rowLength}`,
    );
  const values = shape.reduce((product, count) => product * count, 1);
  const length = (values / type.valuesPerBlock) * type.bytesPerBlock;
  const offset = start + info.offset;
  if (!Number.isSafeInteger(offset + length) || offset + length > size)
    throw badInput(where, `${length} bytes at ${offset}`, `a file of ${size} bytes`, damaged);
  return { file: path, name, type, shape, offset, length };
}

function refuseDoubles(path: string, tensors: readonly GgufTensor[]): void {
  const names = new Set<string>();
  for (const { name } of tensors) {
    if (names.has(name)) throw badInput(path, "every tensor named once", `"${name}" twice`);
    names.add(name);
  }
  const ordered = [...tensors].sort((a, b) => a.offset - b.offset);
  for (const [i, tensor] of ordered.entries()) {
    const before = ordered[i - 1];
    if (before !== undefined && tensor.offset < before.offset + before.length)
      throw badInput(`${path} "${tensor.name}"`, "bytes of its own", `an overlap with "${before.name}"`);
  }
}
