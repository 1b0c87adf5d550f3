"""
Makes test/fixtures/adapters/<name>/: small LoRA adapters as PEFT saves them, over the tiny checkpoints of test/fixtures/engine, and
what PEFT with Transformers computes from the files of base and adapter: CPU, float32, eager attention, nothing merged.

    python oracle/adapter_fixtures.py [name ...]

adapter_config.json, adapter_model.safetensors: PEFT's save_pretrained, with random factors (and random whole modules and biases).
reference.safetensors: prompt.P.layer.L [t, d], prompt.P.logits [t, v] as in engine_fixtures.py; gradient.layer.L of one prompt.
reference.json: the base, prompts, 64 greedy tokens, how far the adapter moves the base's logits, and how far each replaced setting moves them.
The program refuses a fixture if a greedy step is nearly a tie, if the adapter hardly moves the logits, or if a setting that the
fixture exists for ("bites") changes nothing.
"""

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gguf
import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

import engine_checkpoint as checkpoint
from engine_fixtures import GRADIENT_PROMPT, ROOT as ENGINE, capture, forward_references, generate, loops, smallest_gap

ROOT = ENGINE.parent / "adapters"


@dataclass
class Fixture:
    name: str
    why: str
    base: str
    config: dict[str, Any]
    disk_dtype: str = "float32"
    bites: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What is replaced in adapter_config.json -> the logits must move."""


FIXTURES = [
    Fixture(
        name="all-linear",
        why="every linear layer, scaled by the root of the rank, single ranks and alphas by pattern, biases trained",
        base="llama-gqa-bias",
        config={
            "r": 4, "lora_alpha": 6, "target_modules": "all-linear", "use_rslora": True, "bias": "all",
            "rank_pattern": {"q_proj": 2, r"layers\.1\.mlp\..*": 3}, "alpha_pattern": {"^model.layers.2.self_attn.v_proj": 20},
        },
        bites={"use_rslora": {"use_rslora": False}, "alpha_pattern": {"alpha_pattern": {}}},
    ),
    Fixture(
        name="some-layers",
        why="two of three blocks, factors with a bias, tied head with a branch of its own, bfloat16",
        base="llama-mha-tied",
        disk_dtype="bfloat16",
        config={
            "r": 3, "lora_alpha": 8, "target_modules": ["v_proj", "o_proj", "down_proj", "lm_head"], "layers_to_transform": [0, 2],
            "layers_pattern": "layers", "lora_bias": True,
        },
    ),
    Fixture(
        name="head-branch",
        why="branches on the embedding and on a head that is tied to it, which then part",
        base="llama-mqa-llama3-bf16",
        config={"r": 4, "lora_alpha": 4, "target_modules": ["embed_tokens", "lm_head", "gate_proj"]},
    ),
    Fixture(
        name="saved-modules",
        why="a pattern, modules left out, an embedding, norms and one projection trained whole under a tied head, one block all by name",
        base="gemma2-window",
        config={
            "r": 2, "lora_alpha": 5, "target_modules": r".*\.(q|k|v|o)_proj|model\.layers\.1\.mlp\.(up|gate)_proj",
            "exclude_modules": ["k_proj"], "modules_to_save": ["embed_tokens", "norm", "layers.3.mlp.down_proj"],
        },
    ),
    Fixture(
        name="saved-head",
        why="the head alone trained whole, away from the embedding it was tied to; biases of the branches' layers trained",
        base="gemma2-caps",
        config={
            "r": 2, "lora_alpha": 3, "target_modules": ["q_proj", "up_proj"], "modules_to_save": ["lm_head"], "bias": "lora_only",
        },
    ),
    Fixture(
        name="on-gguf",
        why="over quantized blocks and over rows of q and k that the file holds in another order",
        base="base.gguf",
        config={"r": 3, "lora_alpha": 4, "target_modules": "all-linear", "modules_to_save": ["layers.1.self_attn.k_proj"]},
    ),
    Fixture(
        name="fused",
        why="Phi-3's fused projections, which PEFT targets as they are",
        base="phi3-longrope-window",
        config={"r": 3, "lora_alpha": 4, "target_modules": "all-linear"},
    ),
    Fixture(
        name="container",
        why="the text part of a multimodal model, by a pattern of its names there",
        base="gemma3-container",
        config={
            "r": 3, "lora_alpha": 6, "target_modules": r"model\.language_model\.layers\.\d+\.(self_attn|mlp)\.(q|o|up|down)_proj",
            "modules_to_save": ["input_layernorm"],
        },
    ),
    Fixture(
        name="head-norms",
        why="Qwen 3: branches before the norms of queries and keys, which are trained whole",
        base="qwen3-norms",
        config={"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "k_proj", "gate_proj"], "modules_to_save": ["q_norm", "k_norm"]},
    ),
]


def write_gguf(path: Path, folder: Path) -> None:
    """Writes the checkpoint llama-mha-tied as a GGUF file of 8-bit blocks, and the same numbers as a Hugging Face folder."""
    source = ENGINE / "llama-mha-tied"
    shutil.copytree(source, folder, dirs_exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    tokenizer = json.loads((source / "tokenizer.json").read_text())
    vocab = tokenizer["model"]["vocab"] | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    tokens = sorted(vocab, key=vocab.get)
    special = {token["content"] for token in tokenizer["added_tokens"]}
    heads, head_dim = config["num_attention_heads"], config["hidden_size"] // config["num_attention_heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special else 1 for token in tokens])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    weights = load_file(source / "model.safetensors")
    for name, tensor in weights.items():
        values = tensor.float().numpy()
        turned = "q_proj" in name or "k_proj" in name
        if turned:
            values = values.reshape(heads, 2, head_dim // 2, -1).swapaxes(1, 2).reshape(values.shape)
        kind = gguf.GGMLQuantizationType.Q8_0 if values.ndim == 2 and values.shape[1] % 32 == 0 else gguf.GGMLQuantizationType.F32
        stored = gguf.quants.quantize(values, kind)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), stored, raw_dtype=kind)
        values = gguf.quants.dequantize(stored, kind).reshape(values.shape)
        if turned:
            values = values.reshape(heads, head_dim // 2, 2, -1).swapaxes(1, 2).reshape(values.shape)
        weights[name] = torch.from_numpy(values.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def base_folder(fixture: Fixture) -> Path:
    """A Hugging Face folder of the base's numbers."""
    if not fixture.base.endswith(".gguf"):
        return ENGINE / fixture.base
    folder = Path(tempfile.gettempdir()) / "fathom-adapter-base"
    if not folder.exists():
        write_gguf(ROOT / fixture.name / fixture.base, folder)
    return folder


