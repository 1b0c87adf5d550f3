/** LoRA adapters give the same results as PEFT (oracle/adapter_fixtures.py), and one that does not fit is refused. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { capture } from "../../engine/capture.ts";
import { CapturedRows } from "../../engine/captured-rows.ts";
import { Engine } from "../../engine/engine.ts";
import { generate } from "../../engine/generate.ts";
import type { Generation } from "../../engine/generation.ts";
import { GradientEngine } from "../../engine/gradients.ts";
import { type Checkpoint, openCheckpoint, openWeights } from "../checkpoint.ts";

const fixtures = fileURLToPath(new URL("../../../../test/fixtures/", import.meta.url));
const adapters = [
  "all-linear",
  "some-layers",
  "head-branch",
  "saved-modules",
  "saved-head",
  "fused",
  "container",
  "head-norms",
  "on-gguf",
];

interface Reference {
  base: string;
  prompts: number[][];
  greedy: number[][];
  gradient: { prompt: number; plus: number; minus: number };
}

const baseOf = (name: string, base: string) =>
  base.endsWith(".gguf") ? join(fixtures, "adapters", name, base) : join(fixtures, "engine", base);

const referenceOf = (name: string) =>
  JSON.parse(readFileSync(join(fixtures, "adapters", name, "reference.json"), "utf8")) as Reference;

describe.each(adapters)("%s", (name) => {
  const folder = join(fixtures, "adapters", name);
  const reference = referenceOf(name);
  const tensors = openSafetensors(join(folder, "reference.safetensors"));
  const read = (tensor: string) => tensors.readFloat32(tensor);
  const requests = reference.prompts.map((ids, i) => ({ id: String(i), ids }));
  let checkpoint: Checkpoint;
  let engine: Engine;

  beforeAll(async () => {
    checkpoint = await openCheckpoint(baseOf(name, reference.base), folder);
    // From plain data, as the worker does it.
    const weights = await openWeights(
      checkpoint.path,
      checkpoint.config,
      structuredClone(checkpoint.adapter!.overlay),
    );
    engine = await Engine.open(structuredClone(checkpoint.config), weights, { threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    engine.weights.close();
    checkpoint.weights.close();
    tensors.close();
  });

  it("gives every layer's residual and the logits within 2e-4 of the largest magnitude", async () => {
    const captured = new CapturedRows();
    const layers = checkpoint.config.layers.map((_, i) => i);
    await capture(engine, requests, { layers, logits: true, edits: [] }, captured.take);
    requests.forEach((_, i) => {
      for (const layer of layers)
        expect(
          error(captured.row(i, layer), read(`prompt.${i}.layer.${layer}`)),
          `layer ${layer}`,
        ).toBeLessThan(2e-4);
      expect(error(captured.row(i, "logits"), read(`prompt.${i}.logits`)), "logits").toBeLessThan(2e-4);
    });
  });

  it("generates PEFT's 64 greedy tokens", async () => {
    const rows: Generation[] = [];
    await generate(
      engine,
      requests.map((row) => ({ ...row, maxNewTokens: 64, temperature: 0, seed: 0 })),
      { endTokens: [], batchSize: 2, watch: [], captureLayers: [], edits: [] },
      (row, i) => (rows[i] = row),
    );
    expect(rows.map(({ ids }) => ids)).toEqual(reference.greedy);
  });

  it("has PEFT's gradients at every layer within 1e-3", async () => {
    const { prompt, plus, minus } = reference.gradient;
    const ids = reference.prompts[prompt]!;
    const position = ids.length - 1;
    const gradients = new GradientEngine(engine);
    const layers = checkpoint.config.layers.map((_, i) => i);
    const terms = [
      { position, token: plus, coefficient: 1 },
      { position, token: minus, coefficient: -1 },
    ];
    let sites: Float32Array[] = [];
    await gradients.run(
      [{ id: "0", ids, objective: { kind: "logits", terms } }],
      { edits: [], sites: layers.map((layer) => ({ layer, site: "resid_post" })) },
      (row) => (sites = row.sites),
    );
    await gradients.close();
    expect(sites.length).toBe(layers.length);
    for (const [layer, gradient] of sites.entries())
      expect(error(gradient, read(`gradient.layer.${layer}`)), `layer ${layer}`).toBeLessThan(1e-3);
  });

  it("maps every float tensor from its place in the file", () => {
    const { weights } = checkpoint;
    for (const tensor of weights.names())
      if (!checkpoint.adapter!.overlay.embeddings.has(tensor) && weights.info(tensor).dtype !== "Q8_0")
        expect(weights.place(tensor), tensor).not.toBeNull();
  });
});

describe("an adapter that does not fit", () => {
  const scratch = mkdtempSync(join(tmpdir(), "fathom-adapter-"));
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  interface Change {
    base?: string;
    config?: Record<string, unknown>;
    /** A tensor's new name, or null to leave it out. */
    rename?: (name: string) => string | null;
  }
  /** Opens the adapter "all-linear" with something changed. */
  const opening = async (changed: Change) => {
    cpSync(join(fixtures, "adapters/all-linear"), scratch, { recursive: true });
    const configPath = join(scratch, "adapter_config.json");
    const config = JSON.parse(readFileSync(configPath, "utf8")) as object;
    writeFileSync(configPath, JSON.stringify({ ...config, ...changed.config }));
    if (changed.rename !== undefined) {
      const file = openSafetensors(join(fixtures, "adapters/all-linear/adapter_model.safetensors"));
      const tensors = [...file.entries].flatMap(([name, { shape }]): TensorToWrite[] => {
        const renamed = changed.rename!(name);
        return renamed === null
          ? []
          : [{ name: renamed, dtype: "F32", shape, values: file.readFloat32(name) }];
      });
      writeSafetensors(join(scratch, "adapter_model.safetensors"), tensors);
      file.close();
    }
    const base = changed.base ?? "llama-gqa-bias";
    const { weights } = await openCheckpoint(join(fixtures, "engine", base), scratch);
    weights.close();
  };

  it("opens as it is", () => opening({}));

  const swap = (from: string, to: string) => (name: string) => name.replace(from, to);
  const cases: [string, Change, RegExp][] = [
    ["another kind", { config: { peft_type: "LOHA" } }, /"peft_type": expected "LORA", found "LOHA"/],
    ["prompt tuning", { config: { peft_type: "PROMPT_TUNING" } }, /found "PROMPT_TUNING"/],
    ["DoRA", { config: { use_dora: true } }, /"use_dora": expected plain LoRA, found DoRA/],
    ["aLoRA", { config: { alora_invocation_tokens: [1] } }, /"alora_invocation_tokens".*activated LoRA/],
    [
      "PiSSA",
      { config: { init_lora_weights: "pissa_niter_4" } },
      /"init_lora_weights".*found "pissa_niter_4"/,
    ],
    ["replication", { config: { layer_replication: [[0, 2]] } }, /"layer_replication"/],
    ["a setting nobody knows", { config: { use_novelty: 1 } }, /"use_novelty": expected only settings/],
    ["transposed weights", { config: { fan_in_fan_out: true } }, /"fan_in_fan_out"/],
    ["another task", { config: { task_type: "SEQ_CLS" } }, /"task_type".*"SEQ_CLS"/],
    ["another rank", { config: { r: 5 } }, /lora_A.*expected the shape \[5, 32\], found \[4, 32\]/],
    [
      "a pattern that is none",
      { config: { target_modules: "(" } },
      /"target_modules": expected a regular expr/,
    ],
    ["Python's own syntax", { config: { target_modules: String.raw`.*q_proj\Z` } }, /"target_modules"/],
    ["a pattern without end", { config: { target_modules: String.raw`((\w|\.)+)+!` } }, /timed out/],
    [
      "patterns of ranks without end",
      { config: { rank_pattern: { "((_|.)+)+!": 3 } } },
      /"rank_pattern".*timed out/,
    ],
    ["no targets", { config: { target_modules: null } }, /"target_modules": expected a list of module names/],
    ["modules of another family", { config: { target_modules: ["c_attn"] } }, /one that it does not/],
    [
      "factors left out",
      { rename: (n) => (n.includes("1.mlp.up_proj.lora_B") ? null : n) },
      /"model.layers.1.mlp.up_proj.lora_B".*no such tensor/,
    ],
    [
      "factors of no target",
      { config: { exclude_modules: ["k_proj"] } },
      /k_proj": expected factors of modules that adapter_config.json selects/,
    ],
    [
      "another model's layers",
      { rename: swap("layers.2", "layers.7") },
      /layers.7.*found no such module. Try: the model it was trained on, "llama-gqa-bias"/,
    ],
    [
      "another model's sizes",
      { base: "llama-v4-linear-fp16", config: { bias: "none" } },
      /no such tensor|the shape/,
    ],
    [
      "biases that were not trained",
      { config: { bias: "none" } },
      /expected a tensor that adapter_config.json says was trained/,
    ],
    [
      "DoRA's magnitudes",
      { rename: swap("0.mlp.up_proj.lora_B.weight", "0.mlp.up_proj.lora_magnitude_vector") },
      /another kind of tensor/,
    ],
    [
      "modules to save that are not there",
      { config: { modules_to_save: ["score"] } },
      /"modules_to_save "score"": expected a module of this model/,
    ],
    [
      "modules to save without tensors",
      { config: { modules_to_save: ["lm_head"] } },
      /"lm_head.weight", as modules_to_save names "lm_head", found no such tensor/,
    ],
    [
      "names of no PEFT",
      { rename: swap("base_model.model.", "") },
      /a name that begins with "base_model.model."/,
    ],
  ];
  it.each(cases)("is one clear line: %s", async (_, change, line) => {
    await expect(opening(change)).rejects.toMatchObject({
      name: "FathomError",
      exit: 2,
      message: expect.stringMatching(line) as string,
    });
  });

  it("is one clear line: no adapter at all, or one in the model's place", async () => {
    const base = join(fixtures, "engine/llama-gqa-bias");
    await expect(openCheckpoint(join(fixtures, "adapters/all-linear"))).rejects.toThrow(
      /found an adapter. Try: the model it was made for as --model/,
    );
    await expect(openCheckpoint(base, base)).rejects.toThrow(/found no adapter_config.json/);
    await expect(openCheckpoint(base, join(base, "config.json"))).rejects.toThrow(/found a file/);
    await expect(openCheckpoint(base, join(base, "none"))).rejects.toThrow(/found nothing at this path/);
  });
});

/** Largest error, relative to the largest magnitude. */
function error(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  let [worst, largest] = [0, 0];
  expected.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - found[i]!));
    largest = Math.max(largest, Math.abs(value));
  });
  return worst / largest;
}
