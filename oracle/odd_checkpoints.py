"""
Makes test/fixtures/odd-checkpoints/: what Transformers computes from folders that state something twice, or in an unusual way.

    python oracle/odd_checkpoints.py

tensors.safetensors holds the numbers, float32: "new.NAME" and "old.NAME" are two models of one shape, "head" is another head.
reference.json: "config" has the settings common to every folder's config.json; "cases" has, by name, what Transformers computes for the
folder that `CASES` below describes: 8 greedy tokens, the logits after each prompt (rounded to 6 digits), and "tied": whether its
head was the embedding after loading. src/model/checkpoint/odd-checkpoints.test.ts builds the same folders and compares Fathom.
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

OUT = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "odd-checkpoints"
HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"
# The number of tokens of test/fixtures/tokenizer/bytelevel.
VOCABULARY = 570
PROMPTS = [[3, 77, 210, 9, 140, 333, 18], [500, 41, 41, 260]]
STEPS = 8
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "bos_token_id": None,
    "eos_token_id": None,
}


def random_model(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    weights = LlamaForCausalLM(LlamaConfig(**CONFIG)).state_dict()
    return {
        name: (1 + 0.3 * torch.randn(tensor.shape) if "norm" in name else torch.randn(tensor.shape) * (0.5 if "embed" in name or "head" in name else 0.4)).contiguous()
        for name, tensor in weights.items()
    }


def without(weights: dict[str, torch.Tensor], *names: str) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in weights.items() if name not in names}


def write_index(folder: Path, where: dict[str, str]) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))


def shards(folder: Path, weights: dict[str, torch.Tensor], write: bool = True) -> None:
    files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    where = {name: files[i % 2] for i, name in enumerate(sorted(weights))}
    for file in files:
        if write:
            save_file({name: weights[name].clone() for name in where if where[name] == file}, folder / file, {"format": "pt"})
    write_index(folder, where)


def whole(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file({name: tensor.clone() for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def cases(new: dict, old: dict, head: torch.Tensor) -> dict:
    """Name -> (settings of config.json in addition to CONFIG, how the weights are written)."""
    tied, untied = {"tie_word_embeddings": True}, {"tie_word_embeddings": False}
    embedding = new[EMBEDDING]
    norm = "model.layers.1.input_layernorm.weight"
    buffers = {
        "model.embeddings.position_ids": torch.arange(64).reshape(1, 64),
        "model.layers.0.self_attn.bias": torch.ones(1, 1, 64, 64, dtype=torch.bool).tril(),
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4),
    }
    return {
        "plain": (untied, lambda f: whole(f, new)),
        "tied": (tied, lambda f: whole(f, without(new, HEAD))),
        "tied, and the same head stored": (tied, lambda f: whole(f, {**new, HEAD: embedding})),
        "tied, and another head stored": (tied, lambda f: whole(f, {**new, HEAD: head})),
        "tied, and another head in a shard": (tied, lambda f: shards(f, {**new, HEAD: head})),
        "tied, and only a head stored": (tied, lambda f: whole(f, {**without(new, EMBEDDING), HEAD: embedding})),
        "a whole file beside other shards": (untied, lambda f: (whole(f, new), shards(f, old))),
        "a whole file beside its own shards": (untied, lambda f: (whole(f, new), shards(f, new))),
        "a whole file beside an index without shards": (untied, lambda f: (whole(f, new), shards(f, old, write=False))),
        "an index of the whole file": (untied, lambda f: (whole(f, new), write_index(f, dict.fromkeys(new, "model.safetensors")))),
        "a norm in float64": (untied, lambda f: whole(f, {**new, norm: new[norm].double()})),
        "all in float64": (untied, lambda f: whole(f, {name: tensor.double() for name, tensor in new.items()})),
        "buffers": (untied, lambda f: whole(f, {**new, **buffers})),
    }


def answer(folder: Path) -> dict:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    rows = []
    for prompt in PROMPTS:
        ids, logits, least = list(prompt), None, 1e9
        with torch.no_grad():
            for _ in range(STEPS):
                now = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
                logits = now if logits is None else logits
                best = now.topk(2)
                least = min(least, float(best.values[0] - best.values[1]))
                ids.append(int(best.indices[0]))
        if least < 1e-3:
            raise SystemExit(f"{folder}: a step is nearly a tie ({least})")
        rows.append({"tokens": ids[len(prompt) :], "logits": [float(f"{value:.6g}") for value in logits[:32].tolist()]})
    tied = model.lm_head.weight is model.model.embed_tokens.weight
    return {"tied": tied, "rows": rows}


def main() -> None:
    transformers.logging.set_verbosity_error()
    new, old = random_model(11), random_model(12)
    torch.manual_seed(13)
    head = torch.randn(VOCABULARY, 16) * 0.5
    OUT.mkdir(parents=True, exist_ok=True)
    stored = {**{f"new.{name}": t for name, t in new.items()}, **{f"old.{name}": t for name, t in old.items()}, "head": head}
    save_file(stored, OUT / "tensors.safetensors")
    found = {}
    for name, (settings, write) in cases(new, old, head).items():
        folder = Path(tempfile.mkdtemp())
        (folder / "config.json").write_text(json.dumps({**CONFIG, **settings}))
        write(folder)
        found[name] = answer(folder)
        shutil.rmtree(folder)
        print(name, found[name]["tied"], [row["tokens"] for row in found[name]["rows"]])
    reference = {
        "made by": "python oracle/odd_checkpoints.py",
        "transformers": transformers.__version__,
        "config": CONFIG,
        "prompts": PROMPTS,
        "cases": found,
    }
    (OUT / "reference.json").write_text(json.dumps(reference) + "\n")


main()
