"""
Writes a tiny random checkpoint in Hugging Face format: config, weights in one file or several, generation settings.

The weights are scaled so that every part matters: attention scores of a few units, blocks that outweigh the embedding (otherwise
a tied head repeats the last token), norms and biases away from their usual 1 and 0.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel

import engine_tokenizer
from engine_configs import Fixture


def random_weights(fixture: Fixture, seed: int, folder: Path) -> dict[str, torch.Tensor]:
    """Every tensor of the architecture that config.json in `folder` declares, in the dtype of the file; a tied head is left out."""
    config = AutoConfig.from_pretrained(folder)
    shapes = {name: tensor.shape for name, tensor in AutoModelForCausalLM.from_config(config).state_dict().items()}
    if config.tie_word_embeddings:
        shapes.pop("lm_head.weight", None)
    if fixture.stale_kv:
        shapes.update(stale_shapes(config.get_text_config(), shapes))
    generator = torch.Generator().manual_seed(seed)
    gemma = config.model_type.startswith("gemma")
    one_plus = gemma and not config.model_type.startswith("gemma4")

    def normal(shape: torch.Size, mean: float, deviation: float) -> torch.Tensor:
        return mean + deviation * torch.randn(shape, generator=generator)

    weights = {}
    for full, shape in shapes.items():
        name = full.replace("model.language_model.", "model.")
        if any(tower in name for tower in ("vision", "audio", "multi_modal")):
            tensor = normal(shape, 0.0, 0.1)
        elif config.model_type.startswith("gemma4") and ("q_norm" in name or "k_norm" in name):
            tensor = normal(shape, 0.7, 0.2)  # no other factor scales its attention scores
        elif name.endswith("layer_scalar"):
            tensor = normal(shape, 0.9, 0.25)
        elif name == "model.embed_tokens_per_layer.weight":
            tensor = normal(shape, 0.0, 0.5)
        elif name == "model.embed_tokens.weight":
            tensor = normal(shape, 0.0, 0.06 if gemma else 0.5)
        elif name == "lm_head.weight":
            tensor = normal(shape, 0.0, 0.5)
        elif name == "model.norm.weight":
            tensor = normal(shape, 5.0, 1.0) if gemma else normal(shape, 1.0, 0.3)
        elif gemma and "post_" in name:
            tensor = normal(shape, 0.8, 0.4)
        elif config.model_type == "olmo2" and "post_" in name:
            tensor = normal(shape, 2.0, 0.5)  # scales all that a block adds; it must outweigh the embedding, or a tied head repeats the token
        elif "norm" in name:
            tensor = normal(shape, 0.2, 0.3) if one_plus else normal(shape, 1.1, 0.3)
        elif name.endswith(".bias"):
            tensor = normal(shape, 0.0, 0.3)
        else:
            gain = 1.5 if any(part in name for part in ("q_proj", "k_proj", "qkv_proj")) else 1.3
            tensor = normal(shape, 0.0, gain / shape[1] ** 0.5)
        weights[full] = tensor.to(getattr(torch, fixture.disk_dtype)).contiguous()
    return weights


def stale_shapes(config: PreTrainedConfig, shapes: dict[str, torch.Size]) -> dict[str, torch.Size]:
    """For each layer without its own keys and values, the shapes of the layer whose keys and values it uses."""
    first = config.num_hidden_layers - config.num_kv_shared_layers
    stale = {}
    for layer in range(first, config.num_hidden_layers):
        source = max(i for i in range(first) if config.layer_types[i] == config.layer_types[layer])
        own = f"layers.{source}.self_attn."
        for name, shape in shapes.items():
            if own in name and any(part in name for part in ("k_proj", "v_proj", "k_norm")):
                stale[name.replace(own, f"layers.{layer}.self_attn.")] = shape
    return stale


def write_config(fixture: Fixture, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(fixture.config, indent=1) + "\n")
    engine_tokenizer.write(folder, fixture.config["model_type"], fixture.template_file)


def write_weights(fixture: Fixture, weights: dict[str, torch.Tensor], folder: Path) -> None:
    metadata = {"format": "pt"}
    for ours, theirs in fixture.disk_names.items():
        weights = {theirs + name.removeprefix(ours) if name.startswith(ours) else name: tensor for name, tensor in weights.items()}
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
    """As published instruction models have it: sampling settings, which a greedy run must override, and the end tokens."""
    settings = {"bos_token_id": 1, "eos_token_id": eos, "pad_token_id": 0, "do_sample": True, "temperature": 0.6, "top_p": 0.9}
    (folder / "generation_config.json").write_text(json.dumps(settings, indent=1) + "\n")


def load(folder: Path, **replaced: object) -> PreTrainedModel:
    """The checkpoint, loaded by Transformers from its files: float32, eager attention; `replaced` overrides settings of its config."""
    config = AutoConfig.from_pretrained(folder)
    for key, value in replaced.items():
        setattr(config.get_text_config(), key, value)
    model, report = AutoModelForCausalLM.from_pretrained(
        folder, config=config, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert replaced or not (report["missing_keys"] or report["unexpected_keys"]), report
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    return model.eval()


def text_model(model: PreTrainedModel) -> torch.nn.Module:
    """The part with the embedding and the blocks; in a multimodal container it is one level deeper."""
    return getattr(model.model, "language_model", model.model)
