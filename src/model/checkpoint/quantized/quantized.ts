/**
 * A checkpoint whose matrices are multiplied in 4 or 8 bits. All other weights (norms, biases, the rows of embeddings)
 * are read unchanged from the checkpoint. The blocks of the matrices are made once and stored in their own file.
 *
 * Blocks of a GGUF file are used without rounding when they have no more bits than asked for, because rounding them again
 * could only lose precision.
 */
import { badInput } from "../../../core/errors.ts";
import { hashJson } from "../../../core/hash.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { bytesPerElement } from "../../../graph/build/dtype.ts";
import {
  type BlockForm,
  type BlockPart,
  type BlockRows,
  type BlockSource,
  blockParts,
  partAxes,
  partDType,
  partName,
} from "../../weights/block-form.ts";
import { firstNotFinite } from "../../weights/finite.ts";
import type { FloatBytes, WeightInfo, WeightPlace, Weights } from "../../weights/weights.ts";
import { roundedForms, roundRows } from "./round.ts";
import { cachedFile } from "./rounded-cache.ts";

/** Increase this when the stored form changes. A cache made with another number is then not found. */
export const roundingRecipe = 1;

/** Alignment of every matrix in the file, in bytes. */
const alignment = 64;

/** How many values are rounded at a time. */
const pieceValues = 1 << 21;

export interface Matrix {
  /** Name of the checkpoint's tensor, [out, in]. */
  name: string;
  out: number;
  in: number;
  /** At most this many bits. */
  bits: 4 | 8;
}

export interface QuantizeOptions {
  /** Hash of the checkpoint. */
  identity: string;
  /** Whether to keep the blocks between runs. */
  keep: boolean;
  /** Called before each matrix is made; not called when the blocks are in the cache. */
  onMatrix?: (done: number, total: number) => void;
}

/** @throws FathomError for a matrix with NaN or infinities, and when there is no room on the disk for the blocks */
export function quantizeWeights(
  weights: Weights,
  matrices: readonly Matrix[],
  { identity, keep, onMatrix }: QuantizeOptions,
): QuantizedWeights {
  const sources = matrices.map((matrix) => sourceOf(weights, matrix));
  const forms = sources.map(({ form }) => form);
  const key = hashJson({
    recipe: roundingRecipe,
    identity,
    matrices: matrices.map(({ name }) => name),
    forms: forms.map((form) => ({ ...form })),
  });
  const file = cachedFile(key, keep, (path) => {
    const tensors = matrices.map((matrix, i): TensorToWrite => {
      const length = storedLength(sources[i]!.form, matrix);
      const values = () => {
        onMatrix?.(i, matrices.length);
        return encoded(sources[i]!, matrix);
      };
      return { name: matrix.name, dtype: "U8", shape: [length], values };
    });
    writeSafetensors(path, tensors);
  });
  const places = new Map<string, WeightPlace>();
  const stored = openSafetensors(file.path);
  for (const [i, matrix] of matrices.entries()) {
    const { offset } = stored.entry(matrix.name);
    for (const { part, from, length } of partPlaces(forms[i]!, matrix)) {
      const place = { file: file.path, dtype: partDType[part], offset: offset + from, length };
      places.set(partName(matrix.name, part), place);
    }
  }
  stored.close();
  return new QuantizedWeights(
    weights,
    new Map(matrices.map(({ name }, i) => [name, forms[i]!])),
    places,
    file.release,
  );
}

function sourceOf(weights: Weights, { name, bits, in: inputs }: Matrix): BlockSource {
  const own = weights.blocks?.(name) ?? null;
  if (own !== null && own.form.bits <= bits) return own;
  return {
    form: roundedForms[bits],
    read(from, to) {
      const values = weights.read(name, [from, to]);
      if (firstNotFinite(values) >= 0) throw badInput(`"${name}"`, "finite numbers", "NaN or Infinity");
      return roundRows(bits, values, to - from, inputs);
    },
  };
}

/**
 * The parts follow one another; their places in bytes. Quants are a multiple of 16 bytes, so the next part is aligned.
 */
function partPlaces(form: BlockForm, matrix: Matrix): { part: BlockPart; from: number; length: number }[] {
  const axes = partAxes(form, matrix.in);
  let from = 0;
  return blockParts.flatMap((part) => {
    if (axes[part] === null) return [];
    const length = axes[part].reduce((a, b) => a * b, matrix.out * bytesPerElement[partDType[part]]);
    const place = { part, from, length };
    from += length;
    return [place];
  });
}

/** Bytes of a matrix with all its parts, padded so that the next one is aligned too. */
function storedLength(form: BlockForm, matrix: Matrix): number {
  const last = partPlaces(form, matrix).at(-1)!;
  return Math.ceil((last.from + last.length) / alignment) * alignment;
}

/** The bytes of a matrix's parts, in order. Quants are yielded as they are made; the other parts are collected first. */
function* encoded(source: BlockSource, matrix: Matrix): Iterable<Uint8Array> {
  const step = Math.max(1, Math.floor(pieceValues / matrix.in));
  const rest: Omit<BlockRows, "quants">[] = [];
  for (let from = 0; from < matrix.out; from += step) {
    const { quants, ...others } = source.read(from, Math.min(matrix.out, from + step));
    yield quants;
    rest.push(others);
  }
  for (const { scales } of rest) yield new Uint8Array(scales.buffer);
  for (const { minima } of rest) yield new Uint8Array(minima.buffer);
  for (const { zeroPoints } of rest) yield zeroPoints;
  const last = partPlaces(source.form, matrix).at(-1)!;
  yield new Uint8Array(storedLength(source.form, matrix) - last.from - last.length);
}

export class QuantizedWeights implements Weights {
  readonly #weights: Weights;
  readonly #forms: ReadonlyMap<string, BlockForm>;
  readonly #places: ReadonlyMap<string, WeightPlace>;
  readonly #release: () => void;

  constructor(
    weights: Weights,
    forms: ReadonlyMap<string, BlockForm>,
    places: ReadonlyMap<string, WeightPlace>,
    release: () => void,
  ) {
    this.#weights = weights;
    this.#forms = forms;
    this.#places = places;
    this.#release = release;
  }

  form(name: string): BlockForm | null {
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

  read(name: string, rows?: readonly [from: number, to: number]): Float32Array<ArrayBuffer> {
    return this.#weights.read(name, rows);
  }

  close(): void {
    this.#weights.close();
    this.#release();
  }
}
