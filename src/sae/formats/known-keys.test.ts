/**
 * The keys of configurations. Published configurations open unchanged. Any other setting that could change what is
 * computed is read or refused by name; every unknown key is refused by name.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  changedSaes,
  configNames,
  type Fields,
  formatFixtures,
  qwenConfig as qwen,
  saelensFixtures,
} from "../../../test/support/changed-sae.ts";
import { openSae } from "./open-sae.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-sae-settings-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const { withFields, saelensWith, qwenWith, changed } = changedSaes(scratch);

/** Configurations as published on the hub, except for sizes, places and norms, which are those of the fixtures. */
const published: [name: string, open: () => string, like: string][] = [
  [
    "Llama Scope",
    () =>
      withFields("llama-scope", {
        ...{ device: "cuda:0", seed: 42, dtype: "torch.bfloat16", use_decoder_bias: true },
        ...{ apply_decoder_bias_to_pre_encoder: false, bias_init_method: "all_zero", act_fn: "jumprelu" },
        ...{ norm_activation: "dataset-wise", decoder_exactly_fixed_norm: false, use_glu_encoder: false },
        ...{ init_decoder_norm: 0.5, init_encoder_norm: null, init_encoder_with_decoder_transpose: true },
        ...{
          lp: 1,
          l1_coefficient: 8e-5,
          l1_coefficient_warmup_steps: 78125,
          top_k: 50,
          k_warmup_steps: 78125,
        },
        ...{ use_batch_norm_mse: true, use_ghost_grads: false, tp_size: 1, ddp_size: 1 },
      }),
    "llama-scope/sae",
  ],
  [
    "Llama Scope, its width as a fraction",
    () => withFields("llama-scope", { expansion_factor: 3.01 }),
    "llama-scope/sae",
  ],
  [
    "Gemma Scope 2",
    () => withFields("gemma-scope-2", { width: 48, l0: 12, affine_connection: false, type: "sae" }),
    "gemma-scope-2/sae",
  ],
  [
    "sparsify, 2024",
    () =>
      withFields("sparsify", {
        ...{ activation: undefined, skip_connection: undefined, transcode: undefined },
        ...{ expansion_factor: 32, normalize_decoder: true, multi_topk: false, signed: false },
      }),
    "sparsify/layers.1",
  ],
  [
    "dictionary_learning",
    () =>
      withFields("dictionary-topk", {
        ...{ trainer_class: "TopKTrainer", lr: 5e-5, steps: 244140, auxk_alpha: 0.03, warmup_steps: 1000 },
        ...{
          decay_start: 195312,
          threshold_beta: 0.999,
          threshold_start_step: 1000,
          seed: 0,
          device: "cuda:0",
        },
        ...{ wandb_name: "TopKTrainer" },
      }),
    "dictionary-topk/trainer_0",
  ],
  [
    "an author's TopK",
    () =>
      withFields("topk-pt", {
        ...{ mse_loss: 0.5, explained_variance: 0.9, l0: 6, alive_features: 40, d_model: 16, expansion: 3 },
        ...{ epochs_trained: 200, best_loss: 0.4, loss_history: [1, 0.5], train_time_s: 12.5 },
        ...{ n_training_activations: 4000, model: "google/gemma-2-2b-it", architecture: "topk" },
      }),
    "topk-pt/domain.pt",
  ],
  [
    "Llama Scope R1, as SAELens reads no more of it",
    () => withFields("llama-scope-r1", { hook_point_out: undefined, act_fn: undefined, sae_type: undefined }),
    "llama-scope-r1/sae",
  ],
  ["an unknown key that says nothing", () => withFields("topk-pt", { gain: null }), "topk-pt/domain.pt"],
  ["Qwen-Scope", () => qwenWith(qwen), "qwen-scope/SAE-Res-Qwen3-1.7B-Base-W32K-L0_6"],
  [
    "Qwen-Scope, whose name says the same",
    () => qwenWith(qwen, "SAE-Res-Qwen3-1.7B-Base-W64K-L0_6"),
    "qwen-scope/SAE-Res-Qwen3-1.7B-Base-W32K-L0_6",
  ],
];

