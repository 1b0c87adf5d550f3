"""
More tiny models behind test/fixtures/engine: the families whose block is Llama's with something added (Mistral, Qwen 2, Qwen 3, Phi-3,
OLMo 2), and Llama's remaining settings. As in engine_configs.py, each exists for the settings in its `bites`.
"""

from typing import Any

from engine_configs import BOS, FULL, IM_END, PAD, SLIDING, VOCABULARY, Fixture, llama, rope


def decoder(architecture: str, model_type: str, **settings: Any) -> dict[str, Any]:
    return {
        "architectures": [architecture],
        "model_type": model_type,
        "vocab_size": VOCABULARY,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "attention_dropout": 0.0,
        "rms_norm_eps": 1e-5,
        "bos_token_id": BOS,
        "eos_token_id": IM_END,
        "pad_token_id": PAD,
        "use_cache": True,
        "max_position_embeddings": 256,
        **settings,
    }


def mistral(**settings: Any) -> dict[str, Any]:
    return decoder("MistralForCausalLM", "mistral", **settings)


def qwen2(**settings: Any) -> dict[str, Any]:
    return decoder("Qwen2ForCausalLM", "qwen2", **settings)


def qwen3(**settings: Any) -> dict[str, Any]:
    return decoder("Qwen3ForCausalLM", "qwen3", **settings)


def phi3(**settings: Any) -> dict[str, Any]:
    return decoder("Phi3ForCausalLM", "phi3", embd_pdrop=0.0, resid_pdrop=0.0, **settings)


def olmo2(**settings: Any) -> dict[str, Any]:
    return decoder("Olmo2ForCausalLM", "olmo2", **settings)


def yarn(theta: float, factor: float, original: int, **more: Any) -> dict[str, Any]:
    return rope(theta, rope_type="yarn", factor=factor, original_max_position_embeddings=original, **more)


def longrope(theta: float, short: list[float], long: list[float], original: int, **more: Any) -> dict[str, Any]:
    return rope(
        theta, rope_type="longrope", short_factor=short, long_factor=long, original_max_position_embeddings=original, **more
    )


ORIGINAL = 30  # between the second prompt with a dozen new tokens (29) and the third prompt (41)
SHORT = [1.0, 1.1, 1.3, 1.6]
LONG = [1.0, 1.8, 3.5, 7.0]

