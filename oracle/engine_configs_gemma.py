"""
The tiny Gemma 3 and Gemma 4 text models behind test/fixtures/engine, and the multimodal containers that hold one.

As in engine_configs.py, each exists for the settings in its `bites`. Some settings cannot be replaced without changing shapes (shared keys
and values, per-layer embeddings, double-wide MLPs, key = value, layer scalars). The tensors test these: all of them are random.
"""

from typing import Any

from engine_configs import BOS, FULL, IM_END, PAD, SLIDING, VOCABULARY, Fixture

TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_activation": "gelu_pytorch_tanh",
    "initializer_range": 0.02,
    "attention_dropout": 0.0,
    "rms_norm_eps": 1e-6,
    "bos_token_id": BOS,
    "eos_token_id": IM_END,
    "pad_token_id": PAD,
    "use_cache": True,
    "max_position_embeddings": 256,
}
# Tensor names in Transformers' model -> names in the published files of each kind.
PUBLISHED_GEMMA3 = {
    "model.language_model.": "language_model.model.",
    "model.vision_tower.": "vision_tower.vision_model.",
    "model.multi_modal_projector.": "multi_modal_projector.",
}


def gemma3_text(**settings: Any) -> dict[str, Any]:
    return {**TEXT, "architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", **settings}


def gemma4_text(**settings: Any) -> dict[str, Any]:
    return {
        **TEXT,
        "architectures": ["Gemma4ForCausalLM"],
        "model_type": "gemma4_text",
        "attention_bias": False,
        "enable_moe_block": False,
        "num_experts": None,
        "top_k_experts": None,
        "moe_intermediate_size": None,
        "use_bidirectional_attention": None,
        "vocab_size_per_layer_input": VOCABULARY,
        **settings,
    }


