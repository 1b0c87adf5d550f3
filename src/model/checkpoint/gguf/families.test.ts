/** A GGUF file of every family gives the same numbers and token ids as Transformers (oracle/gguf_families.py). */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { capture } from "../../engine/capture.ts";
import { CapturedRows } from "../../engine/captured-rows.ts";
import { Engine } from "../../engine/engine.ts";
import { generate } from "../../engine/generate.ts";
import type { Generation } from "../../engine/generation.ts";
import { type Checkpoint, openCheckpoint, textOf } from "../checkpoint.ts";

interface Reference {
  prompts: { ids: number[]; greedy: number[] }[];
  texts: { text: string; ids: number[]; parsedIds: number[]; decoded: string }[];
}

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/gguf-families");
const families = readdirSync(fixtures, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "fathom-gguf-families-"));
  process.env["XDG_CACHE_HOME"] = cache;
});
afterAll(() => {
  rmSync(cache, { recursive: true });
});

/** Largest difference, relative to the reference's largest magnitude. */
function error(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  let difference = 0;
  let magnitude = 0;
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(found[i]! - value));
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return difference / magnitude;
}

describe.each(families)("%s", (name) => {
  const folder = join(fixtures, name);
  const file = readdirSync(folder).find((entry) => /^model(-00001-of-\d+)?\.gguf$/.test(entry))!;
  const reference = JSON.parse(readFileSync(join(folder, "reference.json"), "utf8")) as Reference;
  const tensors = openSafetensors(join(folder, "reference.safetensors"));
  const requests = reference.prompts.map(({ ids }, i) => ({ id: String(i), ids }));
  let checkpoint: Checkpoint;
  let engine: Engine;

  beforeAll(async () => {
    checkpoint = await openCheckpoint(join(folder, file));
    engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    checkpoint.weights.close();
    tensors.close();
  });

  it("gives every layer's residual and the last logits within 2e-4 of the largest magnitude", async () => {
    const layers = Array.from({ length: checkpoint.config.layers.length }, (_, layer) => layer);
    const { vocabSize } = checkpoint.config;
    const captured = new CapturedRows();
    await capture(engine, requests, { layers, logits: true, edits: [] }, captured.take);
    requests.forEach((_, p) => {
      for (const layer of layers) {
        const expected = tensors.readFloat32(`prompt.${p}.layer.${layer}`);
        expect(error(captured.row(p, layer), expected), `layer ${layer}`).toBeLessThan(2e-4);
      }
      const expected = tensors.readFloat32(`prompt.${p}.logits`);
      expect(error(captured.row(p, "logits").subarray(-vocabSize), expected), "logits").toBeLessThan(2e-4);
    });
  });

  it("generates the greedy tokens of the reference", async () => {
    const out: Generation[] = [];
    await generate(
      engine,
      requests.map((request, i) => ({
        ...request,
        maxNewTokens: reference.prompts[i]!.greedy.length,
        temperature: 0,
        seed: 0,
      })),
      { endTokens: [], batchSize: 2, watch: [], captureLayers: [], edits: [] },
      (generation, index) => (out[index] = generation),
    );
    expect(out.map(({ ids }) => ids)).toEqual(reference.prompts.map(({ greedy }) => greedy));
  });

  it("makes the token ids of the reference", () => {
    const { tokenizer } = textOf(checkpoint);
    for (const { text, ids, parsedIds, decoded } of reference.texts) {
      expect(tokenizer.encode(text, { addSpecial: true }), text).toEqual(ids);
      expect(tokenizer.encode(text, { addSpecial: true, parseSpecial: true }), text).toEqual(parsedIds);
      expect(tokenizer.decode(parsedIds)).toBe(decoded);
    }
  });
});
