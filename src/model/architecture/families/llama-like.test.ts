/** Mistral, Qwen 2, Qwen 3, Phi-3 and OLMo 2: published configurations in both spellings, defaults, refused settings. */
import { describe, expect, test } from "vitest";
import { parseConfig } from "../config.ts";

const sizes = {
  vocab_size: 100,
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 16,
  hidden_act: "silu",
  rms_norm_eps: 1e-5,
};
const bases = {
  mistral: { ...sizes, architectures: ["MistralForCausalLM"], model_type: "mistral" },
  qwen2: { ...sizes, architectures: ["Qwen2ForCausalLM"], model_type: "qwen2", num_key_value_heads: 2 },
  qwen3: { ...sizes, architectures: ["Qwen3ForCausalLM"], model_type: "qwen3", num_key_value_heads: 2 },
  phi3: { ...sizes, architectures: ["Phi3ForCausalLM"], model_type: "phi3" },
  olmo2: { ...sizes, architectures: ["Olmo2ForCausalLM"], model_type: "olmo2" },
};
type Name = keyof typeof bases;
const parse = (name: Name, changes: object = {}) =>
  parseConfig({ ...bases[name], ...changes }, "config.json");
const windows = (name: Name, changes: object = {}) => parse(name, changes).layers.map(({ window }) => window);
const [full, sliding] = ["full_attention", "sliding_attention"];

describe("a missing setting has the default of Transformers' class", () => {
  test("Mistral", () => {
    const { layers, ...config } = parse("mistral");
    expect(config).toMatchObject({ attentionBias: false, outputBias: false, tiedHead: false });
    expect(config.contextLength).toBe(131_072);
    expect(layers[0]).toMatchObject({ heads: 16, kvHeads: 8, headDim: 4, window: 4096 });
    expect(parse("mistral", { num_key_value_heads: null }).layers[0]!.kvHeads).toBe(16);
    expect(windows("mistral", { sliding_window: null })).toEqual([null, null, null, null]);
  });

  test("Qwen 2 has biases on q, k and v only, and a sliding window only where it is switched on", () => {
    expect(parse("qwen2")).toMatchObject({ attentionBias: true, outputBias: false, mlpBias: false });
    expect(windows("qwen2", { sliding_window: 32, max_window_layers: 0 })).toEqual([null, null, null, null]);
    const on = { use_sliding_window: true, sliding_window: 32 };
    expect(windows("qwen2", on), "28 layers below see everything").toEqual([null, null, null, null]);
    expect(windows("qwen2", { ...on, max_window_layers: 3 })).toEqual([null, null, null, 32]);
    expect(windows("qwen2", { ...on, layer_types: [sliding, full, full, sliding] })).toEqual([
      32,
      null,
      null,
      32,
    ]);
    expect(windows("qwen2", { use_sliding_window: true, max_window_layers: 3 })[3]).toBe(4096);
  });

  test("Qwen 3 has heads of 128 and biases everywhere or nowhere", () => {
    expect(parse("qwen3").layers[0]).toMatchObject({ headDim: 128, rope: { rotated: 128 } });
    expect(parse("qwen3", { attention_bias: true })).toMatchObject({ attentionBias: true, outputBias: true });
  });

  test("Phi-3", () => {
    expect(parse("phi3")).toMatchObject({ contextLength: 4096, attentionBias: false, tiedHead: false });
    expect(windows("phi3")).toEqual([null, null, null, null]);
    expect(windows("phi3", { sliding_window: 2047 })).toEqual([2047, 2047, 2047, 2047]);
  });

  test("OLMo 2", () => {
    const { rms_norm_eps: _, ...bare } = bases.olmo2;
    expect(parseConfig(bare, "c")).toMatchObject({ normEps: 1e-5, contextLength: 2048, normOffset: 0 });
  });
});

