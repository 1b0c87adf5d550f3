/**
 * Finds the safetensors files of a folder that are its weights: a single file, or the shards of an index. If both exist,
 * programs differ in which they read (Transformers reads the single file), so the two must agree.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { badInput } from "../../../core/errors.ts";
import { readJson } from "../../../files/disk/io.ts";
import { openSafetensors, type SafetensorsFile } from "../../../files/tensors/safetensors.ts";

const [single, index] = ["model.safetensors", "model.safetensors.index.json"];

/** Bytes compared at a time. */
const pieceBytes = 1 << 24;

export interface WeightFiles {
  /** Name in the folder → file. */
  files: ReadonlyMap<string, SafetensorsFile>;
  /** The same as `Opened.notes`. */
  notes: readonly string[];
}

/**
 * @param compare whether a single file and shards beside it are compared; false when that was done before
 * @throws FathomError for a missing or truncated file, a tensor that is not where the index says, and a single file whose
 *   weights differ from those of the shards
 */
export function openWeightFiles(folder: string, compare: boolean): WeightFiles {
  const has = (name: string) => existsSync(join(folder, name));
  if (!has(index)) {
    if (has(single)) return { files: openWhole(folder), notes: [] };
    const other = ["pytorch_model.bin", "pytorch_model.bin.index.json", "adapter_model.safetensors"];
    throw badInput(
      folder,
      `${single} or ${index}`,
      other.find(has) ?? "neither",
      "save the checkpoint with Transformers' save_pretrained",
    );
  }
  const listed = readIndex(folder);
  const shards = [...new Set(Object.values(listed))];
  if (!has(single) || shards.includes(single)) return { files: openShards(folder, listed), notes: [] };
  const missing = shards.find((shard) => !has(shard));
  if (missing === undefined) {
    if (compare) refuseOthers(folder, listed);
    return { files: openWhole(folder), notes: [] };
  }
  const note = `The folder has ${single} and an index of shards that are not all there (${missing}). ${single} is read, as Transformers does.`;
  return { files: openWhole(folder), notes: [note] };
}

function openWhole(folder: string): Map<string, SafetensorsFile> {
  return new Map([[single, openSafetensors(join(folder, single))]]);
}

/** Tensor → file. */
function readIndex(folder: string): Record<string, string> {
  const path = join(folder, index);
  const map = (readJson(path) as { weight_map?: unknown } | null)?.weight_map;
  if (map === null || typeof map !== "object") throw badInput(path, 'a "weight_map"', "none");
  // A name with a path in it could point anywhere on the machine.
  for (const [tensor, shard] of Object.entries(map as Record<string, unknown>))
    if (typeof shard !== "string" || shard !== basename(shard) || shard === "..")
      throw badInput(`${path} "${tensor}"`, "the name of a file in the same folder", JSON.stringify(shard));
  return map as Record<string, string>;
}

function openShards(folder: string, listed: Readonly<Record<string, string>>): Map<string, SafetensorsFile> {
  const opened = new Map<string, SafetensorsFile>();
  try {
    for (const [tensor, shard] of Object.entries(listed)) {
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
    return opened;
  } catch (error) {
    for (const file of opened.values()) file.close();
    throw error;
  }
}

/** @throws FathomError when the shards do not have the same tensors as the single file */
function refuseOthers(folder: string, listed: Readonly<Record<string, string>>): void {
  const opened = openShards(folder, listed);
  const whole = openSafetensors(join(folder, single));
  try {
    const names = new Set([...whole.entries.keys(), ...Object.keys(listed)]);
    const other = [...names].find((name) => {
      const shard = opened.get(listed[name] ?? "");
      return shard === undefined || !whole.entries.has(name) || !sameTensor(whole, shard, name);
    });
    if (other !== undefined)
      throw badInput(
        whole.path,
        `the weights of the shards that ${index} names beside it`,
        `another "${other}"`,
        `keep one of the two: Transformers reads ${single}, other programs read the shards`,
      );
  } finally {
    for (const file of [whole, ...opened.values()]) file.close();
  }
}

function sameTensor(one: SafetensorsFile, other: SafetensorsFile, name: string): boolean {
  const [a, b] = [one.entry(name), other.entry(name)];
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const rows = a.shape[0] ?? 1;
  const step = Math.max(1, Math.floor(pieceBytes / Math.max(1, a.length / Math.max(1, rows))));
  if (a.shape.length === 0) return Buffer.compare(one.readBytes(name), other.readBytes(name)) === 0;
  for (let from = 0; from < rows; from += step) {
    const piece = [from, Math.min(rows, from + step)] as const;
    if (Buffer.compare(one.readBytes(name, piece), other.readBytes(name, piece)) !== 0) return false;
  }
  return true;
}