def nested(text: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A container's config: the text model's config under `text_config`, without `architectures`."""
    return {"text_config": {key: value for key, value in text.items() if key != "architectures"}, **settings}


def local_global(local: float, global_: float, **scaling: Any) -> dict[str, Any]:
    return {
        SLIDING: {"rope_type": "default", "rope_theta": local},
        FULL: {"rope_type": "default", "rope_theta": global_, **scaling},
    }


def proportional(local: float, global_: float, part: float, **scaling: Any) -> dict[str, Any]:
    return local_global(local, global_, rope_type="proportional", partial_rotary_factor=part, **scaling)


LINEAR = {"rope_type": "linear", "factor": 4.0}

GEMMA3 = [
    Fixture(
        name="gemma3-local-global",
        why="Transformers 5 spelling: two rotary tables, the global one scaled; q/k norms, query scale and head_dim of their own, window of 8",
        disk_dtype="float32",
        seed=3100,
        edited=True,
        config=gemma3_text(
            hidden_size=32, intermediate_size=40, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
            query_pre_attn_scalar=20, sliding_window=8, layer_types=[SLIDING, SLIDING, FULL, SLIDING, FULL], dtype="float32",
            rope_parameters=local_global(500.0, 4000.0, **LINEAR), tie_word_embeddings=True, attention_bias=False,
            final_logit_softcapping=None, attn_logit_softcapping=None, use_bidirectional_attention=False,
        ),
        bites={
            "sliding rope_theta": {"rope_parameters": local_global(4000.0, 4000.0, **LINEAR)},
            "full rope_theta": {"rope_parameters": local_global(500.0, 500.0, **LINEAR)},
            "full factor": {"rope_parameters": local_global(500.0, 4000.0)},
            "query_pre_attn_scalar": {"query_pre_attn_scalar": 12},
            "sliding_window": {"sliding_window": 9},
            "layer_types": {"layer_types": [SLIDING, FULL, SLIDING, SLIDING, FULL]},
        },
    ),
    Fixture(
        name="gemma3-v4-bf16",
        why="Transformers 4 spelling: rope_theta, rope_local_base_freq, rope_scaling, sliding_window_pattern; bfloat16 in three shards",
        disk_dtype="bfloat16",
        seed=3200,
        shards=3,
        one_eos=True,
        config=gemma3_text(
            hidden_size=32, intermediate_size=48, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=1, head_dim=8,
            query_pre_attn_scalar=8, sliding_window=10, sliding_window_pattern=3, torch_dtype="bfloat16", transformers_version="4.50.0",
            rope_theta=6000.0, rope_local_base_freq=300.0, rope_scaling={"factor": 8.0, "rope_type": "linear"},
            cache_implementation="hybrid", final_logit_softcapping=None, attn_logit_softcapping=None, attention_bias=False,
        ),
        bites={
            "sliding_window_pattern": {"layer_types": [SLIDING, SLIDING, SLIDING, SLIDING, SLIDING, FULL]},
            "rope_local_base_freq": {"rope_parameters": local_global(10_000.0, 6000.0, rope_type="linear", factor=8.0)},
            "rope_scaling": {"rope_parameters": local_global(300.0, 6000.0)},
            "sliding_window": {"sliding_window": 4096},
        },
    ),
    Fixture(
        name="gemma3-bias-cap",
        why="nothing said of layers or positions (five sliding, one full, the default bases), biases, an untied head, a capped logit",
        disk_dtype="bfloat16",
        seed=3300,
        template_file=True,
        config=gemma3_text(
            hidden_size=32, intermediate_size=32, num_hidden_layers=7, num_attention_heads=2, num_key_value_heads=2, head_dim=16,
            query_pre_attn_scalar=16, sliding_window=16, dtype="bfloat16", tie_word_embeddings=False, attention_bias=True,
            final_logit_softcapping=25.0,
        ),
        bites={
            "final_logit_softcapping": {"final_logit_softcapping": None},
            "attention_bias": {"attention_bias": False},
            "layer_types": {"layer_types": [FULL] * 7},
            "default bases": {"rope_parameters": local_global(1_000_000.0, 10_000.0)},
        },
    ),
    Fixture(
        name="gemma3-container",
        why="Gemma3ForConditionalGeneration as published: nested Transformers 4 config with heads left to their defaults, prefixed names, a vision tower",
        disk_dtype="bfloat16",
        seed=3400,
        shards=2,
        disk_names=PUBLISHED_GEMMA3,
        config=nested(
            {
                **{key: value for key, value in TEXT.items() if key not in ("bos_token_id", "eos_token_id", "pad_token_id")},
                "model_type": "gemma3_text", "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 4, "head_dim": 8,
                "query_pre_attn_scalar": 8, "sliding_window": 12, "sliding_window_pattern": 2, "rope_local_base_freq": 400.0,
                "rope_theta": 9000.0, "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
            },
            architectures=["Gemma3ForConditionalGeneration"], model_type="gemma3", torch_dtype="bfloat16", transformers_version="4.50.0.dev0",
            boi_token_index=260, eoi_token_index=261, image_token_index=262, mm_tokens_per_image=4, initializer_range=0.02,
            bos_token_id=BOS, eos_token_id=[IM_END], pad_token_id=PAD,
            vision_config={
                "model_type": "siglip_vision_model", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
                "num_attention_heads": 2, "image_size": 16, "patch_size": 8, "vision_use_head": False,
            },
        ),
        bites={
            "sliding_window": {"sliding_window": 4096},
            "rope_local_base_freq": {"rope_parameters": local_global(10_000.0, 9000.0, rope_type="linear", factor=8.0)},
        },
    ),
]

GEMMA4 = [
    Fixture(
        name="gemma4-e2b",
        why="the E2B kind as published: per-layer embeddings, the last layers share keys and values (and still store their own) and are double-wide",
        disk_dtype="bfloat16",
        seed=4100,
        shards=3,
        edited=True,
        stale_kv=True,
        config=gemma4_text(
            hidden_size=32, intermediate_size=24, num_hidden_layers=7, num_attention_heads=2, num_key_value_heads=1,
            head_dim=8, global_head_dim=16, num_global_key_value_heads=None, sliding_window=8, dtype="bfloat16",
            layer_types=[SLIDING, FULL, SLIDING, FULL, SLIDING, SLIDING, FULL], num_kv_shared_layers=3, use_double_wide_mlp=True,
            hidden_size_per_layer_input=6, attention_k_eq_v=False, tie_word_embeddings=True, final_logit_softcapping=12.0,
            rope_parameters=proportional(600.0, 2000.0, 0.25),
        ),
        bites={
            "final_logit_softcapping": {"final_logit_softcapping": None},
            "sliding_window": {"sliding_window": 9},
            "partial_rotary_factor": {"rope_parameters": proportional(600.0, 2000.0, 0.5)},
            "sliding rope_theta": {"rope_parameters": proportional(2000.0, 2000.0, 0.25)},
        },
    ),
    Fixture(
        name="gemma4-large",
        why="the larger kind: key = value on global layers, which have their own head_dim and key heads; no per-layer embeddings",
        disk_dtype="float32",
        seed=4200,
        one_eos=True,
        config=gemma4_text(
            hidden_size=32, intermediate_size=40, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=2,
            head_dim=8, global_head_dim=20, num_global_key_value_heads=1, sliding_window=10, dtype="float32",
            layer_types=[SLIDING, SLIDING, FULL, SLIDING, SLIDING, FULL], num_kv_shared_layers=0, hidden_size_per_layer_input=0,
            attention_k_eq_v=True, tie_word_embeddings=True, final_logit_softcapping=8.0, use_bidirectional_attention="vision",
            rope_parameters=proportional(600.0, 3000.0, 0.25),
        ),
        bites={
            "sliding_window": {"sliding_window": 11},
            "full rope_theta": {"rope_parameters": proportional(600.0, 20.0, 0.25)},
            "partial_rotary_factor": {"rope_parameters": proportional(600.0, 3000.0, 1.0)},
        },
    ),
    Fixture(
        name="gemma4-per-layer-config",
        why="the spelling of later Transformers 5 (per_layer_config), biases, both rotary tables scaled, per-layer embeddings without sharing",
        disk_dtype="float32",
        seed=4300,
        template_file=True,
        config=gemma4_text(
            hidden_size=32, intermediate_size=32, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
            head_dim=8, per_layer_config={"1": {"head_dim": 16, "num_key_value_heads": 4}, "3": {"head_dim": 16, "num_key_value_heads": 4}},
            sliding_window=8, dtype="float32", layer_types=[SLIDING, FULL, SLIDING, FULL], hidden_size_per_layer_input=4,
            attention_bias=True, tie_word_embeddings=True, final_logit_softcapping=None, rms_norm_eps=0.01,
            rope_parameters={**proportional(600.0, 3000.0, 0.5, factor=4.0), SLIDING: {"rope_type": "linear", "factor": 2.0, "rope_theta": 600.0}},
        ),
        bites={
            "full factor": {"rope_parameters": {**proportional(600.0, 3000.0, 0.5), SLIDING: {"rope_type": "linear", "factor": 2.0, "rope_theta": 600.0}}},
            "sliding factor": {"rope_parameters": proportional(600.0, 3000.0, 0.5, factor=4.0)},
            "rms_norm_eps": {"rms_norm_eps": 1e-6},
        },
    ),
    Fixture(
        name="gemma4-share-plain",
        why="sharing without its company: one head_dim for all, key = value, MLPs of one width, plain rotary; layer types and an untied head by default",
        disk_dtype="float16",
        seed=4570,
        config=gemma4_text(
            hidden_size=32, intermediate_size=40, num_hidden_layers=8, num_attention_heads=2, num_key_value_heads=2,
            head_dim=12, global_head_dim=12, num_global_key_value_heads=1, sliding_window=12, dtype="float16", num_kv_shared_layers=2,
            hidden_size_per_layer_input=2, use_double_wide_mlp=False, attention_k_eq_v=True, tie_word_embeddings=False,
            rope_parameters=local_global(500.0, 5000.0),
        ),
        bites={
            "sliding_window": {"sliding_window": 13},
            "full rope_theta": {"rope_parameters": local_global(500.0, 50.0)},
        },
    ),
    Fixture(
        name="gemma4-container",
        why="Gemma4ForConditionalGeneration of the E2B kind: nested config, prefixed names, a vision and an audio tower, placeholder ids",
        disk_dtype="bfloat16",
        seed=4500,
        shards=2,
        placed={5: VOCABULARY + 2, 6: VOCABULARY + 3, 30: VOCABULARY + 6},
        config=nested(
            gemma4_text(
                hidden_size=32, intermediate_size=24, num_hidden_layers=5, num_attention_heads=2, num_key_value_heads=1,
                head_dim=8, global_head_dim=16, sliding_window=12, dtype="bfloat16", vocab_size=VOCABULARY + 8,
                vocab_size_per_layer_input=VOCABULARY + 8, layer_types=[SLIDING, SLIDING, FULL, SLIDING, FULL], num_kv_shared_layers=2,
                use_double_wide_mlp=True, hidden_size_per_layer_input=6, final_logit_softcapping=15.0, tie_word_embeddings=True,
                rope_parameters=proportional(500.0, 2000.0, 0.25),
            ),
            architectures=["Gemma4ForConditionalGeneration"], model_type="gemma4", dtype="bfloat16", tie_word_embeddings=True,
            boi_token_id=VOCABULARY, eoi_token_id=VOCABULARY + 1, image_token_id=VOCABULARY + 2, video_token_id=VOCABULARY + 3,
            boa_token_id=VOCABULARY + 4, eoa_token_index=VOCABULARY + 5, audio_token_id=VOCABULARY + 6, initializer_range=0.02,
            vision_config={
                "model_type": "gemma4_vision", "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                "num_key_value_heads": 2, "head_dim": 4, "patch_size": 4, "position_embedding_size": 16, "pooling_kernel_size": 1,
                "standardize": True, "use_clipped_linears": True,
            },
            audio_config={
                "model_type": "gemma4_audio", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                "subsampling_conv_channels": [8, 4], "conv_kernel_size": 3, "output_proj_dims": 8,
            },
        ),
        bites={
            "sliding_window": {"sliding_window": 4096},
            "final_logit_softcapping": {"final_logit_softcapping": None},
        },
    ),
]

GEMMA_FIXTURES = [*GEMMA3, *GEMMA4]
