/**
 * The tiny checkpoints of test/fixtures/engine and the numbers that Transformers computes from them
 * (oracle/engine_fixtures.py).
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";

const root = join(import.meta.dirname, "../fixtures/engine/");

export const engineFixtures: readonly string[] = readdirSync(root).sort();

export interface EngineReference {
  /** The reason for this checkpoint. */
  why: string;
  /**
   * Settings that matter: by how much the logits change, relative to their largest magnitude, if the setting is
   * replaced.
   */
  bites: Record<string, number>;
  prompts: number[][];
  greedy: number[][];
  stopped: number[][];
  endTokens: number[];
  gradient: { prompt: number; plus: number; minus: number };
  edit?: { layer: number };
}

export interface EngineFixture {
  /** A Hugging Face directory. */
  folder: string;
  reference: EngineReference;
  /** Names of the tensors in reference.safetensors. */
  tensors: ReadonlySet<string>;
  read: (tensor: string) => Float32Array<ArrayBuffer>;
  close: () => void;
}

export function openEngineFixture(name: string): EngineFixture {
  const folder = `${root}${name}`;
  const file = openSafetensors(`${folder}/reference.safetensors`);
  return {
    folder,
    reference: JSON.parse(readFileSync(`${folder}/reference.json`, "utf8")) as EngineReference,
    tensors: new Set(file.entries.keys()),
    read: (tensor) => file.readFloat32(tensor),
    close: () => {
      file.close();
    },
  };
}