LLAMA_LIKE_FIXTURES = [
    Fixture(
        name="llama-yarn-gelu",
        why="YaRN with mscale of its own, original context shorter than the prompts; tanh-GELU in the MLP; bfloat16",
        disk_dtype="bfloat16",
        seed=900,
        one_eos=True,
        config=llama(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
            max_position_embeddings=256, tie_word_embeddings=False, dtype="bfloat16", hidden_act="gelu_pytorch_tanh",
            rope_parameters=yarn(500.0, 8.0, 32, mscale=1.5, mscale_all_dim=0.5),
        ),
        bites={
            "factor": {"rope_parameters": yarn(500.0, 2.0, 32, mscale=1.5, mscale_all_dim=0.5)},
            "mscale": {"rope_parameters": yarn(500.0, 8.0, 32)},
            "original": {"rope_parameters": yarn(500.0, 8.0, 256, mscale=1.5, mscale_all_dim=0.5)},
            "hidden_act": {"hidden_act": "silu"},
        },
    ),
    Fixture(
        name="mistral-window",
        why="a window of 8 in every layer, head_dim 12 with hidden/heads 8, grouped queries",
        disk_dtype="float32",
        seed=1000,
        edited=True,
        config=mistral(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
            tie_word_embeddings=False, rope_parameters=rope(3000.0), dtype="float32", sliding_window=8,
        ),
        bites={"sliding_window": {"sliding_window": 9}, "rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
    Fixture(
        name="mistral-v4-bf16",
        why="Transformers 4 spelling, no window, num_key_value_heads left to its default of 8, bfloat16 in three shards",
        disk_dtype="bfloat16",
        seed=1100,
        shards=3,
        config=mistral(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=16, head_dim=4, sliding_window=None,
            rope_theta=500.0, tie_word_embeddings=False, torch_dtype="bfloat16", transformers_version="4.42.0",
        ),
        bites={"rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
    Fixture(
        name="mistral-yarn",
        why="YaRN whose original context is shorter than the prompts, beside a window; head tied; bfloat16",
        disk_dtype="bfloat16",
        seed=1200,
        one_eos=True,
        config=mistral(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
            tie_word_embeddings=True, rope_parameters=yarn(1000.0, 4.0, 24), dtype="bfloat16", sliding_window=20,
        ),
        bites={"rope_type": {"rope_parameters": rope(1000.0)}, "sliding_window": {"sliding_window": None}},
    ),
    Fixture(
        name="qwen2-biases",
        why="biases on q, k and v only; a window that is written but switched off; head tied",
        disk_dtype="float32",
        seed=1300,
        edited=True,
        config=qwen2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            tie_word_embeddings=True, rope_parameters=rope(1000.0), dtype="float32",
            use_sliding_window=False, sliding_window=8, max_window_layers=1,
        ),
        bites={"rope_theta": {"rope_parameters": rope(10000.0)}, "rms_norm_eps": {"rms_norm_eps": 0.1}},
    ),
    Fixture(
        name="qwen2-v4-windows",
        why="Transformers 4 spelling, the upper two of four layers look through a window of 8, bfloat16 in two shards",
        disk_dtype="bfloat16",
        seed=1400,
        shards=2,
        config=qwen2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=1,
            tie_word_embeddings=False, rope_theta=2000.0, torch_dtype="bfloat16", transformers_version="4.43.1",
            use_sliding_window=True, sliding_window=8, max_window_layers=2,
        ),
        bites={
            "max_window_layers": {"layer_types": [FULL, SLIDING, SLIDING, SLIDING]},
            "use_sliding_window": {"layer_types": [FULL, FULL, FULL, FULL]},
            "rope_theta": {"rope_parameters": rope(10000.0)},
        },
    ),
    Fixture(
        name="qwen2-v4-yarn",
        why="YaRN as Qwen's model cards write it, under the key `type`; layer_types against max_window_layers; bfloat16",
        disk_dtype="bfloat16",
        seed=1500,
        one_eos=True,
        config=qwen2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=2,
            tie_word_embeddings=False, rope_theta=1000.0, torch_dtype="bfloat16", max_position_embeddings=32,
            rope_scaling={"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
            use_sliding_window=True, sliding_window=12, max_window_layers=3, layer_types=[SLIDING, FULL, SLIDING],
        ),
        bites={
            "rope_scaling": {"rope_parameters": rope(1000.0)},
            "layer_types": {"layer_types": [FULL, FULL, FULL]},
        },
    ),
    Fixture(
        name="qwen3-norms",
        why="a norm on each head's query and key, head_dim 12 with hidden/heads 8, biases in attention",
        disk_dtype="float32",
        seed=1600,
        edited=True,
        config=qwen3(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
            tie_word_embeddings=False, rope_parameters=rope(1000.0), dtype="float32", attention_bias=True,
            use_sliding_window=False, sliding_window=None, max_window_layers=3,
        ),
        bites={"attention_bias": {"attention_bias": False}, "rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
    Fixture(
        name="qwen3-v4-bf16",
        why="Transformers 4 spelling, head tied, one key/value head, bfloat16 in two shards",
        disk_dtype="bfloat16",
        seed=1700,
        shards=2,
        config=qwen3(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1, head_dim=8,
            tie_word_embeddings=True, rope_theta=500.0, rope_scaling=None, torch_dtype="bfloat16", transformers_version="4.51.0",
            attention_bias=False, use_sliding_window=False, sliding_window=None, max_window_layers=3,
        ),
        bites={"rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
    Fixture(
        name="qwen3-windows-yarn",
        why="a window of 8 by layer_types, YaRN with an attention factor, betas and a band that is not truncated; bfloat16",
        disk_dtype="bfloat16",
        seed=1800,
        one_eos=True,
        config=qwen3(
            hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=2, num_key_value_heads=2, head_dim=16,
            tie_word_embeddings=False, dtype="bfloat16", attention_bias=False,
            rope_parameters=yarn(500.0, 6.0, 20, attention_factor=1.4, beta_fast=1.0, beta_slow=0.1, truncate=False),
            use_sliding_window=True, sliding_window=8, layer_types=[FULL, SLIDING, FULL, SLIDING],
        ),
        bites={
            "attention_factor": {"rope_parameters": yarn(500.0, 6.0, 20, beta_fast=1.0, beta_slow=0.1, truncate=False)},
            "truncate": {"rope_parameters": yarn(500.0, 6.0, 20, attention_factor=1.4, beta_fast=1.0, beta_slow=0.1)},
            "beta_fast": {"rope_parameters": yarn(500.0, 6.0, 20, attention_factor=1.4, beta_slow=0.1, truncate=False)},
            "layer_types": {"layer_types": [SLIDING, FULL, SLIDING, FULL]},
        },
    ),
    Fixture(
        name="phi3-window",
        why="fused projections, grouped queries, a window of 8, no scaling of positions",
        disk_dtype="float32",
        seed=1900,
        edited=True,
        config=phi3(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            tie_word_embeddings=False, dtype="float32", sliding_window=8,
            rope_parameters=rope(1000.0, partial_rotary_factor=1.0), original_max_position_embeddings=256,
        ),
        bites={
            "sliding_window": {"sliding_window": 9},
            "rope_theta": {"rope_parameters": rope(10000.0, partial_rotary_factor=1.0)},
        },
    ),
    Fixture(
        name="phi3-v4-longrope",
        why="LongRoPE as Phi-3.5 writes it, switching between the second prompt and the third and within each answer; bfloat16, two shards",
        disk_dtype="bfloat16",
        seed=2000,
        shards=2,
        config=phi3(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4,
            tie_word_embeddings=False, torch_dtype="bfloat16", sliding_window=200, rope_theta=500.0, attention_bias=False,
            rope_scaling={"type": "longrope", "short_factor": SHORT, "long_factor": LONG},
            original_max_position_embeddings=ORIGINAL, transformers_version="4.43.3",
            auto_map={"AutoConfig": "configuration_phi3.Phi3Config", "AutoModelForCausalLM": "modeling_phi3.Phi3ForCausalLM"},
        ),
        bites={
            "long_factor": {"rope_parameters": longrope(500.0, SHORT, SHORT, ORIGINAL, partial_rotary_factor=1.0)},
            "attention factor": {
                "rope_parameters": longrope(500.0, SHORT, LONG, ORIGINAL, partial_rotary_factor=1.0, attention_factor=1.0)
            },
        },
    ),
    Fixture(
        name="phi3-partial-su",
        why="half of each head turned, as in Phi-4-mini; LongRoPE by its old name `su`; head tied; bfloat16",
        disk_dtype="bfloat16",
        seed=2100,
        one_eos=True,
        config=phi3(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1,
            tie_word_embeddings=True, torch_dtype="bfloat16", sliding_window=None, rope_theta=1000.0, partial_rotary_factor=0.5,
            rope_scaling={"type": "su", "short_factor": SHORT, "long_factor": LONG, "original_max_position_embeddings": ORIGINAL},
            original_max_position_embeddings=ORIGINAL,
        ),
        bites={
            "long_factor": {"rope_parameters": longrope(1000.0, SHORT, SHORT, ORIGINAL, partial_rotary_factor=0.5)},
            "rope_theta": {"rope_parameters": longrope(10000.0, SHORT, LONG, ORIGINAL, partial_rotary_factor=0.5)},
        },
    ),
    Fixture(
        name="phi3-longrope-window",
        why="Transformers 5 spelling of LongRoPE with a factor of its own, beside a window of 12; three quarters of each head turned",
        disk_dtype="bfloat16",
        seed=2200,
        shards=3,
        config=phi3(
            hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
            tie_word_embeddings=False, dtype="bfloat16", sliding_window=12, original_max_position_embeddings=ORIGINAL,
            rope_parameters=longrope(800.0, SHORT[:3], LONG[:3], ORIGINAL, partial_rotary_factor=0.75, factor=16.0),
        ),
        bites={
            "factor": {"rope_parameters": longrope(800.0, SHORT[:3], LONG[:3], ORIGINAL, partial_rotary_factor=0.75, factor=1.0)},
            "sliding_window": {"sliding_window": 13},
        },
    ),
    Fixture(
        name="olmo2-norms",
        why="norms after each half and over the whole query and key projections, grouped queries, an rms_norm_eps that matters",
        disk_dtype="float32",
        seed=2300,
        edited=True,
        config=olmo2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            tie_word_embeddings=False, rope_parameters=rope(1000.0), dtype="float32", rms_norm_eps=0.02, attention_bias=False,
        ),
        bites={"rope_theta": {"rope_parameters": rope(10000.0)}, "rms_norm_eps": {"rms_norm_eps": 1e-6}},
    ),
    Fixture(
        name="olmo2-v4-bias-bf16",
        why="Transformers 4 spelling, biases in attention, bfloat16 in two shards",
        disk_dtype="bfloat16",
        seed=2400,
        shards=2,
        config=olmo2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=4,
            tie_word_embeddings=False, rope_theta=2000.0, rope_scaling=None, torch_dtype="bfloat16", transformers_version="4.47.0",
            attention_bias=True,
        ),
        bites={"rope_theta": {"rope_parameters": rope(10000.0)}, "attention_bias": {"attention_bias": False}},
    ),
    Fixture(
        name="olmo2-llama3-rope",
        why="one key/value head, head tied, positions scaled as Llama 3's, with an original context shorter than the prompts; bfloat16",
        disk_dtype="bfloat16",
        seed=2500,
        one_eos=True,
        config=olmo2(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, num_key_value_heads=1,
            tie_word_embeddings=True, dtype="bfloat16", attention_bias=False,
            rope_parameters=rope(
                500.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=24
            ),
        ),
        bites={"rope_type": {"rope_parameters": rope(500.0)}},
    ),
]