describe("published configurations open and give the same SAE", () => {
  it.each(published)("%s", (_, path, like) => {
    const [found, expected] = [openSae(path()), openSae(formatFixtures + like)];
    expect(found.k).toBe(expected.k);
    expect(found.threshold).toEqual(expected.threshold);
    expect(found.b_enc).toEqual(expected.b_enc);
    expect(found.site?.hookName).toBe(expected.site?.hookName);
  });

  it("SAELens's of before 6.0: a whole training run", () => {
    const run = {
      ...{
        apply_b_dec_to_input: true,
        architecture: "standard",
        dataset_path: "text",
        is_dataset_tokenized: false,
      },
      ...{ dataset_trust_remote_code: true, use_cached_activations: false, cached_activations_path: "x" },
      ...{ n_batches_in_buffer: 128, total_training_tokens: 3e8, store_batch_size: 32, seed: 42 },
      ...{ b_dec_init_method: "geometric_median", expansion_factor: 3, from_pretrained_path: null, lr: 4e-4 },
      ...{ l1_coefficient: 8e-5, lr_scheduler_name: null, lr_warm_up_steps: 5000, train_batch_size: 4096 },
      ...{ model_from_pretrained_kwargs: { center_writing_weights: true }, use_ghost_grads: false },
      ...{ feature_sampling_window: 1000, feature_sampling_method: null, resample_batches: 1028 },
      ...{ feature_reinit_scale: 0.2, dead_feature_window: 5000, dead_feature_estimation_method: "no_fire" },
      ...{ dead_feature_threshold: 1e-8, log_to_wandb: true, wandb_project: "p", wandb_entity: null },
      ...{ wandb_log_frequency: 100, n_checkpoints: 10, checkpoint_path: "c", tokens_per_buffer: 67108864 },
      ...{ run_name: "r", neuronpedia_id: "gpt2-small/0-res-jb", prepend_bos: true, hook_layer: 1 },
    };
    const sae = openSae(saelensWith("old-standard", run));
    expect(sae.identity()).toBe(openSae(`${saelensFixtures}old-standard`).identity());
    expect(sae.notes.join()).toContain("centred");
  });
});

describe("a setting that would change what is computed is refused by name", () => {
  it.each<[string, Fields, RegExp]>([
    [
      "llama-scope",
      { use_glu_encoder: true },
      /hyperparams.json use_glu_encoder: expected false, found true: a second/,
    ],
    ["llama-scope", { act_fn: "topk" }, /act_fn: expected "jumprelu", found "topk"/],
    ["llama-scope", { norm_activation: "token-wise" }, /norm_activation: expected "dataset-wise"/],
    [
      "llama-scope",
      { apply_decoder_bias_to_pre_encoder: true },
      /apply_decoder_bias_to_pre_encoder: expected false/,
    ],
    ["llama-scope", { use_decoder_bias: false }, /use_decoder_bias: expected true/],
    [
      "llama-scope",
      { dataset_average_activation_norm: { in: 60, out: 48, all: 2 } },
      /dataset_average_activation_norm all: expected only settings that are known/,
    ],
    ["llama-scope-r1", { use_glu_encoder: true }, /config.json use_glu_encoder: expected false/],
    ["llama-scope-r1", { sae_type: "crosscoder" }, /sae_type: expected "sae"/],
    ["gemma-scope-2", { type: "crosscoder" }, /type: expected one of sae, transcoder/],
    ["gemma-scope-2", { type: "transcoder" }, /type: expected sae, as the hooks say/],
    ["gemma-scope-2", { apply_b_dec_to_input: true }, /apply_b_dec_to_input: expected false/],
    ["sparsify", { input_unit_norm: true }, /input_unit_norm: expected only settings that are known/],
    ["gemma-scope-2", { affine_connection: "yes" }, /affine skip connection/],
    ["topk-pt", { architecture: "jumprelu" }, /architecture: expected "topk"/],
  ])("%s %j", (name, fields, message) => {
    expect(() => openSae(withFields(name, fields))).toThrow(message);
  });

  it.each<[string, Fields, RegExp]>([
    [
      "standard",
      { metadata: { sae_lens_version: "6.0.0", hook_head_index: 3 } },
      /metadata hook_head_index: expected null/,
    ],
    [
      "old-standard",
      { hook_point_head_index: 2 },
      /hook_point_head_index: expected null, found 2: an SAE of one/,
    ],
  ])("SAELens %s %j", (name, fields, message) => {
    expect(() => openSae(saelensWith(name, fields))).toThrow(message);
  });

  it.each<[Fields, RegExp]>([
    [{ ...qwen, hook_point: "resid_pre" }, /hook_point: expected "resid_post"/],
    [{ ...qwen, model_type: "jumprelu_sae" }, /model_type: expected "topk_sae"/],
  ])("Qwen-Scope %j", (config, message) => {
    expect(() => openSae(qwenWith(config))).toThrow(message);
  });

  it("dictionary_learning's activations of another side of the module", () => {
    const path = changed("dictionary-topk", "trainer_0/config.json", (found) => ({
      ...found,
      buffer: { io: "in" },
    }));
    expect(() => openSae(path)).toThrow(/buffer io: expected "out", found "in"/);
  });
});

describe("an unknown key is refused by name", () => {
  const refused = /gain: expected only settings that are known, found 2. Try: take the key out of the file/;
  it.each(configNames)("%s", (name) => {
    expect(() => openSae(withFields(name, { gain: 2 }))).toThrow(refused);
  });

  it.each(["standard", "old-standard"])("SAELens %s", (name) => {
    expect(() => openSae(saelensWith(name, { gain: 2 }))).toThrow(refused);
  });

  it("Qwen-Scope", () => {
    expect(() => openSae(qwenWith({ ...qwen, gain: 2 }))).toThrow(refused);
  });

  it("dictionary_learning, beside the trainer and in its buffer", () => {
    const with2 = (change: Fields) =>
      changed("dictionary-topk", "trainer_0/config.json", (found) => ({ ...found, ...change }));
    expect(() => openSae(with2({ gain: 2 }))).toThrow(refused);
    expect(() => openSae(with2({ buffer: { gain: 2 } }))).toThrow(refused);
  });
});
