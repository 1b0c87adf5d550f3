"""
The eight tiny architectures behind test/fixtures/engine, as config.json files.

Each one exists for the settings named in its `bites`: engine_fixtures.py computes the logits again with each of these settings
replaced and writes the fixture only if they move, so a loader that ignores the setting cannot pass. Both spellings of a config
are used on purpose: Transformers 5 (`rope_parameters`, `dtype`) and Transformers 4 (`rope_theta`, `rope_scaling`, `torch_dtype`).
"""

from dataclasses import dataclass, field
from typing import Any

VOCABULARY = 320  # 4 special tokens, 256 bytes, 60 merges: the shared tokenizer of engine_tokenizer.py
PAD, BOS, IM_START, IM_END = 0, 1, 2, 3


@dataclass
class Fixture:
    name: str
    why: str
    config: dict[str, Any]
    disk_dtype: str
    seed: int
    """Where the search for weights with unambiguous greedy tokens starts."""
    shards: int = 1
    one_eos: bool = False
    """generation_config.json holds one end token as a number, not a list."""
    template_file: bool = False
    """The chat template is chat_template.jinja, not a key of tokenizer_config.json."""
    edited: bool = False
    disk_names: dict[str, str] = field(default_factory=dict)
    """Prefixes of Transformers' tensor names -> those in the file."""
    placed: dict[int, int] = field(default_factory=dict)
    """Token ids written over those of the longest prompt, by position."""
    stale_kv: bool = False
    """The file also holds the keys and values of layers that read another's, as published checkpoints do."""
    bites: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is replaced in the loaded configuration -> the logits must move."""


def llama(**settings: Any) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": VOCABULARY,
        "hidden_act": "silu",
        "initializer_range": 0.02,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "mlp_bias": False,
        "rms_norm_eps": 1e-5,
        "bos_token_id": BOS,
        "eos_token_id": IM_END,
        "pad_token_id": PAD,
        "use_cache": True,
        **settings,
    }


def gemma2(**settings: Any) -> dict[str, Any]:
    return {
        "architectures": ["Gemma2ForCausalLM"],
        "model_type": "gemma2",
        "vocab_size": VOCABULARY,
        "hidden_activation": "gelu_pytorch_tanh",
        "initializer_range": 0.02,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "rms_norm_eps": 1e-6,
        "bos_token_id": BOS,
        "eos_token_id": IM_END,
        "pad_token_id": PAD,
        "use_cache": True,
        **settings,
    }


def rope(theta: float, **scaling: Any) -> dict[str, Any]:
    return {"rope_theta": theta, "rope_type": "default", **scaling}


SLIDING, FULL = "sliding_attention", "full_attention"

FIXTURES = [
    Fixture(
        name="llama-mha-tied",
        why="plain multi-head attention, head tied to the embedding, no head_dim key, an rms_norm_eps large enough to matter",
        disk_dtype="float32",
        seed=100,
        one_eos=True,
        config=llama(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=4,
            max_position_embeddings=256, tie_word_embeddings=True, rope_parameters=rope(10000.0), dtype="float32", rms_norm_eps=0.02,
        ),
        bites={"rope_theta": {"rope_parameters": rope(500.0)}, "rms_norm_eps": {"rms_norm_eps": 1e-6}},
    ),
    Fixture(
        name="llama-gqa-bias",
        why="grouped queries, head_dim 12 with hidden/heads 8, biases in attention and MLP, untied head, padded vocabulary",
        disk_dtype="float32",
        seed=200,
        template_file=True,
        edited=True,
        config=llama(
            hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
            max_position_embeddings=256, tie_word_embeddings=False, rope_parameters=rope(1000.0), dtype="float32",
            attention_bias=True, mlp_bias=True, vocab_size=VOCABULARY + 16,
        ),
        bites={"attention_bias": {"attention_bias": False}, "mlp_bias": {"mlp_bias": False}, "rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
    Fixture(
        name="llama-mqa-llama3-bf16",
        why="one key/value head, llama3 rope scaling whose original context is shorter than the prompts, bfloat16 in three shards",
        disk_dtype="bfloat16",
        seed=300,
        shards=3,
        one_eos=True,
        config=llama(
            hidden_size=48, intermediate_size=56, num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=1, head_dim=16,
            max_position_embeddings=128, tie_word_embeddings=True, dtype="bfloat16",
            rope_parameters=rope(
                500.0, rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32
            ),
        ),
        bites={
            "rope_parameters": {"rope_parameters": rope(500.0)},
            "original_max_position_embeddings": {
                "rope_parameters": rope(
                    500.0, rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=128
                )
            },
            "smooth band": {
                "rope_parameters": rope(
                    500.0, rope_type="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=1.001, original_max_position_embeddings=32
                )
            },
        },
    ),
    Fixture(
        name="llama-v4-linear-fp16",
        why="Transformers 4 spelling, linear rope scaling under the key `type`, float16, three end tokens",
        disk_dtype="float16",
        seed=400,
        config=llama(
            hidden_size=40, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
            max_position_embeddings=256, tie_word_embeddings=False, rope_theta=2000.0, rope_scaling={"type": "linear", "factor": 4.0},
            torch_dtype="float16", transformers_version="4.41.0", pretraining_tp=1,
        ),
        bites={"rope_scaling": {"rope_parameters": rope(2000.0)}, "rope_theta": {"rope_parameters": rope(10000.0, rope_type="linear", factor=4.0)}},
    ),
    Fixture(
        name="gemma2-window",
        why="alternating sliding window of 8, shorter than the prompts; the published caps",
        disk_dtype="float32",
        seed=500,
        one_eos=True,
        config=gemma2(
            hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=8,
            max_position_embeddings=256, tie_word_embeddings=True, rope_parameters=rope(10000.0), dtype="float32",
            query_pre_attn_scalar=8, sliding_window=8, layer_types=[SLIDING, FULL, SLIDING, FULL],
            attn_logit_softcapping=50.0, final_logit_softcapping=30.0,
        ),
        bites={
            "sliding_window": {"sliding_window": 9},
            "layer_types": {"layer_types": [FULL, SLIDING, FULL, SLIDING]},
            "final_logit_softcapping": {"final_logit_softcapping": None},
        },
    ),
    Fixture(
        name="gemma2-caps",
        why="caps on attention and logits that bite, query scale not head_dim, attention bias, full attention first",
        disk_dtype="float32",
        seed=600,
        template_file=True,
        edited=True,
        config=gemma2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=2, num_key_value_heads=2, head_dim=16,
            max_position_embeddings=256, tie_word_embeddings=True, rope_parameters=rope(10000.0), dtype="float32",
            query_pre_attn_scalar=4, sliding_window=12, layer_types=[FULL, SLIDING, FULL, FULL],
            attn_logit_softcapping=3.0, final_logit_softcapping=5.0, attention_bias=True,
        ),
        bites={
            "attn_logit_softcapping": {"attn_logit_softcapping": None},
            "final_logit_softcapping": {"final_logit_softcapping": None},
            "query_pre_attn_scalar": {"query_pre_attn_scalar": 16},
            "attention_bias": {"attention_bias": False},
            "layer_types": {"layer_types": [SLIDING, FULL, SLIDING, FULL]},
        },
    ),
    Fixture(
        name="gemma2-mqa-bf16",
        why="one key/value head, head_dim 10 with hidden/heads 8, no caps at all, bfloat16",
        disk_dtype="bfloat16",
        seed=700,
        config=gemma2(
            hidden_size=48, intermediate_size=56, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=1, head_dim=10,
            max_position_embeddings=256, tie_word_embeddings=True, rope_parameters=rope(2000.0), dtype="bfloat16",
            query_pre_attn_scalar=10, sliding_window=16, layer_types=[SLIDING, FULL, SLIDING],
            attn_logit_softcapping=None, final_logit_softcapping=None,
        ),
        bites={"sliding_window": {"sliding_window": 4096}, "rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
    Fixture(
        name="gemma2-v4-sharded",
        why="Transformers 4 spelling: rope_theta, torch_dtype, hidden_act beside hidden_activation, no layer_types; two shards",
        disk_dtype="float32",
        seed=800,
        shards=2,
        config=gemma2(
            hidden_size=32, intermediate_size=40, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
            max_position_embeddings=256, rope_theta=3000.0, torch_dtype="float32", transformers_version="4.42.4",
            hidden_act="gelu_pytorch_tanh", cache_implementation="hybrid",
            query_pre_attn_scalar=12, sliding_window=8, attn_logit_softcapping=20.0, final_logit_softcapping=10.0,
        ),
        bites={"sliding_window": {"sliding_window": 4096}, "final_logit_softcapping": {"final_logit_softcapping": 30.0}, "rope_theta": {"rope_parameters": rope(10000.0)}},
    ),
]
