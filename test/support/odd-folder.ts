/** Small, unusual checkpoint folders, built from the tensors of `oracle/odd_checkpoints.py`. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import { modelOf, type OpenOptions } from "../../src/model/model.ts";
import { type RawTensor, tensorFile } from "./tensor-file.ts";

export type Tensors = Readonly<Record<string, RawTensor>>;

const fixtures = join(import.meta.dirname, "../fixtures");
const stored = openSafetensors(join(fixtures, "odd-checkpoints/tensors.safetensors"));

export const { config, prompts, cases } = JSON.parse(
  readFileSync(join(fixtures, "odd-checkpoints/reference.json"), "utf8"),
) as {
  config: object;
  prompts: number[][];
  /** Transformers' answers, by the folder's name. */
  cases: Record<string, { tied: boolean; rows: { tokens: number[] }[] }>;
};

function tensor(name: string): RawTensor {
  const { dtype, shape } = stored.entry(name);
  return { dtype, shape, bytes: stored.readBytes(name) };
}

const modelNamed = (kind: "new" | "old"): Tensors =>
  Object.fromEntries(
    [...stored.entries.keys()]
      .filter((name) => name.startsWith(`${kind}.`))
      .map((name) => [name.slice(4), tensor(name)]),
  );

export const [whole, old, otherHead] = [modelNamed("new"), modelNamed("old"), tensor("head")];

export const without = (tensors: Tensors, name: string): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));

export const floatsOf = ({ bytes }: RawTensor): Float32Array<ArrayBuffer> =>
  new Float32Array(Uint8Array.from(bytes).buffer);

/** A tensor of the same shape in F32 with other numbers. */
export const withFloats = ({ shape }: RawTensor, values: Float32Array<ArrayBuffer>): RawTensor => ({
  dtype: "F32",
  shape,
  bytes: new Uint8Array(values.buffer),
});

export const inDouble = (one: RawTensor): RawTensor => ({
  dtype: "F64",
  shape: one.shape,
  bytes: new Uint8Array(Float64Array.from(floatsOf(one)).buffer),
});

export const zeros = (dtype: string, shape: number[], width: number): RawTensor => ({
  dtype,
  shape,
  bytes: new Uint8Array(shape.reduce((a, b) => a * b, width)),
});

/** A new folder with its own cache, so that a test does not use hashes that another one cached. */
export class OddFolder {
  readonly #scratch = mkdtempSync(join(tmpdir(), "fathom-odd-"));
  readonly path = join(this.#scratch, "model");

  constructor() {
    process.env["XDG_CACHE_HOME"] = join(this.#scratch, "cache");
  }

  /** Writes a config and a tokenizer, without weights. */
  begin(): void {
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path);
    cpSync(join(fixtures, "tokenizer/bytelevel"), this.path, { recursive: true });
    this.writeConfig({ tie_word_embeddings: false });
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  writeConfig(settings: object): void {
    this.write("config.json", JSON.stringify({ ...config, ...settings }));
  }

  writeWhole(tensors: Tensors): void {
    writeFileSync(join(this.path, "model.safetensors"), tensorFile(tensors));
  }

  /** Writes the tensors in two shards with their index. @param files false: write only the index */
  writeShards(tensors: Tensors, files = true): void {
    const shardOf = (i: number) => `model-0000${(i % 2) + 1}-of-00002.safetensors`;
    const listed = Object.keys(tensors).sort();
    const weight_map = Object.fromEntries(listed.map((name, i) => [name, shardOf(i)]));
    for (const shard of [shardOf(0), shardOf(1)]) {
      const own = listed.filter((name) => weight_map[name] === shard);
      const content = Object.fromEntries(own.map((name) => [name, tensors[name]!]));
      if (files) writeFileSync(join(this.path, shard), tensorFile(content));
    }
    this.write("model.safetensors.index.json", JSON.stringify({ metadata: {}, weight_map }));
  }

  /** Generates eight greedy tokens after each prompt. */
  async answer(options: OpenOptions = {}): Promise<{ rows: number[][]; notes: readonly string[] }> {
    const model = await modelOf(await openCheckpoint(this.path), options);
    const rows: number[][] = [];
    try {
      await model.generate(
        prompts.map((ids, i) => ({ id: `p${i}`, ids, maxNewTokens: 8, temperature: 0, seed: 0 })),
        { batchSize: 2, endTokens: [], watch: [], captureLayers: [], edits: [] },
        ({ ids }, index) => (rows[index] = ids),
      );
    } finally {
      await model.close();
    }
    return { rows, notes: model.checkpoint.notes };
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true });
  }
}
