/** Configurations of Gemma 3 and 4 in both spellings, alone and in a container, and the tensor names of a container. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "../config.ts";
import { textNames } from "../containers.ts";

const parse = (json: object) => parseConfig(json, "config.json");

const local = { theta: 10_000, rotated: 256, scaling: null };
const global = { theta: 1_000_000, rotated: 256, scaling: { type: "linear", factor: 8 } };

/** Modelled on google/gemma-3-4b-it. */
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

/** Modelled on google/gemma-3-270m, with fewer layers. */
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

  test("both spellings of positions give the same config; layers with equal rotary settings share one object", () => {
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
    // A base that is left out, in either spelling, is Gemma 3's default.
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
      { ...alone, rope_scaling: { type: "linear", factor: 2 } },
      /"rope_scaling" "type": expected "rope_type", the only name that is read for a Gemma 3, found "linear"/,
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

/** Modelled on google/gemma-4-E2B-it, with fewer layers. */
const small = {
  architectures: ["Gemma4ForCausalLM"],
  model_type: "gemma4_text",
  attention_bias: false,
  attention_k_eq_v: false,
  enable_moe_block: false,
  final_logit_softcapping: 30,
  global_head_dim: 512,
  head_dim: 256,
  hidden_activation: "gelu_pytorch_tanh",
  hidden_size: 1536,
  hidden_size_per_layer_input: 256,
  intermediate_size: 6144,
  layer_types: ["sliding", "full", "sliding", "full", "sliding", "full"].map((type) => `${type}_attention`),
  num_attention_heads: 8,
  num_experts: null,
  num_global_key_value_heads: null,
  num_hidden_layers: 6,
  num_key_value_heads: 1,
  num_kv_shared_layers: 3,
  rope_parameters: {
    full_attention: { partial_rotary_factor: 0.25, rope_theta: 1e6, rope_type: "proportional" },
    sliding_attention: { rope_theta: 1e4, rope_type: "default" },
  },
  sliding_window: 512,
  use_bidirectional_attention: null,
  use_double_wide_mlp: true,
  vocab_size: 262_144,
  vocab_size_per_layer_input: 262_144,
};
const { global_head_dim: _, num_global_key_value_heads: __, ...noGlobal } = small;

describe("Gemma 4", () => {
  const proportional = (rotated: number) => ({
    theta: 1e6,
    rotated,
    scaling: { type: "proportional", part: 0.25, factor: 1 },
  });

  test("the small kind: the last layers share keys and values by layer type, and are twice as wide", () => {
    const config = parse(small);
    expect(config).toMatchObject({ perLayer: { size: 256, rows: 262_144 }, queryScale: 1, normOffset: 0 });
    expect(config.placeholders).toBeUndefined();
    expect(config.layers.map(({ kvFrom }) => kvFrom)).toEqual([null, null, null, 1, 2, 1]);
    expect(config.layers.map(({ intermediateSize }) => intermediateSize / 6144)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(config.layers.map(({ headDim }) => headDim)).toEqual([256, 512, 256, 512, 256, 512]);
    expect(config.layers[0]).toMatchObject({ window: 512, rope: { ...local, theta: 1e4 } });
    expect(config.layers[1]).toMatchObject({ window: null, rope: proportional(512) });
  });

  test("the large kind: in a global layer the values are the keys, and the numbers of heads differ", () => {
    const large = {
      ...small,
      attention_k_eq_v: true,
      num_key_value_heads: 4,
      num_global_key_value_heads: 2,
      num_kv_shared_layers: 0,
      hidden_size_per_layer_input: null,
      use_bidirectional_attention: "vision",
    };
    const { layers, perLayer } = parse(large);
    expect(perLayer).toBeUndefined();
    expect(layers.map(({ valueIsKey = false }) => valueIsKey)).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(layers.map(({ kvHeads }) => kvHeads)).toEqual([4, 2, 4, 2, 4, 2]);
    // The small kind writes this number too, but Transformers does not read it there.
    expect(parse({ ...large, attention_k_eq_v: false }).layers[1]!.kvHeads).toBe(4);
  });

  test("both spellings of the global layers' heads, and the defaults", () => {
    const byLayer = Object.fromEntries([1, 3, 5].map((index) => [`0${index}`, { head_dim: 512 }]));
    expect(parse({ ...noGlobal, per_layer_config: byLayer })).toEqual(parse(small));
    expect(parse(noGlobal)).toEqual(parse(small));
    expect(parse({ ...small, rope_parameters: null })).toEqual(parse(small));
    // Written but empty: all layers are alike.
    expect(parse({ ...noGlobal, per_layer_config: {} }).layers[1]!.headDim).toBe(256);
    // The last layer is global whatever the file says, as in Transformers.
    const types = [...small.layer_types.slice(0, 5), "sliding_attention"];
    expect(parse({ ...small, layer_types: types })).toEqual(parse(small));
  });

  test("a container's placeholders are read as padding", () => {
    const whole = {
      architectures: ["Gemma4ForConditionalGeneration"],
      model_type: "gemma4",
      image_token_id: 7,
    };
    const text_config = { ...small, pad_token_id: 3 };
    expect(parse({ ...whole, text_config }).placeholders).toEqual({ ids: [7, 258_884, 258_881], readAs: 3 });
  });

  test.each<[object, RegExp]>([
    [{ enable_moe_block: true, num_experts: 8 }, /"enable_moe_block": expected false, found true/],
    [{ use_bidirectional_attention: "all" }, /"use_bidirectional_attention": expected "vision", found "all"/],
    [{ num_kv_shared_layers: 5 }, /"num_kv_shared_layers": expected a layer of each type before those/],
    [{ num_kv_shared_layers: 6 }, /"num_kv_shared_layers"/],
    [{ num_kv_shared_layers: -1 }, /"num_kv_shared_layers": expected a whole number, found -1/],
    [{ vocab_size_per_layer_input: 100 }, /"vocab_size_per_layer_input": expected at least/],
    [{ rope_theta: 1e6 }, /"rope_theta": expected only settings/],
    [{ rope_parameters: { full_attention: {} } }, /"sliding_attention": expected a JSON object, found null/],
    [{ query_pre_attn_scalar: 256 }, /"query_pre_attn_scalar": expected only settings/],
    [{ per_layer_config: { 1: { head_dim: 512 } } }, /layers of one type with heads alike/],
    [{ per_layer_config: { 9: { head_dim: 512 } } }, /"per_layer_config" "9": expected only settings/],
    [{ per_layer_config: { 1: { skip: ["mlp"] } } }, /"per_layer_config" "1" "skip": expected only settings/],
    [{ global_head_dim: 512, per_layer_config: {} }, /"global_head_dim": expected only settings/],
  ])("refuses %j", (changes, message) => {
    const base = "per_layer_config" in changes ? noGlobal : small;
    expect(() => parse({ ...base, ...changes })).toThrow(message);
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
    // A tensor of an unknown tower keeps its name; the check of the weights refuses it later.
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
