/** The weights of a Hugging Face directory, by their names in a checkpoint of the text model alone. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../../core/errors.ts";
import type { SafetensorsFile } from "../../../files/tensors/safetensors.ts";
import { isFloat } from "../../../files/tensors/stored-tensor.ts";
import { bytesPerElement } from "../../../graph/build/dtype.ts";
import { embeddingName, separateHeadName } from "../../architecture/block-graphs.ts";
import { textNames } from "../../architecture/containers.ts";
import { quantizationOfTensor } from "../../architecture/quantization.ts";
import type { FloatBytes, WeightDType, WeightInfo, WeightPlace, Weights } from "../../weights/weights.ts";
import { openWeightFiles, type WeightFiles } from "./weight-files.ts";

/** safetensors type → type that ONNX Runtime can map. F64 is missing: it is read as float32, as Transformers casts it. */
const mappedTypes: Readonly<Record<string, WeightDType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

export interface SafetensorsWeights extends Weights {
  /** Paths of the files that hold the tensors. */
  readonly files: readonly string[];
  /** The same as `Opened.notes`. */
  readonly notes: readonly string[];
}

/**
 * @param compare see `openWeightFiles`
 * @throws FathomError as `openWeightFiles` does, and for a tensor of quantized weights
 */
export function openSafetensorsWeights(
  folder: string,
  { compare = true }: { compare?: boolean } = {},
): SafetensorsWeights {
  const opened = openWeightFiles(folder, compare);
  try {
    return new FolderWeights(folder, opened);
  } catch (error) {
    for (const file of opened.files.values()) file.close();
    throw error;
  }
}

/** @throws FathomError for a type that is not a float */
export function infoOf(file: SafetensorsFile, tensor: string): WeightInfo {
  const { dtype, shape } = file.entry(tensor);
  if (!isFloat(dtype))
    throw badInput(
      `${file.path} "${tensor}"`,
      "a weight in F32, F16, BF16 or F64",
      dtype,
      "a checkpoint that holds its weights as floats",
    );
  return { dtype: mappedTypes[dtype] ?? dtype, shape };
}

/** The place of a tensor in its file; null for a type that has to be decoded. */
export function placeOf(file: SafetensorsFile, tensor: string): WeightPlace | null {
  const { dtype, offset, length } = file.entry(tensor);
  const mapped = mappedTypes[dtype];
  return mapped === undefined ? null : { file: realpathSync(file.path), dtype: mapped, offset, length };
}

/** The floats of a tensor in its file; null for a type that has to be decoded. */
export function floatsOf(file: SafetensorsFile, tensor: string): FloatBytes | null {
  const place = placeOf(file, tensor);
  if (place === null) return null;
  const { offset, length, dtype } = place;
  const plain = dtype as WeightDType;
  return { file: file.path, offset, length, dtype: plain, stride: bytesPerElement[plain], at: [0] };
}

class FolderWeights implements SafetensorsWeights {
  readonly files: readonly string[];
  readonly notes: readonly string[];
  readonly #folder: string;
  /** Name in a checkpoint of the text model alone → file, and `tensor`, the name in that file. */
  readonly #home = new Map<string, { file: SafetensorsFile; tensor: string }>();
  readonly #opened: readonly SafetensorsFile[];

  constructor(folder: string, { files, notes }: WeightFiles) {
    this.#folder = folder;
    this.files = [...files.keys()].sort().map((name) => join(folder, name));
    this.notes = notes;
    this.#opened = [...files.values()];
    const textName = textNames(this.#opened.flatMap((file) => [...file.entries.keys()]));
    for (const file of this.#opened)
      for (const [tensor, { dtype }] of file.entries) {
        const name = textName(tensor);
        if (name === null || isBuffer(name)) continue;
        if (this.#home.has(name)) throw badInput(file.path, "every tensor in one shard", `"${tensor}" again`);
        const quantization = quantizationOfTensor(name, dtype);
        if (quantization !== null)
          throw badInput(
            `${file.path} "${tensor}"`,
            "weights in F32, F16, BF16 or F64",
            quantization,
            "the unquantized checkpoint",
          );
        this.#home.set(name, { file, tensor });
      }
  }

  names(): readonly string[] {
    // Tensors of whole numbers or booleans are buffers, whatever their name is. Only a float can be a weight.
    return [...this.#home]
      .filter(([, { file, tensor }]) => isFloat(file.entry(tensor).dtype))
      .map(([name]) => name);
  }

  info(name: string): WeightInfo {
    const { file, tensor } = this.#find(name);
    return infoOf(file, tensor);
  }

  place(name: string): WeightPlace | null {
    const { file, tensor } = this.#find(name);
    return placeOf(file, tensor);
  }

  floats(name: string): FloatBytes | null {
    const { file, tensor } = this.#find(name);
    return floatsOf(file, tensor);
  }

  read(
    name: string,
    rows?: readonly [from: number, to: number],
    room?: Float32Array<ArrayBuffer>,
  ): Float32Array<ArrayBuffer> {
    const { file, tensor } = this.#find(name);
    return file.readFloat32(tensor, rows, room);
  }

  close(): void {
    for (const file of this.#opened) file.close();
  }

  #find(name: string): { file: SafetensorsFile; tensor: string } {
    // A file may hold the shared matrix under the head's name only.
    // `settleHead` checks at opening whether that is allowed.
    const found =
      this.#home.get(name) ?? (name === embeddingName ? this.#home.get(separateHeadName) : undefined);
    if (found === undefined)
      throw badInput(this.#folder, `a tensor "${name}"`, `none among ${this.#home.size}`);
    return found;
  }
}

/** Rotary tables, masks and positions, which old checkpoints store. Fathom computes them instead of reading them. */
function isBuffer(name: string): boolean {
  return (
    /(^|\.)rotary_emb\.(inv_freq|cos_cached|sin_cached)$/.test(name) ||
    /\.(attn|self_attn)\.(masked_)?bias$/.test(name) ||
    /(^|\.)position_ids$/.test(name)
  );
}
