"""A tiny GGUF file of every family, and what Transformers computes from it.

    python oracle/gguf_families.py [name ...]     -> test/fixtures/gguf-families/<name>/

Each file holds a random checkpoint of Transformers' own class as llama.cpp's converter would write it: its names for the
tensors (gguf-py's tensor map), the rows of a Llama's q and k interleaved, 1 added to Gemma's norms, metadata under its
keys, and blocks of several types, quantized by gguf-py. One checkpoint is split into three files (by gguf-py's own splitter).

The reference is Transformers reading the file (before the split, if there is one), in float32 on the CPU with eager attention.
Its reader ignores some settings of the metadata (listed in reference.json under "ignored"). For these it gets the configuration
that the file was made from; names, permutation and norms are still read from the file.

reference.safetensors, float32 (t = tokens of prompt P):
  prompt.P.layer.L [t, d]   the output of block L, before the final norm
  prompt.P.logits  [v]      at the last position
reference.json: the prompts, 24 greedy tokens of each with stopping ignored, and for each text the ids from Transformers'
tokenizer. The weights are seeded; a seed with a greedy step that is nearly a tie is skipped.
"""

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as T
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tokenizer_fixtures import PROMPTS as TEXTS

transformers.logging.set_verbosity_error()  # otherwise it warns that the tiny contexts below are unusual

ROOT = Path(__file__).resolve().parent.parent / "test" / "fixtures"
STEPS = 24
LENGTHS = [5, 19]
SPECIAL_TEXTS = [
    "<s>a</s> <unk><|user|> b<|end|>  c <bos><start_of_turn>user\nHi<end_of_turn>\n\n<b>bold",
    " one two   three    four \n\n\n five\t<b> ▁▁ ▁",
]
MATRIX_TYPES = [T.Q8_0, T.Q5_1, T.F16, T.Q4_0, T.BF16, T.Q5_0, T.F32, T.Q4_1]
ADDED_ONE = {"gemma2", "gemma3"}


@dataclass
class Family:
    architecture: str
    """llama.cpp's name."""
    config: transformers.PreTrainedConfig
    vocabulary: str
    """bytelevel or sentencepiece."""
    pre: str = "default"
    """tokenizer.ggml.pre"""
    metadata: Callable[[gguf.GGUFWriter, Any], None] = lambda writer, config: None
    extra_tensors: dict[str, np.ndarray] = field(default_factory=dict)
    split: int = 0
    """Tensors in a file, 0 for one file."""
    space_prefix: bool | None = None


def llama_metadata(writer, config):
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)


def common(**settings):
    return {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5, "max_position_embeddings": 256, **settings,
    }


def head_metadata(writer, config):
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)


def gemma2_metadata(writer, config):
    head_metadata(writer, config)
    writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
    writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_sliding_window(config.sliding_window)


