/**
 * A GGUF file's tensors with their Hugging Face names and in Hugging Face's form. llama.cpp interleaves the rows of q
 * and k, because its rotary kernel rotates neighbours; decoding puts them back in order. It also subtracts the 1 that
 * llama.cpp adds to some norms.
 */
import { closeSync, openSync, realpathSync } from "node:fs";
import { badInput } from "../../../core/errors.ts";
import { floatsIn } from "../../../core/floats.ts";
import { readProblem } from "../../../files/disk/io.ts";
import { readExactly } from "../../../files/disk/read.ts";
import type { BlockSource } from "../../weights/block-form.ts";
import type { FloatBytes, WeightInfo, WeightPlace, Weights } from "../../weights/weights.ts";
import { type GgufArchitecture, ggufArchitecture } from "./gguf-architectures.ts";
import { huggingFaceName } from "./gguf-names.ts";
import { isRopeTensor } from "./gguf-rope.ts";
import type { GgufHeader, GgufTensor } from "./header.ts";
import { kernelForm, toKernelRows } from "./kernel-blocks.ts";

/** Rows are decoded in pieces, so that the encoded bytes of a large matrix are never all in memory. */
const pieceBytes = 1 << 24;

/** @param headDim the number of rows of one head of q or k */
export function openGgufWeights({ path, metadata, tensors }: GgufHeader, headDim: number): Weights {
  const { says } = ggufArchitecture({ path, metadata });
  const named = new Map<string, GgufTensor>();
  for (const tensor of tensors)
    if (!isRopeTensor(tensor.name)) named.set(huggingFaceName(path, tensor.name, says), tensor);
  return new GgufWeights(path, named, headDim, says);
}

class GgufWeights implements Weights {
  readonly #path: string;
  readonly #files = new Map<string, number>();
  readonly #tensors: ReadonlyMap<string, GgufTensor>;
  readonly #headDim: number;
  readonly #says: GgufArchitecture;

  constructor(
    path: string,
    tensors: ReadonlyMap<string, GgufTensor>,
    headDim: number,
    says: GgufArchitecture,
  ) {
    this.#path = path;
    this.#tensors = tensors;
    this.#headDim = headDim;
    this.#says = says;
    for (const { file } of tensors.values()) {
      if (this.#files.has(file)) continue;
      try {
        this.#files.set(file, openSync(file, "r"));
      } catch (error) {
        this.close();
        throw readProblem(file, error, "a GGUF file");
      }
    }
  }

  names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  info(name: string): WeightInfo {
    const { type, shape } = this.#tensor(name);
    return { dtype: type.plain ?? type.name, shape };
  }

  place(name: string): WeightPlace | null {
    const { file, type, offset, length } = this.#tensor(name);
    if (type.plain === null || this.#isInterleaved(name) || this.#isPlusOne(name)) return null;
    return { file: realpathSync(file), dtype: type.plain, offset, length };
  }

  floats(name: string): FloatBytes | null {
    const { file, type, offset, length } = this.#tensor(name);
    const at = type.plain === null ? type.scales : [0];
    if (at === null) return null;
    return { file, offset, length, dtype: type.plain ?? "float16", stride: type.bytesPerBlock, at };
  }

  read(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer> {
    const tensor = this.#tensor(name);
    const count = tensor.shape[0] ?? 1;
    const [from, to] = rows ?? [0, count];
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > count)
      throw new RangeError(`${this.#path} "${name}": rows ${from} to ${to} of ${count}`);
    if (this.#isInterleaved(name)) return this.#readInterleaved(tensor, from, to);
    const values = this.#readRows(tensor, from, to, room);
    return this.#isPlusOne(name) ? values.map((value) => value - 1) : values;
  }

  blocks(name: string): BlockSource | null {
    const tensor = this.#tensor(name);
    const { file, type, shape, offset, length } = tensor;
    const form = kernelForm(type.name);
    const [rows, inputs] = shape;
    if (form === null || rows === undefined || inputs === undefined || shape.length !== 2) return null;
    const rowBytes = length / rows;
    const stored = (from: number, to: number) =>
      readExactly(this.#files.get(file)!, file, offset + from * rowBytes, (to - from) * rowBytes);
    const bytes = (from: number, to: number) =>
      this.#isInterleaved(name) ? reordered(stored, from, to, this.#headDim, rowBytes) : stored(from, to);
    return { form, read: (from, to) => toKernelRows(type.name, bytes(from, to), inputs) };
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd);
  }

  #isInterleaved(name: string): boolean {
    return this.#says.interleaved && /\.self_attn\.[qk]_proj\.(weight|bias)$/.test(name);
  }

  #isPlusOne(name: string): boolean {
    return this.#says.normsPlusOne && name.endsWith("norm.weight");
  }

  #tensor(name: string): GgufTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined)
      throw badInput(this.#path, `a tensor "${name}"`, `none among ${this.#tensors.size}`);
    return tensor;
  }

  /** Rows in the file's order; `from` is included, `to` is not. A vector has one value per row. */
  #readRows(
    { file, type, shape, offset, length }: GgufTensor,
    from: number,
    to: number,
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer> {
    const fd = this.#files.get(file)!;
    const rowValues = shape.slice(1).reduce((product, size) => product * size, 1);
    const rowBytes = shape[0] === 0 || shape.length === 0 ? length : length / (shape[0] ?? 1);
    const out = floatsIn(room, (to - from) * rowValues);
    const step = Math.max(1, Math.floor(pieceBytes / Math.max(1, rowBytes)));
    if (!Number.isInteger(rowBytes)) {
      // A quantized vector: a row is smaller than a block, so the whole vector is decoded.
      const all = new Float32Array(shape[0] ?? 1);
      type.decode(readExactly(fd, file, offset, length), all, 0);
      return all.slice(from, to);
    }
    for (let row = from; row < to; row += step) {
      const end = Math.min(to, row + step);
      const bytes = readExactly(fd, file, offset + row * rowBytes, (end - row) * rowBytes);
      type.decode(bytes, out, (row - from) * rowValues);
    }
    return out;
  }

  #readInterleaved(tensor: GgufTensor, from: number, to: number): Float32Array<ArrayBuffer> {
    const rowValues = tensor.shape.slice(1).reduce((product, size) => product * size, 1);
    const stored = (first: number, last: number) => this.#readRows(tensor, first, last);
    return reordered(stored, from, to, this.#headDim, rowValues);
  }
}

/**
 * Rows in Hugging Face's order; `from` is included, `to` is not. Row h·D + s·D/2 + j in that order is row h·D + 2j + s in
 * the file (D = dim, the rows of a head; s is 0 or 1).
 * @param stored reads rows in the file's order
 * @param width elements per row
 */
function reordered<T extends Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
  stored: (from: number, to: number) => T,
  from: number,
  to: number,
  dim: number,
  width: number,
): T {
  const firstHead = Math.floor(from / dim);
  const source = stored(firstHead * dim, Math.ceil(to / dim) * dim);
  const out = source.slice(0, (to - from) * width) as T;
  for (let row = from; row < to; row++) {
    const inHead = row % dim;
    const [side, pair] = inHead < dim / 2 ? [0, inHead] : [1, inHead - dim / 2];
    const at = (row - inHead - firstHead * dim + 2 * pair + side) * width;
    out.set(source.subarray(at, at + width), (row - from) * width);
  }
  return out;
}
