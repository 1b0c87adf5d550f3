/**
 * Any number of activations on the disk, in safetensors files (shards) of a fixed number of rows. They are written as they
 * are captured and read by row.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { hashFile } from "../../files/disk/hash-file.ts";
import { makeFolder, readJson, writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { openSafetensors, type SafetensorsFile } from "../../files/tensors/safetensors.ts";
import { writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import { type Rows, rowsInFile } from "./rows.ts";

/** Size of one shard, which is held in memory while it fills. A reader opens all shards at once; a thousand are 256 GiB. */
export const shardBytes = 2 ** 28;

const indexSchema = z.strictObject({
  width: z.int().positive(),
  rows: z.int().positive(),
  rows_per_shard: z.int().positive(),
  /** SHA-256 of each shard's file; missing in indexes that earlier versions wrote. */
  sha256: z.array(z.string()).optional(),
});

const indexPath = (folder: string) => join(folder, "shards.json");
const shardPath = (folder: string, shard: number) =>
  join(folder, `${String(shard).padStart(5, "0")}.safetensors`);

/** Whether a file of this name in a folder of shards was written by this module. */
export const isShardFile = (name: string): boolean => /^(?:\d{5}\.safetensors|shards\.json)$/.test(name);

export class ShardWriter {
  readonly #folder: string;
  readonly #width: number;
  readonly #buffer: Float32Array<ArrayBuffer>;
  readonly #rowsPerShard: number;
  #filled = 0;
  readonly #sha256: string[] = [];
  #rows = 0;

  /** @param folder is created; its old content is removed @param width numbers per row */
  constructor(folder: string, width: number, rowsPerShard = Math.ceil(shardBytes / 4 / width)) {
    this.#folder = folder;
    this.#width = width;
    this.#rowsPerShard = rowsPerShard;
    this.#buffer = new Float32Array(rowsPerShard * width);
    try {
      rmSync(folder, { recursive: true, force: true });
      makeFolder(folder);
    } catch (error) {
      throw writeProblem(folder, error);
    }
  }

  /** @param values whole rows [n, width] @throws FathomError when the disk is full */
  put(values: Float32Array): void {
    if (values.length % this.#width !== 0)
      throw new RangeError(`ShardWriter: ${values.length} numbers are not rows of ${this.#width}`);
    for (let at = 0; at < values.length; ) {
      const part = values.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#buffer.length) this.#write();
    }
  }

  /** Writes the last rows, then the index. The index says that all rows are there. */
  finish(): void {
    if (this.#filled > 0) this.#write();
    const index = {
      width: this.#width,
      rows: this.#rows,
      rows_per_shard: this.#rowsPerShard,
      sha256: this.#sha256,
    };
    writeTextAtomically(indexPath(this.#folder), `${JSON.stringify(index)}\n`);
  }

  #write(): void {
    const rows = this.#filled / this.#width;
    const values = this.#buffer.subarray(0, this.#filled);
    const path = shardPath(this.#folder, this.#sha256.length);
    writeSafetensors(path, [{ name: "activations", dtype: "F32", shape: [rows, this.#width], values }]);
    this.#sha256.push(hashFile(path));
    this.#rows += rows;
    this.#filled = 0;
  }
}

const again = "restore the file, or remove the folder of the training and start again";

export interface ShardedRows extends Rows {
  close(): void;
}

/**
 * The rows of a folder whose writer has finished.
 * @param check true to read all files and compare their checksums, for rows of an earlier session
 * @throws FathomError for shards that are missing or are not what the index says
 */
export function rowsInShards(folder: string, check = false): ShardedRows {
  const parsed = indexSchema.safeParse(readJson(indexPath(folder)));
  if (!parsed.success) throw badInput(indexPath(folder), "an index of shards", "something else");
  const { width, rows: count, rows_per_shard: perShard, sha256 } = parsed.data;
  const files: SafetensorsFile[] = [];
  const close = () => {
    for (const file of files) file.close();
  };
  try {
    const shards = Array.from({ length: Math.ceil(count / perShard) }, (_, at) => {
      const path = shardPath(folder, at);
      if (check && sha256 !== undefined && hashFile(path) !== sha256[at])
        throw badInput(path, `the rows that were captured (SHA-256 ${sha256[at]})`, "others", again);
      const file = openSafetensors(path);
      files.push(file);
      const shard = rowsInFile(file, "activations");
      const expected = Math.min(perShard, count - at * perShard);
      if (shard.width !== width || shard.count !== expected)
        throw badInput(shard.name, `shape [${expected}, ${width}]`, `[${shard.count}, ${shard.width}]`);
      return shard;
    });
    return { name: folder, count, width, read: (from, to) => readAcross(shards, perShard, from, to), close };
  } catch (error) {
    close();
    throw error;
  }
}

function readAcross(shards: readonly Rows[], perShard: number, from: number, to: number) {
  const first = Math.floor(from / perShard);
  const start = first * perShard;
  if (to <= start + perShard) return shards[first]!.read(from - start, to - start);
  const { width } = shards[first]!;
  const all = new Float32Array((to - from) * width);
  for (let at = from; at < to; ) {
    const shard = Math.floor(at / perShard);
    const end = Math.min(to, (shard + 1) * perShard);
    all.set(shards[shard]!.read(at - shard * perShard, end - shard * perShard), (at - from) * width);
    at = end;
  }
  return all;
}
