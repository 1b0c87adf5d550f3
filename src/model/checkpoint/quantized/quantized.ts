/**
 * A checkpoint whose matrices are multiplied in 4 or 8 bits. All other weights (norms, biases, the rows of embeddings)
 * are read unchanged from the checkpoint. What the matrices are multiplied as is made once and stored in its own file.
 *
 * Blocks of a GGUF file are used without rounding when they have no more bits than asked for, because rounding them again
 * could only lose precision.
 */
import { badInput } from "../../../core/errors.ts";
import { hashJson } from "../../../core/hash.ts";
import { openSafetensors, type SafetensorsFile } from "../../../files/tensors/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { bytesPerElement } from "../../../graph/build/dtype.ts";
import {
  type BlockForm,
  type BlockRows,
  type BlockSource,
  blockParts,
  partAxes,
  partDType,
  partName,
} from "../../weights/block-form.ts";
import { firstNotFinite } from "../../weights/finite.ts";
import { copiesFor, type Int8Form, int8Dims, int8DType, int8Parts } from "../../weights/int8-form.ts";
import type { FloatBytes, WeightInfo, WeightPlace, Weights } from "../../weights/weights.ts";
import { roundedForms, roundRows } from "./round.ts";
import { Int8Columns } from "./round-columns.ts";
import { cachedFile } from "./rounded-cache.ts";

/** Alignment of every matrix in the file, in bytes. */
const alignment = 64;

/** How many values are rounded at a time. */
const pieceValues = 1 << 21;

/** How a matrix is multiplied: in blocks of at most this many bits, or in 8-bit integers, one scale for each output. */
export type Held = { as: "blocks"; bits: 4 | 8 } | { as: "columns" };

export interface Matrix {
  /** Name of the checkpoint's tensor, [out, in]. */
  name: string;
  out: number;
  in: number;
  held: Held;
}

/** Matrix → [in] the largest magnitude of each of its inputs. */
export type InputPeaks = ReadonlyMap<string, Float32Array>;

export interface QuantizeOptions {
  /** Hash of the checkpoint. */
  identity: string;
  /** Version of the way of rounding. A cache made with another number is then not found. */
  recipe: number;
  /** Whether to keep what was made between runs. */
  keep: boolean;
  /** Measures the inputs of the matrices that are held as columns. Called only when the cache has no sound file. */
  peaksOf: (matrices: readonly string[]) => Promise<InputPeaks>;
  /** Called before each matrix is made; not called when the cache has them. */
  onMatrix?: (done: number, total: number) => void;
}

/** @throws FathomError for a matrix with NaN or infinities, and when there is no room on the disk */
export async function quantizeWeights(
  weights: Weights,
  matrices: readonly Matrix[],
  { identity, recipe, keep, peaksOf, onMatrix }: QuantizeOptions,
): Promise<QuantizedWeights> {
  const stored = matrices.map((matrix) =>
    matrix.held.as === "blocks" ? inBlocks(weights, matrix, matrix.held.bits) : inColumns(weights, matrix),
  );
  const names = matrices.map(({ name }) => name);
  const key = hashJson({
    recipe,
    identity,
    matrices: names,
    forms: stored.map(({ form }) => (form === "columns" ? form : { ...form })),
  });
  const file = await cachedFile(key, keep, async (path) => {
    onMatrix?.(0, matrices.length);
    const measured = matrices.flatMap(({ name, held }) => (held.as === "columns" ? [name] : []));
    const peaks = measured.length === 0 ? new Map<string, Float32Array>() : await peaksOf(measured);
    const tensors = stored.map(({ parts, bytes }, i): TensorToWrite => {
      const filled = parts.reduce((sum, { length }) => sum + length, 0);
      const padding = -filled & (alignment - 1);
      const values = function* () {
        onMatrix?.(i, matrices.length);
        yield* bytes(peaks);
        yield new Uint8Array(padding);
      };
      return { name: names[i]!, dtype: "U8", shape: [filled + padding], values };
    });
    writeSafetensors(path, tensors);
  });
  const places = new Map<string, WeightPlace>();
  const forms = new Map<string, BlockForm | Int8Form>();
  const made = openSafetensors(file.path);
  for (const [i, { name, in: inputs }] of matrices.entries()) {
    let { offset } = made.entry(name);
    for (const { part, dtype, length } of stored[i]!.parts) {
      places.set(partName(name, part), { file: file.path, dtype, offset, length });
      offset += length;
    }
    const { form } = stored[i]!;
    forms.set(name, form === "columns" ? { copies: copiesIn(made, name, inputs) } : form);
  }
  made.close();
  return new QuantizedWeights(weights, forms, places, file.release);
}

