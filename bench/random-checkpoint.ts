/**
 * Writes a Llama of any size with random weights as a Hugging Face folder, for measurements that need a size, not a
 * real model.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { random } from "../src/core/random.ts";
import { writeSafetensors } from "../src/files/tensors/safetensors-writer.ts";
import { type ModelConfig, parseConfig } from "../src/model/architecture/config.ts";
import { expectedShapes } from "../src/model/architecture/weight-shapes.ts";

const tiny = join(import.meta.dirname, "../test/fixtures/engine/llama-gqa-bias");

/** The weights repeat this many random numbers, because drawing a billion takes longer than measuring. */
const period = 1 << 20;

/** @param shape keys of a config.json that replace those of a tiny Llama; the tokenizer is that of the tiny Llama */
export function writeRandomCheckpoint(folder: string, shape: Readonly<Record<string, unknown>>): ModelConfig {
  const config = { ...(JSON.parse(readFileSync(join(tiny, "config.json"), "utf8")) as object), ...shape };
  const parsed = parseConfig(config, folder);
  const rng = random(0);
  const numbers = Float32Array.from({ length: period }, () => 0.04 * rng.uniform() - 0.02);
  const pieces = function* (count: number): Iterable<Float32Array> {
    for (let at = 0; at < count; at += period) yield numbers.subarray(0, Math.min(period, count - at));
  };
  writeSafetensors(
    join(folder, "model.safetensors"),
    [...expectedShapes(parsed)].map(([name, dims]) => {
      const count = dims.reduce((product, size) => product * size, 1);
      return { name, dtype: "F32" as const, shape: dims, values: () => pieces(count) };
    }),
  );
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    copyFileSync(join(tiny, name), join(folder, name));
  return parsed;
}
