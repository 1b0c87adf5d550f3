"""
Makes test/fixtures/rope/frequencies.json: the rotary frequencies that Transformers uses if a configuration states them in two places.

    python oracle/rope_fixtures.py

Each case has "says" (why it is here), "config" (a whole config.json of a tiny model) and the values of Transformers' own rotary embedding
of that family after reading it: "frequencies" [rotated / 2] and "factor" (cosines and sines are multiplied by it), under
"sliding_attention" and "full_attention" if layers differ, else under "all".
"""

import copy
import json
from pathlib import Path

import transformers
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "rope" / "frequencies.json"

SIZES = {
    "vocab_size": 32,
    "hidden_size": 32,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "max_position_embeddings": 128,
}
CLASSES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "olmo2": "Olmo2ForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "phi3": "Phi3ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM",
}
EXTRA = {
    "gemma3_text": {"layer_types": ["sliding_attention", "full_attention"]},
    "phi3": {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2},
}

DEFAULT = {"rope_type": "default", "rope_theta": 10_000.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0, 1.1, 1.3, 1.7, 2.0, 2.5, 3.0, 4.0],
    "long_factor": [2.0, 2.1, 2.3, 2.7, 3.0, 3.5, 4.0, 5.0],
}
HALF = {"short_factor": LONG["short_factor"][:4], "long_factor": LONG["long_factor"][:4]}
BY_TYPE = {"sliding_attention": DEFAULT, "full_attention": {"rope_type": "default", "rope_theta": 1e6}}
LINEAR = {"rope_type": "linear", "factor": 8.0}

CASES = [
    *[(family, "a scaling added beside what was saved", {"rope_parameters": DEFAULT, "rope_scaling": YARN}) for family in CLASSES if family not in ("phi3", "gemma3_text")],
    ("llama", "the base outside", {"rope_parameters": {"rope_type": "default", "rope_theta": 5e5}, "rope_scaling": LLAMA3, "rope_theta": 5e5}),
    ("llama", "the base inside the scaling", {"rope_parameters": {"rope_type": "default", "rope_theta": 5e5}, "rope_scaling": {**LLAMA3, "rope_theta": 5e5}}),
    ("llama", "another kind of scaling", {"rope_parameters": {**LLAMA3, "rope_theta": 1e4}, "rope_scaling": LINEAR}),
    ("llama", "the scaling taken back", {"rope_parameters": {**YARN, "rope_theta": 1e4}, "rope_scaling": {"rope_type": "default"}}),
    ("llama", "the older name of its kind", {"rope_parameters": DEFAULT, "rope_scaling": {"type": "linear", "factor": 2.0}}),
    ("llama", "both names of its kind", {"rope_scaling": {"type": "linear", **YARN}}),
    ("llama", "the same twice", {"rope_parameters": {**YARN, "rope_theta": 1e4}, "rope_scaling": {**YARN, "rope_theta": 1e4}}),
    ("llama", "null", {"rope_parameters": {**YARN, "rope_theta": 3e4}, "rope_scaling": None}),
    ("llama", "empty", {"rope_parameters": {**YARN, "rope_theta": 3e4}, "rope_scaling": {}}),
    ("llama", "the base outside of rope_parameters", {"rope_parameters": {"rope_type": "default"}, "rope_theta": 7e4}),
    ("llama", "a base that is only in what is dropped", {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}, "rope_scaling": YARN}),
    ("llama", "two bases", {"rope_parameters": DEFAULT, "rope_theta": 5e5}),
    ("qwen2", "the original context outside", {"rope_theta": 1e6, "rope_scaling": {"rope_type": "yarn", "factor": 4.0}, "original_max_position_embeddings": 32}),
    ("qwen3", "the original context twice", {"rope_parameters": {**YARN, "rope_theta": 1e6}, "original_max_position_embeddings": 32}),
    ("qwen3", "two original contexts", {"rope_parameters": {**YARN, "rope_theta": 1e6}, "original_max_position_embeddings": 64}),
    ("phi3", "LongRoPE added", {"rope_parameters": DEFAULT, "rope_scaling": LONG, "original_max_position_embeddings": 64}),
    ("phi3", "a part said beside", {"rope_parameters": {**DEFAULT, "partial_rotary_factor": 0.5}, "rope_scaling": {**LONG, **HALF}, "partial_rotary_factor": 0.5}),
    ("phi3", "a part that is only in what is dropped", {"rope_parameters": {**DEFAULT, "partial_rotary_factor": 0.5}, "rope_scaling": LONG}),
    ("phi3", "two original contexts", {"rope_scaling": {**LONG, "original_max_position_embeddings": 16}, "original_max_position_embeddings": 64}),
    ("gemma3_text", "a scaling over the global layers' own", {"rope_parameters": BY_TYPE, "rope_scaling": LINEAR}),
    ("gemma3_text", "with a base", {"rope_parameters": BY_TYPE, "rope_scaling": {**LINEAR, "rope_theta": 3e6}}),
    ("gemma3_text", "over another", {"rope_parameters": {**BY_TYPE, "full_attention": {**LLAMA3, "rope_theta": 2e6}}, "rope_scaling": {"factor": 2.0}}),
    ("gemma3_text", "the older spelling, a base inside", {"rope_scaling": {**LINEAR, "rope_theta": 3e6}}),
    ("gemma3_text", "the older spelling, a base outside", {"rope_scaling": LINEAR, "rope_theta": 3e6, "rope_local_base_freq": 5e3}),
    ("gemma3_text", "two bases", {"rope_parameters": BY_TYPE, "rope_theta": 3e6, "rope_local_base_freq": 5e3}),
    ("gemma3_text", "null", {"rope_parameters": BY_TYPE, "rope_scaling": None}),
    ("gemma3_text", "the older name of its kind", {"rope_parameters": BY_TYPE, "rope_scaling": {"type": "linear", "factor": 8.0}}),
]


def held(config: dict) -> dict:
    """Frequencies and factor by type of layer, from the rotary embedding of the model that Transformers builds from `config`."""
    read = AutoConfig.for_model(**copy.deepcopy(config))
    rotary = AutoModelForCausalLM.from_config(read).model.rotary_emb
    buffers = dict(rotary.named_buffers())
    if "inv_freq" in buffers:
        return {"all": {"frequencies": buffers["inv_freq"].tolist(), "factor": float(rotary.attention_scaling)}}
    return {
        kind: {
            "frequencies": buffers[f"{kind}_inv_freq"].tolist(),
            "factor": float(getattr(rotary, f"{kind}_attention_scaling")),
        }
        for kind in rotary.layer_types
    }


def main() -> None:
    transformers.logging.set_verbosity_error()
    cases = []
    for family, says, settings in CASES:
        sizes = {key: value for key, value in SIZES.items() if (family, key) != ("phi3", "head_dim")}
        config = {"architectures": [CLASSES[family]], "model_type": family, **sizes, **EXTRA.get(family, {}), **settings}
        cases.append({"says": f"{family}: {says}", "config": config, "rope": held(config)})
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"made by": "python oracle/rope_fixtures.py", "transformers": transformers.__version__, "cases": cases}, indent=1) + "\n")
    print(f"{len(cases)} cases in {OUT}")


main()