def randomize(model: PeftModel, seed: int) -> None:
    """Random factors, so that a branch's output is about half of its layer's; trained copies differ a little from their originals."""
    generator = torch.Generator().manual_seed(seed)

    def normal(tensor: torch.Tensor, deviation: float) -> torch.Tensor:
        return deviation * torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "lora_embedding_A" in name:
                parameter.copy_(normal(parameter, 0.3))
            elif "lora_embedding_B" in name:
                parameter.copy_(normal(parameter, 0.1))
            elif "lora_A" in name:
                parameter.copy_(normal(parameter, parameter.shape[1] ** -0.5))
            elif "lora_B" in name:
                parameter.copy_(normal(parameter, 0.3))
            elif "modules_to_save" in name or (parameter.requires_grad and name.endswith("bias")):
                parameter.add_(normal(parameter, 0.3 * parameter.std().item() + 0.02))


def save(fixture: Fixture, folder: Path, seed: int) -> None:
    for file in folder.glob("*.[js]*"):
        file.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    model = get_peft_model(checkpoint.load(base_folder(fixture)), LoraConfig(task_type="CAUSAL_LM", **fixture.config))
    randomize(model, seed)
    if fixture.disk_dtype != "float32":
        model.to(getattr(torch, fixture.disk_dtype))
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = fixture.base
    for key in ("target_modules", "exclude_modules", "modules_to_save"):
        if isinstance(config[key], list):
            config[key].sort()
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def load(fixture: Fixture, folder: Path):
    """Loads base and adapter from their files; the adapter's layers are modules of the returned model, nothing is merged."""
    model = PeftModel.from_pretrained(checkpoint.load(base_folder(fixture)), folder)
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())
    return model.eval().get_base_model()