/** A matrix as it will be in the file. Its parts follow one another. */
interface Stored {
  /** What the key of the cache says of it. */
  form: BlockForm | "columns";
  /** With their lengths in bytes. Each length is a multiple of the width of the next part. */
  parts: readonly { part: string; dtype: WeightPlace["dtype"]; length: number }[];
  /** The bytes of its parts, in order. */
  bytes: (peaks: InputPeaks) => Iterable<Uint8Array>;
}

function inColumns(weights: Weights, { name, out, in: inputs }: Matrix): Stored {
  const dims = int8Dims(out, inputs);
  return {
    form: "columns",
    parts: int8Parts.map((part) => {
      const dtype = int8DType[part];
      return { part, dtype, length: dims[part].reduce((a, b) => a * b, bytesPerElement[dtype]) };
    }),
    *bytes(peaks) {
      const copies = copiesFor(peaks.get(name)!);
      const made = new Int8Columns(out, copies);
      for (const [from, to] of pieces(out, inputs)) made.put(from, readFinite(weights, name, from, to));
      for (const { buffer } of [copies, made.scales, made.columns]) yield new Uint8Array(buffer);
    },
  };
}

function copiesIn(file: SafetensorsFile, name: string, inputs: number): Int32Array<ArrayBuffer> {
  return new Int32Array(file.readBytes(name, [0, inputs * Int32Array.BYTES_PER_ELEMENT]).buffer);
}

function inBlocks(weights: Weights, matrix: Matrix, bits: 4 | 8): Stored {
  const source = blocksOf(weights, matrix, bits);
  const { form } = source;
  const axes = partAxes(form, matrix.in);
  return {
    form,
    // Quants are a multiple of 16 bytes.
    parts: blockParts.flatMap((part) => {
      if (axes[part] === null) return [];
      const dtype = partDType[part];
      return [
        { part, dtype, length: axes[part].reduce((a, b) => a * b, matrix.out * bytesPerElement[dtype]) },
      ];
    }),
    // Quants are yielded as they are made; the other parts are collected first.
    *bytes() {
      const rest: Omit<BlockRows, "quants">[] = [];
      for (const [from, to] of pieces(matrix.out, matrix.in)) {
        const { quants, ...others } = source.read(from, to);
        yield quants;
        rest.push(others);
      }
      for (const { scales } of rest) yield new Uint8Array(scales.buffer);
      for (const { minima } of rest) yield new Uint8Array(minima.buffer);
      for (const { zeroPoints } of rest) yield zeroPoints;
    },
  };
}

function blocksOf(weights: Weights, { name, in: inputs }: Matrix, bits: 4 | 8): BlockSource {
  const own = weights.blocks?.(name) ?? null;
  if (own !== null && own.form.bits <= bits) return own;
  return {
    form: roundedForms[bits],
    read: (from, to) => roundRows(bits, readFinite(weights, name, from, to), to - from, inputs),
  };
}

function readFinite(weights: Weights, name: string, from: number, to: number): Float32Array {
  const values = weights.read(name, [from, to]);
  if (firstNotFinite(values) >= 0) throw badInput(`"${name}"`, "finite numbers", "NaN or Infinity");
  return values;
}

/** Ranges of outputs that are read at a time. */
function* pieces(out: number, inputs: number): Iterable<[from: number, to: number]> {
  const step = Math.max(1, Math.floor(pieceValues / inputs));
  for (let from = 0; from < out; from += step) yield [from, Math.min(out, from + step)];
}

export class QuantizedWeights implements Weights {
  readonly #weights: Weights;
  readonly #forms: ReadonlyMap<string, BlockForm | Int8Form>;
  readonly #places: ReadonlyMap<string, WeightPlace>;
  readonly #release: () => void;

  constructor(
    weights: Weights,
    forms: ReadonlyMap<string, BlockForm | Int8Form>,
    places: ReadonlyMap<string, WeightPlace>,
    release: () => void,
  ) {
    this.#weights = weights;
    this.#forms = forms;
    this.#places = places;
    this.#release = release;
  }

  form(name: string): BlockForm | Int8Form | null {
    return this.#forms.get(name) ?? null;
  }

  names(): readonly string[] {
    return this.#weights.names();
  }

  info(name: string): WeightInfo {
    return this.#weights.info(name);
  }

  place(name: string): WeightPlace | null {
    return this.#places.get(name) ?? this.#weights.place(name);
  }

  floats(name: string): FloatBytes | null {
    return this.#weights.floats(name);
  }

  read(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer> {
    return this.#weights.read(name, rows, room);
  }

  close(): void {
    this.#weights.close();
    this.#release();
  }
}