def gemma3_metadata(writer, config):
    head_metadata(writer, config)
    writer.add_sliding_window(config.sliding_window)
    scaling = config.rope_parameters["full_attention"]
    if scaling["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(scaling["factor"])


def phi3_metadata(writer, config):
    writer.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_sliding_window(config.sliding_window)
    scale = config.max_position_embeddings / config.original_max_position_embeddings
    writer.add_rope_scaling_attn_factors(np.sqrt(1 + np.log(scale) / np.log(config.original_max_position_embeddings)))


def yarn_metadata(writer, config):
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(config.rope_parameters["factor"])
    writer.add_rope_scaling_orig_ctx_len(config.rope_parameters["original_max_position_embeddings"])


def llama3_divisors(dim, base, factor, low, high, context):
    """The divisors of rope_freqs.weight, as convert_hf_to_gguf.py computes them."""
    wavelengths = 2 * np.pi * base ** (np.arange(0, dim, 2) / dim)
    smooth = (context / wavelengths - low) / (high - low)
    middle = 1 / ((1 - smooth) / factor + smooth)
    return np.where(wavelengths < context / high, 1, np.where(wavelengths > context / low, factor, middle)).astype(np.float32)


LLAMA3 = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
SHORT, LONG = [1.0, 1.1, 1.25, 1.5], [1.0, 2.0, 6.0, 20.0]

FAMILIES: dict[str, Family] = {
    "llama-split": Family(
        "llama", transformers.LlamaConfig(**common(head_dim=8, rope_theta=5000.0, tie_word_embeddings=False)), "bytelevel", pre="llama-bpe",
        metadata=llama_metadata, split=12,
    ),
    "llama-sentencepiece": Family(
        "llama", transformers.LlamaConfig(**common(head_dim=8, rope_theta=10000.0, tie_word_embeddings=True, num_key_value_heads=4)),
        "sentencepiece", metadata=llama_metadata,
    ),
    "llama3-scaled": Family(
        "llama", transformers.LlamaConfig(**common(
            head_dim=16, tie_word_embeddings=True, num_hidden_layers=2,
            rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, **LLAMA3},
        )), "sentencepiece", metadata=llama_metadata, space_prefix=True,
        extra_tensors={"rope_freqs.weight": llama3_divisors(16, 500000.0, 32.0, 1.0, 4.0, 8192)},
    ),
    "qwen2": Family(
        "qwen2", transformers.Qwen2Config(**common(tie_word_embeddings=True, num_hidden_layers=2, rope_theta=1000000.0)), "bytelevel", pre="qwen2",
    ),
    "qwen2-yarn": Family(
        "qwen2", transformers.Qwen2Config(**common(
            tie_word_embeddings=False, num_hidden_layers=2,
            rope_parameters={"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32},
        )), "sentencepiece", metadata=yarn_metadata,
    ),
    "qwen3": Family(
        "qwen3", transformers.Qwen3Config(**common(head_dim=16, tie_word_embeddings=False, num_hidden_layers=2, rope_theta=1000000.0)),
        "bytelevel", pre="qwen2", metadata=head_metadata,
    ),
    "phi3-longrope": Family(
        "phi3", transformers.Phi3Config(**common(
            tie_word_embeddings=False, num_hidden_layers=2, sliding_window=7, original_max_position_embeddings=12, pad_token_id=None,
            rope_parameters={"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": SHORT, "long_factor": LONG, "original_max_position_embeddings": 12},
        )), "sentencepiece", metadata=phi3_metadata,
        extra_tensors={"rope_factors_short.weight": np.float32(SHORT), "rope_factors_long.weight": np.float32(LONG)},
    ),
    "gemma2": Family(
        "gemma2", transformers.Gemma2Config(**common(
            head_dim=16, query_pre_attn_scalar=16, sliding_window=6, attn_logit_softcapping=20.0, final_logit_softcapping=10.0, rope_theta=10000.0
        )), "sentencepiece", metadata=gemma2_metadata, space_prefix=False,
    ),
    "gemma3": Family(
        "gemma3", transformers.Gemma3TextConfig(**common(
            head_dim=16, num_hidden_layers=7, query_pre_attn_scalar=16, sliding_window=6, num_key_value_heads=1,
            rope_parameters={
                "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000000.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            },
        )), "sentencepiece", metadata=gemma3_metadata, space_prefix=False,
    ),
}


def bytelevel(writer, family):
    tokenizer = json.loads((ROOT / "tokenizer" / "bytelevel" / "tokenizer.json").read_text())
    vocab = dict(tokenizer["model"]["vocab"]) | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    special = {token["content"]: token["special"] for token in tokenizer["added_tokens"]}
    tokens = sorted(vocab, key=vocab.get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(family.pre)
    writer.add_token_list(tokens)
    writer.add_token_types([1 if t not in special else 3 if special[t] else 4 for t in tokens])
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(vocab["<|begin|>"])
    writer.add_eos_token_id(vocab["<|end|>"])
    writer.add_add_bos_token(True)
    return len(tokens)


def sentencepiece(writer, family):
    """The pieces of test/fixtures/tokenizer/metaspace, best first; a piece's score is its rank, negated, as in SentencePiece."""
    trained = json.loads((ROOT / "tokenizer" / "metaspace" / "tokenizer.json").read_text())["model"]["vocab"]
    learned = [t for t in sorted(trained, key=trained.get) if t not in ("<unk>", "<s>", "</s>") and not t.startswith("<0x")]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    if family.architecture.startswith("gemma"):
        roles = {"padding": "<pad>", "eos": "<eos>", "bos": "<bos>", "unknown": "<unk>"}
        special, found = [*roles.values(), "<start_of_turn>", "<end_of_turn>"], ["\n", "\n\n", "  ", "   ", "    ", "<b>"]
        learned = [t for t in learned if t not in found and (t == "▁" or t.strip("▁"))]
        tokens = [*special, *found, *bytes_, *learned]
        kinds = [3] * len(special) + [4] * len(found) + [6] * 256 + [1] * len(learned)
        scores = [-1000.0] * (len(special) + len(found)) + [0.0] * 256 + [-float(i) for i in range(len(learned))]
    else:
        roles = {"unknown": "<unk>", "bos": "<s>", "eos": "</s>"}
        found = ["<|user|>", "<|end|>"]
        tokens = ["<unk>", "<s>", "</s>", *bytes_, *learned, *found]
        kinds = [2, 3, 3] + [6] * 256 + [1] * len(learned) + [3, 4]
        scores = [0.0] * 259 + [-float(i) for i in range(len(learned))] + [-1000.0] * 2
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    for role, token in roles.items():
        getattr(writer, {"padding": "add_pad_token_id", "unknown": "add_unk_token_id"}.get(role, f"add_{role}_token_id"))(tokens.index(token))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    if family.space_prefix is not None:
        writer.add_add_space_prefix(family.space_prefix)
    return len(tokens)


VOCABULARIES = {"bytelevel": bytelevel, "sentencepiece": sentencepiece}


def vocabulary_size(family) -> int:
    return VOCABULARIES[family.vocabulary](gguf.GGUFWriter(None, "none"), family)


def write_metadata(writer, family, size):
    config = family.config
    writer.add_name(f"tiny {family.architecture}")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters.get("full_attention", config.rope_parameters)["rope_theta"])
    family.metadata(writer, config)
    assert VOCABULARIES[family.vocabulary](writer, family) == size
    writer.add_chat_template((ROOT / "tokenizer" / "bytelevel" / "chat_template.jinja").read_text())


def permute(weights, heads):
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def random_state(model, seed):
    """Random tensors of ordinary size, norms and biases too, so that a swapped or forgotten tensor changes the outputs."""
    generator = torch.Generator().manual_seed(seed)
    # With a tied head, a token whose embedding dominates the residual is predicted again and again.
    embedding = 0.05 if model.config.tie_word_embeddings else 1.0
    state = {}
    for name, tensor in model.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        is_norm = "norm" in name
        scale = 0.2 if is_norm or name.endswith("bias") else embedding if "embed" in name else tensor.shape[-1] ** -0.5
        centre = 1.0 if is_norm and model.config.model_type not in ("gemma2", "gemma3_text") else 0.0
        state[name] = noise * scale + centre
    return state


def write(family, path, seed, split):
    size = vocabulary_size(family)
    family.config.vocab_size = size
    model = transformers.AutoModelForCausalLM.from_config(family.config)
    names = gguf.get_tensor_name_map(next(k for k, v in gguf.MODEL_ARCH_NAMES.items() if v == family.architecture), family.config.num_hidden_layers)
    writer = gguf.GGUFWriter(path, family.architecture, split_max_tensors=split)
    write_metadata(writer, family, size)
    for name, values in family.extra_tensors.items():
        writer.add_tensor(name, values)
    matrices = 0
    for hf, tensor in random_state(model, seed).items():
        if hf == "lm_head.weight" and family.config.tie_word_embeddings:
            continue
        stem, suffix = hf.rsplit(".", 1)
        name = f"{names.get_name(stem)}.{suffix}"
        values = tensor.numpy()
        if family.architecture == "llama" and ".q_proj." in hf:
            values = permute(values, family.config.num_attention_heads)
        if family.architecture == "llama" and ".k_proj." in hf:
            values = permute(values, family.config.num_key_value_heads)
        if family.architecture in ADDED_ONE and "norm" in hf:
            values = values + 1
        if values.ndim == 1:
            writer.add_tensor(name, np.ascontiguousarray(values))
            continue
        kind = T.Q8_0 if "embed" in hf or "lm_head" in hf else MATRIX_TYPES[matrices % len(MATRIX_TYPES)]
        matrices += 1
        writer.add_tensor(name, gguf.quants.quantize(np.ascontiguousarray(values), kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


COMPUTES = (
    "hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim rms_norm_eps vocab_size "
    "rope_parameters tie_word_embeddings sliding_window layer_types attn_logit_softcapping final_logit_softcapping "
    "query_pre_attn_scalar max_position_embeddings original_max_position_embeddings hidden_act hidden_activation"
).split()


def rounded(value):
    """Rounds to float32, the type of floats in the metadata."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return float(np.float32(value)) if isinstance(value, float) else value


def read(family, folder):
    """Transformers' model of model.gguf, and the settings that its reader does not take from the metadata."""
    where = {"gguf_file": "model.gguf"}
    found = transformers.AutoConfig.from_pretrained(folder, **where)
    ignored = [key for key in COMPUTES if hasattr(family.config, key) and rounded(getattr(found, key, None)) != rounded(getattr(family.config, key))]
    model = AutoModelForCausalLM.from_pretrained(folder, **where, config=family.config, dtype=torch.float32, attn_implementation="eager").eval()
    model.generation_config.eos_token_id = None
    return model, ignored


@torch.no_grad()
def greedy(model, ids):
    mask = torch.ones(1, len(ids), dtype=torch.long)
    out = model.generate(torch.tensor([ids]), attention_mask=mask, max_new_tokens=STEPS, do_sample=False)
    tokens = out[0, len(ids):].tolist()
    logits = model(torch.tensor([ids + tokens]), use_cache=False).logits[0, len(ids) - 1 : -1]
    best = logits.topk(2)
    gap = (best.values[:, 0] - best.values[:, 1]).min().item()
    clear = best.indices[:, 0].tolist() == tokens and gap > max(1e-3, 4e-4 * logits.abs().max().item()) and len(set(tokens)) > 6
    return (tokens, gap) if clear else None


def texts(tokenizer, size):
    rows = [
        {"text": text, "ids": tokenizer(text, split_special_tokens=True)["input_ids"], "parsedIds": tokenizer(text)["input_ids"],
         "decoded": tokenizer.decode(tokenizer(text)["input_ids"])}
        for text in [*TEXTS, *SPECIAL_TEXTS]
    ]
    # Transformers' GPT2Tokenizer adds <|endoftext|> to a vocabulary that lacks it; no such id has a row in the embedding.
    rows = [row for row in rows if max(row["parsedIds"], default=0) < size]
    assert len(rows) > 15
    return rows


@torch.no_grad()
def make(name, family):
    folder = ROOT / "gguf-families" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    scratch = Path(tempfile.mkdtemp())
    size = vocabulary_size(family)
    for seed in range(1, 100):
        write(family, scratch / "model.gguf", seed, 0)
        model, ignored = read(family, scratch)
        generator = torch.Generator().manual_seed(seed)
        prompts = [torch.randint(8, size, (n,), generator=generator).tolist() for n in LENGTHS]
        runs = [greedy(model, ids) for ids in prompts]
        if None not in runs:
            break
    else:
        raise SystemExit(f"{name}: no seed fits")
    tokenizer = AutoTokenizer.from_pretrained(scratch, gguf_file="model.gguf")
    tensors, records = {}, []
    for p, (ids, (tokens, gap)) in enumerate(zip(prompts, runs)):
        kept = {}
        hooks = [
            layer.register_forward_hook(lambda _m, _i, output, at=at: kept.__setitem__(at, output[0] if isinstance(output, tuple) else output))
            for at, layer in enumerate(model.model.layers)
        ]
        tensors[f"prompt.{p}.logits"] = model(torch.tensor([ids]), use_cache=False).logits[0, -1].clone()
        for hook in hooks:
            hook.remove()
        for at, value in kept.items():
            tensors[f"prompt.{p}.layer.{at}"] = value.view(len(ids), -1).clone()
        records.append({"ids": ids, "greedy": tokens, "smallestGap": gap})
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "reference.safetensors")
    if family.split:
        write(family, folder / "model.gguf", seed, family.split)
    else:
        shutil.copy(scratch / "model.gguf", folder / "model.gguf")
    reference = {
        "madeBy": f"oracle/gguf_families.py: transformers {transformers.__version__}, torch {torch.__version__}, gguf 0.19.0",
        "seed": seed,
        "ignored": ignored,
        "prompts": records,
        "texts": texts(tokenizer, size),
    }
    (folder / "reference.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")
    shutil.rmtree(scratch)
    print(name, "seed", seed, "ignored by Transformers' reader:", ignored, {p.name: p.stat().st_size for p in sorted(folder.iterdir())})


if __name__ == "__main__":
    transformers.logging.disable_progress_bar()
    for name in sys.argv[1:] or FAMILIES:
        make(name, FAMILIES[name])
