/** Both spellings of config.json, the defaults of Transformers' classes, and refusal by name of all other settings. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "./config.ts";

const llama = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 3,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  hidden_act: "silu",
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
  bos_token_id: 1,
  eos_token_id: [2, 3],
  initializer_range: 0.02,
  use_cache: true,
  transformers_version: "4.40.0",
};
const gemma2 = {
  ...llama,
  architectures: ["Gemma2ForCausalLM"],
  model_type: "gemma2",
  head_dim: 16,
  hidden_act: "gelu_pytorch_tanh",
  hidden_activation: "gelu_pytorch_tanh",
  query_pre_attn_scalar: 144,
  sliding_window: 32,
  attn_logit_softcapping: 50,
  final_logit_softcapping: null,
  cache_implementation: "hybrid",
};
const parse = (changes: object, base: object = llama) => parseConfig({ ...base, ...changes }, "config.json");

describe("rotary positions in both spellings", () => {
  const llama3 = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  };
  const scaling = { type: "llama3", factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 };
  test.each([
    [{}, 10_000, null],
    [{ rope_theta: 500_000, rope_scaling: null, torch_dtype: "bfloat16" }, 500_000, null],
    [{ rope_theta: 1e5, rope_scaling: { type: "linear", factor: 2 } }, 1e5, { type: "linear", factor: 2 }],
    [{ rope_theta: 1e5, rope_scaling: { rope_type: "llama3", ...llama3 } }, 1e5, scaling],
    [{ dtype: "float32", rope_parameters: { rope_theta: 5e5, rope_type: "default" } }, 5e5, null],
    [{ rope_parameters: { rope_theta: 5e5, rope_type: "llama3", ...llama3 } }, 5e5, scaling],
    [
      { rope_theta: 7e4, rope_parameters: { rope_theta: 7e4, rope_type: "linear", factor: 4 } },
      7e4,
      { type: "linear", factor: 4 },
    ],
  ])("%j", (changes, theta, expected) => {
    const { layers } = parse(changes);
    expect(layers[0]!.rope).toEqual({ theta, rotated: 8, scaling: expected });
    expect(new Set(layers.map(({ rope }) => rope)).size, "one object, so that angles are computed once").toBe(
      1,
    );
  });
});

describe("families", () => {
  test("Llama", () => {
    expect(parse({ tie_word_embeddings: true, attention_bias: true })).toMatchObject({
      family: "llama",
      layers: Array.from({ length: 3 }, () => ({
        heads: 8,
        kvHeads: 2,
        headDim: 8,
        intermediateSize: 128,
        rope: { rotated: 8 },
        window: null,
        kvFrom: null,
      })),
      activation: "silu",
      attentionBias: true,
      outputBias: true,
      mlpBias: false,
      tiedHead: true,
      embeddingScale: 1,
      queryScale: 8 ** -0.5,
      normOffset: 0,
    });
    const [layer] = parse({ num_key_value_heads: undefined, head_dim: 32 }).layers;
    expect(layer).toMatchObject({ kvHeads: 8, headDim: 32, rope: { rotated: 32 } });
    expect(parse({ architectures: null }).architecture).toBe("LlamaForCausalLM");
  });

  test("Gemma 2, with the default alternation and with layer_types", () => {
    expect(parse({}, gemma2)).toMatchObject({
      family: "gemma2",
      activation: "gelu_tanh",
      tiedHead: true,
      embeddingScale: 8,
      queryScale: 1 / 12,
      attentionSoftcap: 50,
      finalSoftcap: null,
      normOffset: 1,
      layers: [{ window: 32 }, { window: null }, { window: 32 }],
    });
    const windows = (changes: object) => parse(changes, gemma2).layers.map(({ window }) => window);
    const types = ["full_attention", "sliding_attention", "full_attention"];
    expect(windows({ layer_types: types })).toEqual([null, 32, null]);
    expect(windows({ sliding_window: null })).toEqual([null, null, null]);
    const bare = { ...gemma2, attn_logit_softcapping: undefined, final_logit_softcapping: undefined };
    const absent = JSON.parse(
      JSON.stringify({ ...bare, head_dim: undefined, sliding_window: undefined }),
    ) as object;
    expect(parseConfig(absent, "c")).toMatchObject({ attentionSoftcap: 50, finalSoftcap: 30 });
    expect(parseConfig(absent, "c").layers[0]).toMatchObject({ headDim: 256, window: 4096 });
  });

  test("bookkeeping and empty settings pass", () => {
    const changes = {
      "transformers.js_config": { dtype: "q4" },
      is_llama_config: true,
      rope_interleaved: false,
    };
    expect(parse({ ...changes, new_thing: null, other: false, pruned_heads: {} })).toEqual(parse({}));
  });
});

describe("what is not supported is refused by name", () => {
  test.each<[object, RegExp, object?]>([
    [
      { architectures: ["MambaForCausalLM"], model_type: "mamba" },
      /"architectures": expected LlamaForCausalLM or .*Gemma2ForCausalLM.*, found "MambaForCausalLM"/,
    ],
    [{ model_type: "mistral" }, /"model_type": expected "llama".*found "mistral"/],
    [{ architectures: undefined, model_type: "mpt" }, /"architectures".*found "mpt"/],
    [
      { quantization_config: { quant_method: "gptq", bits: 4 } },
      /"quantization_config": expected weights in fp32.*found GPTQ weights of 4 bits/,
    ],
    [{ quantization_config: { quant_method: "awq", bits: 4 } }, /found AWQ weights of 4 bits/],
    [{ quantization_config: { quant_method: "fp8" } }, /found FP8 weights/],
    [
      { quantization_config: { quant_method: "bitsandbytes", _load_in_4bit: true } },
      /bitsandbytes.* of 4 bits/,
    ],
    [{ quantization_config: { load_in_8bit: true } }, /bitsandbytes weights of 8 bits/],
    [
      { compression_config: { quant_method: "compressed-tensors" } },
      /"compression_config".*compressed-tensors/,
    ],
    [
      { rope_scaling: { rope_type: "longrope", factor: 4 } },
      /"rope_scaling" "rope_type": .*found "longrope"/,
    ],
    [{ rope_parameters: { rope_type: "dynamic", factor: 4 } }, /"rope_parameters" "rope_type": .*"dynamic"/],
    [{ rope_scaling: { rope_type: "linear", factor: 4, mscale: 2 } }, /"mscale": expected only settings/],
    [{ rope_theta: 1e4, rope_parameters: { rope_theta: 1e5 } }, /"rope_theta": expected 10000/],
    [{ partial_rotary_factor: 0.5 }, /"partial_rotary_factor": expected 1, found 0.5/],
    [{ rope_interleaved: true }, /"rope_interleaved": expected false, found true/],
    [{ sliding_window: 128 }, /"sliding_window": expected null for this family, Llama/],
    [{ hidden_act: "relu" }, /"hidden_act": expected "silu" or "gelu_pytorch_tanh", found "relu"/],
    [
      { residual_multiplier: 0.22 },
      /"residual_multiplier": expected only settings that Fathom computes, found 0.22/,
    ],
    [{ num_key_value_heads: 3 }, /"num_key_value_heads": expected a divisor of the 8/],
    [{ hidden_size: "64" }, /"hidden_size": expected a positive whole number, found "64"/],
    [{ vocab_size: undefined }, /"vocab_size": expected a positive whole number, found nothing/],
    [{ num_hidden_layers: 0 }, /"num_hidden_layers"/],
    [{ head_dim: 7 }, /"head_dim": expected an even number/],
    [{ use_bidirectional_attention: true }, /"use_bidirectional_attention"/, gemma2],
    [{ layer_types: ["full_attention"] }, /"layer_types": expected 3 names/, gemma2],
    [{ hidden_activation: "gelu" }, /"hidden_activation"/, gemma2],
  ])("%j", (changes, message, base) => {
    expect(() => parse(changes, base)).toThrow(message);
    expect(() => parse(changes, base)).toThrow(expect.objectContaining({ name: "FathomError", exit: 2 }));
  });

  test("what is not an object", () => {
    expect(() => parseConfig([], "config.json")).toThrow(
      /config.json: expected a JSON object, found an array/,
    );
  });
});
