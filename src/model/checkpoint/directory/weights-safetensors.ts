/** The weights of a Hugging Face directory, by the names of a text model alone. */
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

/** What ONNX Runtime can map, by safetensors' names. F64 is read as float32, as Transformers casts it. */
const mappedTypes: Readonly<Record<string, WeightDType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

export interface SafetensorsWeights extends Weights {
  /** Paths of the files the tensors lie in. */
  readonly files: readonly string[];
  /** As `Opened.notes`. */
  readonly notes: readonly string[];
}

/**
 * @param compare as `openWeightFiles`
 * @throws FathomError as `openWeightFiles`, and for a tensor that shows a quantization
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

/** @throws FathomError for a type that is no float */
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

/** null for a type that has to be decoded. */
export function placeOf(file: SafetensorsFile, tensor: string): WeightPlace | null {
  const { dtype, offset, length } = file.entry(tensor);
  const mapped = mappedTypes[dtype];
  return mapped === undefined ? null : { file: realpathSync(file.path), dtype: mapped, offset, length };
}

/** null for a type that has to be decoded. */
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
  /** By the name of a text model alone; `tensor` is the name in the file. */
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
    // Whole numbers and truth values that nothing reads are buffers, of whatever name: a float is what may be a weight.
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

  read(name: string, rows?: readonly [from: number, to: number]): Float32Array<ArrayBuffer> {
    const { file, tensor } = this.#find(name);
    return file.readFloat32(tensor, rows);
  }

  close(): void {
    for (const file of this.#opened) file.close();
  }

  #find(name: string): { file: SafetensorsFile; tensor: string } {
    // A file may hold the one matrix under the head's name only; whether that is allowed is settled at opening.
    const found =
      this.#home.get(name) ?? (name === embeddingName ? this.#home.get(separateHeadName) : undefined);
    if (found === undefined)
      throw badInput(this.#folder, `a tensor "${name}"`, `none among ${this.#home.size}`);
    return found;
  }
}

/** Of old checkpoints: rotary tables, masks and positions are computed, not read. */
function isBuffer(name: string): boolean {
  return (
    /(^|\.)rotary_emb\.(inv_freq|cos_cached|sin_cached)$/.test(name) ||
    /\.(attn|self_attn)\.(masked_)?bias$/.test(name) ||
    /(^|\.)position_ids$/.test(name)
  );
}
