"""
Writes a tiny random checkpoint in true Hugging Face format: config, weights in one file or several, generation settings.

The weights are scaled so that every part matters: attention scores of a few units, blocks that outweigh the embedding (otherwise
a tied head repeats the last token), norms and biases away from their usual 1 and 0.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

import engine_tokenizer
from engine_configs import Fixture


def random_weights(fixture: Fixture, seed: int, folder: Path) -> dict[str, torch.Tensor]:
    """Every tensor of the architecture that config.json in `folder` declares, in the dtype of the disk; a tied head is left out."""
    config = AutoConfig.from_pretrained(folder)
    shapes = {name: tensor.shape for name, tensor in AutoModelForCausalLM.from_config(config).state_dict().items()}
    if config.tie_word_embeddings:
        shapes.pop("lm_head.weight", None)
    generator = torch.Generator().manual_seed(seed)
    gemma = config.model_type == "gemma2"

    def normal(shape: torch.Size, mean: float, deviation: float) -> torch.Tensor:
        return mean + deviation * torch.randn(shape, generator=generator)

    weights = {}
    for name, shape in shapes.items():
        if name == "model.embed_tokens.weight":
            tensor = normal(shape, 0.0, 0.06 if gemma else 0.5)
        elif name == "lm_head.weight":
            tensor = normal(shape, 0.0, 0.5)
        elif name == "model.norm.weight":
            tensor = normal(shape, 5.0, 1.0) if gemma else normal(shape, 1.0, 0.3)
        elif gemma and "post_" in name:
            tensor = normal(shape, 0.8, 0.4)
        elif "norm" in name:
            tensor = normal(shape, 0.2, 0.3) if gemma else normal(shape, 1.1, 0.3)
        elif name.endswith(".bias"):
            tensor = normal(shape, 0.0, 0.3)
        else:
            gain = 1.5 if "q_proj" in name or "k_proj" in name else 1.3
            tensor = normal(shape, 0.0, gain / shape[1] ** 0.5)
        weights[name] = tensor.to(getattr(torch, fixture.disk_dtype)).contiguous()
    return weights


def write_config(fixture: Fixture, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(fixture.config, indent=1) + "\n")
    engine_tokenizer.write(folder, fixture.config["model_type"], fixture.template_file)


def write_weights(fixture: Fixture, weights: dict[str, torch.Tensor], folder: Path) -> None:
    metadata = {"format": "pt"}
    if fixture.shards == 1:
        save_file(weights, folder / "model.safetensors", metadata)
        return
    names = list(weights)
    per_shard = -(-len(names) // fixture.shards)
    where = {}
    for shard in range(fixture.shards):
        file = f"model-{shard + 1:05d}-of-{fixture.shards:05d}.safetensors"
        chosen = names[shard * per_shard : (shard + 1) * per_shard]
        save_file({name: weights[name] for name in chosen}, folder / file, metadata)
        where.update(dict.fromkeys(chosen, file))
    total = sum(tensor.nbytes for tensor in weights.values())
    index = {"metadata": {"total_size": total}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def write_generation(folder: Path, eos: int | list[int]) -> None:
    """As published instruction models do it: sampling settings that a greedy run must override, and the end tokens."""
    settings = {"bos_token_id": 1, "eos_token_id": eos, "pad_token_id": 0, "do_sample": True, "temperature": 0.6, "top_p": 0.9}
    (folder / "generation_config.json").write_text(json.dumps(settings, indent=1) + "\n")


def load(folder: Path, **replaced: object) -> PreTrainedModel:
    """The checkpoint as Transformers reads it from its files: float32, eager attention; `replaced` overrides settings of its config."""
    config = AutoConfig.from_pretrained(folder)
    for key, value in replaced.items():
        setattr(config, key, value)
    model = AutoModelForCausalLM.from_pretrained(folder, config=config, dtype=torch.float32, attn_implementation="eager")
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    return model.eval()