def moved(logits: torch.Tensor, other: torch.Tensor) -> float:
    return round(((other - logits).abs().max() / logits.abs().max()).item(), 4)


@torch.no_grad()
def logits_of(model, prompt: list[int]) -> torch.Tensor:
    return model(torch.tensor([prompt]), use_cache=False).logits[0]


def settings_that_bite(fixture: Fixture, folder: Path, prompt: list[int], logits: torch.Tensor) -> dict[str, float]:
    out = {"the adapter": moved(logits, logits_of(checkpoint.load(base_folder(fixture)), prompt))}
    with tempfile.TemporaryDirectory() as scratch:
        for setting, replaced in fixture.bites.items():
            shutil.copytree(folder, scratch, dirs_exist_ok=True)
            config = json.loads((folder / "adapter_config.json").read_text()) | replaced
            (Path(scratch) / "adapter_config.json").write_text(json.dumps(config))
            out[setting] = moved(logits, logits_of(load(fixture, Path(scratch)), prompt))
    for setting, distance in out.items():
        if distance < 0.01:
            raise SystemExit(f"{fixture.name}: without {setting} the logits move by {distance} only: it tests nothing")
    return out


def gradients(model, prompt: list[int]) -> tuple[dict[str, torch.Tensor], dict]:
    kept, handles = capture(model)
    model.get_input_embeddings().requires_grad_(True)
    logits = model(inputs_embeds=model.get_input_embeddings()(torch.tensor([prompt])), use_cache=False).logits[0, -1]
    order = logits.argsort(descending=True)
    plus, minus = order[0].item(), order[40].item()
    (logits[plus] - logits[minus]).backward()
    for handle in handles:
        handle.remove()
    tensors = {f"gradient.{name}": value.grad[0].clone() for name, value in kept.items() if name.startswith("layer.")}
    return tensors, {"prompt": GRADIENT_PROMPT, "plus": plus, "minus": minus}


def make(fixture: Fixture) -> None:
    folder = ROOT / fixture.name
    folder.mkdir(parents=True, exist_ok=True)
    if fixture.base.endswith(".gguf"):
        shutil.rmtree(Path(tempfile.gettempdir()) / "fathom-adapter-base", ignore_errors=True)
    beside = ENGINE / ("llama-mha-tied" if fixture.base.endswith(".gguf") else fixture.base)
    prompts = json.loads((beside / "reference.json").read_text())["prompts"][:2]
    for seed in range(1, 200):
        save(fixture, folder, seed)
        model = load(fixture, folder)
        greedy = [generate(model, prompt, stop=False) for prompt in prompts]
        gaps = [smallest_gap(model, prompt, tokens) for prompt, tokens in zip(prompts, greedy, strict=True)]
        if min(gaps) >= 1e-3 and not any(loops(tokens) or min(tokens) < 4 for tokens in greedy):
            break
    else:
        raise SystemExit(f"{fixture.name}: no seed fits")
    tensors = forward_references(model, prompts)
    tensors = {name: value for name, value in tensors.items() if not name.endswith("embeddings")}
    bites = settings_that_bite(fixture, folder, prompts[1], tensors["prompt.1.logits"])
    found, gradient = gradients(model, prompts[GRADIENT_PROMPT])
    tensors.update(found)
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, folder / "reference.safetensors")
    reference = {
        "madeBy": f"oracle/adapter_fixtures.py: peft {peft.__version__}, transformers {transformers.__version__}, torch {torch.__version__}",
        "why": fixture.why,
        "base": fixture.base,
        "seed": seed,
        "prompts": prompts,
        "greedy": greedy,
        "smallestGap": min(gaps),
        "gradient": gradient,
        "bites": bites,
    }
    (folder / "reference.json").write_text(json.dumps(reference) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{fixture.name}: seed {seed}, gap {min(gaps):.4f}, {bites}, {size / 1000:.0f} kB")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    names = sys.argv[1:] or [fixture.name for fixture in FIXTURES]
    for chosen in FIXTURES:
        if chosen.name in names:
            make(chosen)