describe("scaled positions", () => {
  test("YaRN in both spellings: it stretches the context, and its attention factor follows from the settings", () => {
    const yarn = { factor: 4, original_max_position_embeddings: 32_768 };
    const older = parse("qwen2", { rope_theta: 1e6, rope_scaling: { type: "yarn", ...yarn } });
    const newer = parse("qwen2", { rope_parameters: { rope_type: "yarn", rope_theta: 1e6, ...yarn } });
    expect(older).toEqual(newer);
    expect(older.contextLength).toBe(131_072);
    expect(older.layers[0]!.rope.scaling).toEqual({
      type: "yarn",
      factor: 4,
      originalContext: 32_768,
      fastRotations: 32,
      slowRotations: 1,
      truncate: true,
      attentionFactor: 0.1 * Math.log(4) + 1,
    });
    const scaled = (changes: object) =>
      parse("qwen3", { rope_parameters: { rope_type: "yarn", ...yarn, ...changes } }).layers[0]!.rope.scaling;
    expect(scaled({ attention_factor: 1.5 })).toMatchObject({ attentionFactor: 1.5 });
    expect(scaled({ mscale: 0.7, mscale_all_dim: 0.7 })).toMatchObject({ attentionFactor: 1 });
    expect(scaled({ mscale: 0.7 }), "half of a pair says nothing").toMatchObject({
      attentionFactor: 0.1 * Math.log(4) + 1,
    });
  });

  test("LongRoPE in both spellings and with its older names, for the part of a head that is rotated", () => {
    const factors = { short_factor: [1], long_factor: [3] };
    const outer = { max_position_embeddings: 131_072, original_max_position_embeddings: 4096 };
    const older = { ...outer, rope_theta: 1e4, partial_rotary_factor: 0.5 };
    const config = parse("phi3", { ...older, rope_scaling: { type: "longrope", ...factors } });
    expect(config.contextLength).toBe(131_072);
    expect(config.layers[0]!.rope).toEqual({
      theta: 1e4,
      rotated: 2,
      scaling: {
        type: "longrope",
        shortFactors: [1],
        longFactors: [3],
        originalContext: 4096,
        attentionFactor: Math.sqrt(1 + Math.log(32) / Math.log(4096)),
      },
    });
    for (const type of ["su", "yarn"])
      expect(parse("phi3", { ...older, rope_scaling: { type, ...factors } })).toEqual(config);
    const rope_parameters = {
      rope_theta: 1e4,
      rope_type: "longrope",
      partial_rotary_factor: 0.5,
      original_max_position_embeddings: 4096,
      ...factors,
    };
    expect(parse("phi3", { ...outer, rope_parameters })).toEqual(config);
  });
});

describe("what is not supported is refused by name", () => {
  const longrope = { rope_type: "longrope", short_factor: [1, 1], long_factor: [3, 3] };
  test.each<[Name, object, RegExp]>([
    ["mistral", { layer_types: [full, sliding, full, sliding] }, /"layer_types": expected the same in every/],
    ["mistral", { layer_types: [full, full, full, full] }, /"layer_types": expected the same in every layer/],
    ["mistral", { attention_bias: true }, /"attention_bias": expected only settings/],
    ["mistral", { rope_scaling: { type: "dynamic", factor: 2 } }, /"rope_type": .*found "dynamic"/],
    ["mistral", { rope_scaling: longrope }, /"rope_type": expected "default" or "linear" .*found "longrope"/],
    [
      "qwen2",
      { layer_types: [full, sliding, full, full] },
      /"layer_types": expected "full_attention" without/,
    ],
    ["qwen2", { rope_scaling: { type: "mrope", mrope_section: [1, 2, 3] } }, /"rope_type": .*found "mrope"/],
    ["qwen2", { use_sliding_window: true, max_window_layers: -1 }, /"max_window_layers": expected a whole/],
    ["qwen3", { num_experts: 8 }, /"num_experts": expected only settings/],
    ["phi3", { rope_scaling: { type: "linear", factor: 2 } }, /"rope_type": .*"longrope".*found "linear"/],
    ["phi3", { rope_scaling: { ...longrope, short_factor: [1] } }, /2 factors each, short and long, found 1/],
    [
      "phi3",
      { rope_scaling: { ...longrope, long_factor: [1, -1] } },
      /"long_factor": expected a list of pos/,
    ],
    [
      "phi3",
      { rope_parameters: { ...longrope, original_max_position_embeddings: 8192 } },
      /"original_max_position_embeddings": expected 4096, found 8192/,
    ],
    ["phi3", { partial_rotary_factor: 0.3 }, /"partial_rotary_factor": expected an even part of the 4/],
    [
      "phi3",
      { partial_rotary_factor: 0.5, rope_scaling: { rope_type: "default", partial_rotary_factor: 1 } },
      /"partial_rotary_factor": expected 0.5 as in/,
    ],
    ["olmo2", { sliding_window: 64 }, /"sliding_window": expected null for this family, OLMo 2/],
    ["olmo2", { clip_qkv: 8 }, /"clip_qkv": expected only settings/],
  ])("%s %j", (name, changes, message) => {
    expect(() => parse(name, changes)).toThrow(message);
  });
});
