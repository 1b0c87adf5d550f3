"""
Writes random checkpoints of a published model's shape, so that speed can be measured without downloading anything.

0.5b: the shape of Qwen2.5-0.5B in the Llama family (24 blocks, d 896, 14 heads, 2 key/value heads, ff 4864, 151,936 rows, tied).
1b: that of Llama 3.2 1B (16 blocks, d 2048, 32 heads, 8 key/value heads, ff 8192, 128,256 rows, tied).
2b: that of Gemma 2 2B in the Llama family (26 blocks, d 2304, 8 heads of 256, 4 key/value heads, ff 9216, 256,000 rows, tied).
The numbers are noise: only time and memory mean anything.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

import engine_tokenizer
from engine_checkpoint import write_generation

SHAPES = {
    "0.5b": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "vocab_size": 151936,
        "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"},
        "max_position_embeddings": 32768,
    },
    "1b": {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "vocab_size": 128256,
        "rope_parameters": {"rope_theta": 500000.0, "rope_type": "default"},
        "max_position_embeddings": 32768,
    },
    "2b": {
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "vocab_size": 256000,
        "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"},
        "max_position_embeddings": 8192,
    },
}


def tensors_of(shape: dict) -> dict[str, tuple[int, ...]]:
    d, ff = shape["hidden_size"], shape["intermediate_size"]
    queries, keys = (shape[count] * shape["head_dim"] for count in ("num_attention_heads", "num_key_value_heads"))
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (shape["vocab_size"], d), "model.norm.weight": (d,)}
    for layer in range(shape["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        shapes |= {
            at + "self_attn.q_proj.weight": (queries, d),
            at + "self_attn.k_proj.weight": (keys, d),
            at + "self_attn.v_proj.weight": (keys, d),
            at + "self_attn.o_proj.weight": (d, queries),
            at + "mlp.gate_proj.weight": (ff, d),
            at + "mlp.up_proj.weight": (ff, d),
            at + "mlp.down_proj.weight": (d, ff),
            at + "input_layernorm.weight": (d,),
            at + "post_attention_layernorm.weight": (d,),
        }
    return shapes


def make(name: str, cache: Path, dtype: str) -> Path:
    """The folder of the checkpoint; makes it if it does not exist. A half-written folder never has the final name."""
    folder = cache / f"shape-{name}-{dtype}"
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 3,
        "pad_token_id": 0,
        "dtype": dtype,
        **SHAPES[name],
    }
    (unfinished / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    engine_tokenizer.write(unfinished, "llama", template_file=False)
    write_generation(unfinished, 3)
    generator = torch.Generator().manual_seed(0)
    kind = getattr(torch, dtype)
    weights = {
        tensor: torch.ones(shape, dtype=kind) if len(shape) == 1 else (0.02 * torch.randn(shape, generator=generator)).to(kind)
        for tensor, shape in tensors_of(SHAPES[name]).items()
    }
    save_file(weights, unfinished / "model.safetensors", {"format": "pt"})
    unfinished.rename(folder)
    return folder
