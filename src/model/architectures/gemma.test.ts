/** Gemma 3's configurations in both spellings, alone and inside a container, and the names of a container's tensors. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import { textNames } from "../containers.ts";

const parse = (json: object) => parseConfig(json, "config.json");

const local = { theta: 10_000, rotated: 256, scaling: null };
const global = { theta: 1_000_000, rotated: 256, scaling: { type: "linear", factor: 8 } };

/** In the manner of google/gemma-3-4b-it. */
const container = {
  architectures: ["Gemma3ForConditionalGeneration"],
  boi_token_index: 255_999,
  eoi_token_index: 256_000,
  eos_token_id: [1, 106],
  image_token_index: 262_144,
  initializer_range: 0.02,
  mm_tokens_per_image: 256,
  model_type: "gemma3",
  text_config: {
    hidden_size: 2560,
    intermediate_size: 10_240,
    model_type: "gemma3_text",
    num_hidden_layers: 34,
    rope_scaling: { factor: 8.0, rope_type: "linear" },
    sliding_window: 1024,
  },
  torch_dtype: "bfloat16",
  transformers_version: "4.50.0.dev0",
  vision_config: { hidden_size: 1152, model_type: "siglip_vision_model", vision_use_head: false },
};
const inside = (changes: object) => ({ ...container, text_config: { ...container.text_config, ...changes } });

/** In the manner of google/gemma-3-270m, with fewer layers. */
const alone = {
  architectures: ["Gemma3ForCausalLM"],
  model_type: "gemma3_text",
  _sliding_window_pattern: 6,
  attn_logit_softcapping: null,
  final_logit_softcapping: null,
  head_dim: 256,
  hidden_activation: "gelu_pytorch_tanh",
  hidden_size: 640,
  intermediate_size: 2048,
  layer_types: ["sliding_attention", "full_attention", "sliding_attention"],
  max_position_embeddings: 32_768,
  num_attention_heads: 4,
  num_hidden_layers: 3,
  num_key_value_heads: 1,
  query_pre_attn_scalar: 256,
  rms_norm_eps: 1e-6,
  rope_local_base_freq: 10_000.0,
  rope_scaling: null,
  rope_theta: 1_000_000.0,
  sliding_window: 512,
  use_bidirectional_attention: false,
  vocab_size: 262_144,
};

describe("Gemma 3", () => {
  test("a container leaves out what equals the defaults, and every sixth layer is global", () => {
    const config = parse(container);
    expect(config).toMatchObject({
      family: "gemma3",
      architecture: "Gemma3ForConditionalGeneration",
      vocabSize: 262_208,
      contextLength: 131_072,
      tiedHead: true,
      queryScale: 1 / 16,
      attentionSoftcap: null,
      finalSoftcap: null,
      normOffset: 1,
    });
    expect(config.layers).toHaveLength(34);
    const sizes = { heads: 8, kvHeads: 4, headDim: 256, intermediateSize: 10_240 };
    expect(config.layers[4]).toMatchObject({ ...sizes, window: 1024, rope: local });
    expect(config.layers[5]).toMatchObject({ ...sizes, window: null, rope: global });
    expect(config.layers[33]).toMatchObject({ window: 1024 });
  });

  test("both spellings of positions say the same; layers that turn alike hold one object", () => {
    const { rope_local_base_freq: _, rope_scaling: __, rope_theta: ___, ...bare } = alone;
    const rope_parameters = {
      sliding_attention: { rope_type: "default", rope_theta: 5000 },
      full_attention: { rope_type: "linear", factor: 4, rope_theta: 2e6 },
    };
    const older = parse({
      ...alone,
      rope_theta: 2e6,
      rope_local_base_freq: 5000,
      rope_scaling: { rope_type: "linear", factor: 4 },
    });
    expect(parse({ ...bare, rope_parameters })).toEqual(older);
    expect(older.layers[0]!.rope).toBe(older.layers[2]!.rope);
    expect(older.layers.map(({ window }) => window)).toEqual([512, null, 512]);
    expect(older.layers.map(({ rope }) => rope.theta)).toEqual([5000, 2e6, 5000]);
    // Bases left out of either spelling are Gemma 3's own.
    expect(parse({ ...bare, rope_parameters: { full_attention: {} } })).toEqual(parse(bare));
    expect(parse(bare)).toEqual(parse(alone));
  });

  test.each<[object, RegExp]>([
    [{ ...alone, attn_logit_softcapping: 50 }, /"attn_logit_softcapping": expected null for a Gemma 3/],
    [{ ...alone, use_bidirectional_attention: true }, /"use_bidirectional_attention": expected false/],
    [{ ...alone, sliding_window: null }, /"sliding_window": expected a number for the layers that slide/],
    [
      { ...alone, rope_parameters: { rope_theta: 1e4 } },
      /"rope_parameters" "rope_theta": expected only settings/,
    ],
    [
      { ...alone, rope_parameters: { full_attention: { rope_type: "yarn", factor: 2 } } },
      /"rope_parameters" "full_attention" "rope_type": .*found "yarn"/,
    ],
    [
      { ...alone, rope_scaling: { rope_type: "linear", factor: 2 }, rope_parameters: {} },
      /"rope_scaling": expected null/,
    ],
    [inside({ final_logit_softcapping: 30 }), /"text_config" "final_logit_softcapping": expected null/],
    [inside({ new_thing: 1 }), /"text_config" "new_thing": expected only settings/],
    [inside({ model_type: "gemma2" }), /"text_config" "model_type": expected "gemma3_text", found "gemma2"/],
    [inside({ tie_word_embeddings: false }), /"text_config" "tie_word_embeddings": expected true/],
    [{ ...container, tie_word_embeddings: false }, /"tie_word_embeddings": expected true/],
    [{ ...container, new_thing: 1 }, /json "new_thing": expected only settings/],
    [{ ...container, text_config: undefined }, /"text_config": expected a JSON object, found null/],
    [
      inside({ quantization_config: { bits: 4 } }),
      /"text_config" "quantization_config": expected only settings/,
    ],
  ])("refuses %#", (json, message) => {
    expect(() => parse(json)).toThrow(message);
  });
});

describe("tensors of a container", () => {
  test.each([
    [
      [
        "language_model.model.norm.weight",
        "language_model.lm_head.weight",
        "vision_tower.a",
        "multi_modal_projector.b",
      ],
      ["model.norm.weight", "lm_head.weight", null, null],
    ],
    [
      ["model.vision_tower.a", "model.language_model.norm.weight", "lm_head.weight", "model.embed_audio.b"],
      [null, "model.norm.weight", "lm_head.weight", null],
    ],
    // What is of no known tower is left for the check of the weights to refuse.
    [
      ["model.language_model.norm.weight", "model.video_tower.a"],
      ["model.norm.weight", "model.video_tower.a"],
    ],
    // Only a container has towers.
    [
      ["model.norm.weight", "vision_tower.a"],
      ["model.norm.weight", "vision_tower.a"],
    ],
  ])("%j", (names, expected) => {
    expect(names.map(textNames(names))).toEqual(expected);
  });
});
