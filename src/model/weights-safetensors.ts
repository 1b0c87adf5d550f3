/** The weights of a Hugging Face directory: one file, or shards listed in model.safetensors.index.json. */
import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { badInput } from "../core/errors.ts";
import { readJson } from "../files/io.ts";
import { openSafetensors, type SafetensorsFile } from "../files/safetensors.ts";
import { textNames } from "./containers.ts";
import { quantizedTensor } from "./quantized.ts";
import type { WeightDType, WeightInfo, WeightPlace, Weights } from "./weights.ts";

/** What weights may be stored in, by safetensors' names. */
export const floatTypes: Readonly<Record<string, WeightDType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

export interface SafetensorsWeights extends Weights {
  /** The files the tensors lie in, by the names the checkpoint gives them. */
  readonly files: readonly string[];
}

/** @throws FathomError for a missing or truncated shard, a tensor that is not where the index says, or its type */
export function openSafetensorsWeights(folder: string): SafetensorsWeights {
  const single = join(folder, "model.safetensors");
  const index = join(folder, "model.safetensors.index.json");
  if (existsSync(index)) return openShards(folder, index);
  if (existsSync(single)) return gather(folder, new Map([["model.safetensors", openSafetensors(single)]]));
  const other = ["pytorch_model.bin", "pytorch_model.bin.index.json", "adapter_model.safetensors"];
  throw badInput(
    folder,
    "model.safetensors or model.safetensors.index.json",
    other.find((name) => existsSync(join(folder, name))) ?? "neither",
    "save the checkpoint with Transformers' save_pretrained",
  );
}

function openShards(folder: string, index: string): SafetensorsWeights {
  const map = (readJson(index) as { weight_map?: unknown } | null)?.weight_map;
  if (map === null || typeof map !== "object") throw badInput(index, 'a "weight_map"', "none");
  const listed = Object.entries(map as Record<string, unknown>);
  const opened = new Map<string, SafetensorsFile>();
  try {
    for (const [tensor, shard] of listed) {
      // A name with a path in it could point anywhere on the machine.
      if (typeof shard !== "string" || shard !== basename(shard) || shard === "..")
        throw badInput(
          `${index} "${tensor}"`,
          "the name of a file in the same folder",
          JSON.stringify(shard),
        );
      const path = join(folder, shard);
      if (!opened.has(shard)) {
        if (!existsSync(path))
          throw badInput(
            path,
            `the shard that "${tensor}" lies in`,
            "no such file",
            "fetch the missing shard",
          );
        opened.set(shard, openSafetensors(path));
      }
      if (!opened.get(shard)!.entries.has(tensor))
        throw badInput(path, `"${tensor}", as the index says`, "no such tensor");
    }
  } catch (error) {
    for (const file of opened.values()) file.close();
    throw error;
  }
  return gather(folder, opened);
}

/** Closes the files when they do not fit together. */
function gather(folder: string, opened: ReadonlyMap<string, SafetensorsFile>): SafetensorsWeights {
  try {
    return new FolderWeights(folder, opened);
  } catch (error) {
    for (const file of opened.values()) file.close();
    throw error;
  }
}

class FolderWeights implements SafetensorsWeights {
  readonly files: readonly string[];
  readonly #folder: string;
  /** By the name of a text model alone; `tensor` is the name in the file. */
  readonly #home = new Map<string, { file: SafetensorsFile; tensor: string }>();
  readonly #opened: readonly SafetensorsFile[];

  constructor(folder: string, opened: ReadonlyMap<string, SafetensorsFile>) {
    this.#folder = folder;
    this.files = [...opened.keys()].sort();
    this.#opened = [...opened.values()];
    const textName = textNames(this.#opened.flatMap((file) => [...file.entries.keys()]));
    for (const file of this.#opened)
      for (const [tensor, { dtype }] of file.entries) {
        const name = textName(tensor);
        // Buffers of old checkpoints (rotary inverse frequencies, masks) are computed, not read.
        if (name === null || isBuffer(name)) continue;
        if (this.#home.has(name)) throw badInput(file.path, "every tensor in one shard", `"${tensor}" again`);
        if (floatTypes[dtype] === undefined)
          throw badInput(
            `${file.path} "${tensor}"`,
            "weights in F32, F16 or BF16",
            quantizedTensor(name, dtype),
            "the unquantized checkpoint",
          );
        this.#home.set(name, { file, tensor });
      }
  }

  names(): readonly string[] {
    return [...this.#home.keys()];
  }

  info(name: string): WeightInfo {
    const { file, tensor } = this.#find(name);
    const { dtype, shape } = file.entry(tensor);
    return { dtype: floatTypes[dtype]!, shape };
  }

  place(name: string): WeightPlace {
    const { file, tensor } = this.#find(name);
    const { dtype, offset, length } = file.entry(tensor);
    return { file: realpathSync(file.path), dtype: floatTypes[dtype]!, offset, length };
  }

  read(name: string, rows?: readonly [from: number, to: number]): Float32Array<ArrayBuffer> {
    const { file, tensor } = this.#find(name);
    return file.readFloat32(tensor, rows);
  }

  close(): void {
    for (const file of this.#opened) file.close();
  }

  #find(name: string): { file: SafetensorsFile; tensor: string } {
    const found = this.#home.get(name);
    if (found === undefined)
      throw badInput(this.#folder, `a tensor "${name}"`, `none among ${this.#home.size}`);
    return found;
  }
}

function isBuffer(name: string): boolean {
  return (
    name.endsWith(".rotary_emb.inv_freq") || name.endsWith(".masked_bias") || name.endsWith(".attn.bias")
  );
}
