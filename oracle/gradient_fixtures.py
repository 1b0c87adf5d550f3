"""
Makes test/fixtures/gradients/<name>/: what PyTorch's autograd gives for checkpoints of test/fixtures/engine, under edits that are
forward hooks on Transformers' model (float32, CPU, eager attention, each row alone and without padding).

    python oracle/gradient_fixtures.py [name ...]

reference.json
  edits: {layer, site, activation, normalize, k, chosen}; the arrays are tensors edit.E.NAME
  rows: {ids, objective, value, tokens}; `tokens`: whether a mask has a factor per token. Arrays of an objective are tensors row.R.vector, row.R.reference
  sites: [{layer, site}], all of the model; sizes of layers and features are those of the tensors
  margin: the smallest distance of a pre-activation from the place where its feature changes, so that rounding changes none
  rounding: how much the tensors change, relative to their largest number, when every weight changes by about one part in ten million
reference.safetensors, float32 (T tokens of the row, n edited and m encoded features, d hidden):
  edit.E.encoder [d, m], bias [m], decoder [n, d], scale [n], offset [n], and where its activation has it threshold [m], magnitude_scale [m], magnitude_bias [m]
  row.R.mask.E [n], row.R.mask_tokens.E [T]   how far the features are edited: their product
  row.R.d_mask.E [T, n]   d value / d mask, per token
  row.R.activation.E [T, n]   the activations before the edit
  row.R.d_site [sites, T, d]   d value / d site, after the site's edits

Every row has another objective, and one row has masks of zeros: the gradients at the unedited run.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

import engine_checkpoint as checkpoint

ROOT = Path(__file__).resolve().parent.parent / "test" / "fixtures"
# Of every family one checkpoint, and those in which layers share keys and values or have values that are keys.
NAMES = [
    "llama-gqa-bias",
    "mistral-window",
    "qwen2-biases",
    "qwen3-norms",
    "phi3-partial-su",
    "olmo2-norms",
    "gemma2-caps",
    "gemma3-local-global",
    "gemma4-e2b",
    "gemma4-large",
    "gemma4-share-plain",
]
MARGIN = 4e-4
MOST_ROUNDING = 1e-4


def site_modules(model) -> dict[tuple[int, str], tuple[torch.nn.Module, bool]]:
    """(layer, site) -> the module whose output it is, or whose input if the flag is set."""
    norms_what_it_adds = model.config.get_text_config().model_type.startswith(("gemma", "olmo2"))
    layers = checkpoint.text_model(model).layers
    modules = {(0, "embed"): (layers[0], True)}
    for index, layer in enumerate(layers):
        modules[index, "attn_out"] = (layer.post_attention_layernorm if norms_what_it_adds else layer.self_attn, False)
        modules[index, "mlp_out"] = (layer.post_feedforward_layernorm if norms_what_it_adds else layer.mlp, False)
        modules[index, "resid_post"] = (layer, False)
    return modules


def outline(layers: int) -> list[dict]:
    last = layers - 1
    return [
        {"layer": 0, "site": "embed", "activation": "identity", "normalize": "constant_norm_rescale", "m": 3},
        {"layer": 0, "site": "attn_out", "activation": "relu", "m": 5, "target": "zero"},
        {"layer": 1, "site": "mlp_out", "activation": "jumprelu", "m": 6, "chosen": [4, 1, 3], "target": "set"},
        {"layer": 1, "site": "resid_post", "activation": "topk", "normalize": "layer_norm", "m": 10, "k": 3, "chosen": [0, 7, 2, 9]},
        {"layer": 1, "site": "resid_post", "activation": "gated", "m": 5},
        {"layer": last, "site": "attn_out", "activation": "groupmax", "m": 9, "k": 3, "chosen": [8, 0, 4, 5, 1]},
        {"layer": last, "site": "resid_post", "activation": "relu", "m": 4},
    ]


def objectives(model, prompts: list[list[int]], plain: list[torch.Tensor], layers: int, generator) -> list[dict]:
    d = model.config.get_text_config().hidden_size
    short, middle, long = prompts[0], prompts[1], prompts[2][:29]
    vector = lambda: torch.randn(d, generator=generator)  # noqa: E731
    return [
        {
            "ids": middle,
            "objective": {
                "kind": "logits",
                "terms": [{"position": 16, "token": 7, "coefficient": 1.5}, {"position": 16, "token": 70, "coefficient": -1}, {"position": 9, "token": 30, "coefficient": 0.5}],
            },
        },
        {"ids": middle, "objective": {"kind": "log_odds", "position": 16, "tokens": [12, 99, 200]}, "masked": False},
        {"ids": middle, "objective": {"kind": "log_odds", "position": 15, "tokens": [12, 99, 200]}},
        {"ids": long, "objective": {"kind": "log_probability", "terms": [{"position": p, "token": long[p + 1]} for p in (5, 20, 21, 27)]}, "tokens": True},
        {"ids": short, "objective": {"kind": "log_sum_exp", "position": 2, "tokens": [5, 150]}},
        {"ids": middle, "objective": {"kind": "kl", "position": 14}, "reference": torch.log_softmax(plain[0][-1], -1)},
        {"ids": long, "objective": {"kind": "residual", "position": 28, "at": {"layer": layers - 1, "site": "attn_out"}}, "vector": vector()},
        {"ids": short, "objective": {"kind": "residual", "position": 1, "at": {"layer": 1, "site": "mlp_out"}}, "vector": vector()},
        {"ids": middle, "objective": {"kind": "residual", "position": 11, "at": {"layer": 1, "site": "resid_post"}}, "vector": vector()},
    ]


def value_of(objective: dict, row: dict, logits: torch.Tensor, sites: dict) -> torch.Tensor:
    match objective["kind"]:
        case "logits":
            return sum(t["coefficient"] * logits[t["position"], t["token"]].double() for t in objective["terms"])
        case "log_odds":
            p = torch.softmax(logits[objective["position"]].double(), -1)[objective["tokens"]].sum()
            return torch.log(p) - torch.log1p(-p)
        case "log_probability":
            log = torch.log_softmax(logits.double(), -1)
            return sum(log[t["position"], t["token"]] for t in objective["terms"])
        case "log_sum_exp":
            return torch.logsumexp(logits[objective["position"], objective["tokens"]].double(), -1)
        case "kl":
            own = torch.log_softmax(logits[objective["position"]].double(), -1)
            return torch.nn.functional.kl_div(own, row["reference"].double(), reduction="sum", log_target=True)
        case "residual":
            at = objective["at"]
            return sites[at["layer"], at["site"]][0, objective["position"]].double() @ row["vector"].double()


def activations(edit: dict, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, float]:
    """The activations of the m features, the factor of the change, and the distance from the nearest place where a feature changes."""
    scale = torch.ones(())
    if edit["normalize"] == "layer_norm":
        centred = x - x.mean(-1, keepdim=True)
        scale = centred.std(-1, keepdim=True)
        x = centred / (scale + 1e-5)
    elif edit["normalize"] == "constant_norm_rescale":
        scale = x.norm(dim=-1, keepdim=True) / x.shape[-1] ** 0.5
        x = x / scale
    product = x @ edit["encoder"]
    pre = product + edit["bias"]
    match edit["activation"]:
        case "identity":
            return pre, scale, float("inf")
        case "relu":
            return pre.relu(), scale, pre.abs().min().item()
        case "jumprelu":
            return pre * (pre > edit["threshold"]), scale, (pre - edit["threshold"]).abs().min().item()
        case "gated":
            magnitude = product * edit["magnitude_scale"] + edit["magnitude_bias"]
            return (pre > 0) * magnitude.relu(), scale, min(pre.abs().min().item(), magnitude.abs().min().item())
        case "topk":
            return keep_largest(pre, edit["k"]), scale, margin_of_largest(pre, edit["k"])
        case "groupmax":
            groups = pre.unflatten(-1, (edit["k"], -1))
            return keep_largest(groups, 1).flatten(-2), scale, margin_of_largest(groups, 1)


def keep_largest(pre: torch.Tensor, k: int) -> torch.Tensor:
    best = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, best.indices, best.values.relu())


def margin_of_largest(pre: torch.Tensor, k: int) -> float:
    ordered = pre.sort(dim=-1, descending=True).values
    return min((ordered[..., k - 1] - ordered[..., k]).min().item(), ordered[..., :k].abs().min().item())


class Hooked:
    """Runs the model with the edits as hooks. Keeps the value of every site after its edits, and the edits' activations."""

    def __init__(self, model, edits: list[dict]):
        self.model, self.edits, self.masks = model, edits, None
        self.sites, self.activations, self.margin = {}, {}, float("inf")
        for place, (module, is_input) in site_modules(model).items():
            if is_input:
                module.register_forward_pre_hook(lambda _m, args, place=place: (self.at(place, args[0]), *args[1:]))
            else:
                module.register_forward_hook(lambda _m, _a, out, place=place: (self.at(place, out[0]), *out[1:]) if isinstance(out, tuple) else self.at(place, out))

    def at(self, place: tuple[int, str], x: torch.Tensor) -> torch.Tensor:
        for index, edit in enumerate(self.edits):
            if (edit["layer"], edit["site"]) != place or self.masks is None:
                continue
            a, scale, margin = activations(edit, x)
            self.margin = min(self.margin, margin)
            a = a[..., edit["chosen"]]
            self.activations[index] = a[0].detach()
            x = x + scale * (((edit["scale"] * a + edit["offset"] - a) * self.masks[index]) @ edit["decoder"])
        if x.requires_grad:
            x.retain_grad()
        self.sites[place] = x
        return x

    def run(self, ids: list[int], masks: list[torch.Tensor] | None) -> torch.Tensor:
        self.masks = masks
        return self.model(torch.tensor([ids]), use_cache=False).logits[0]


def make_edits(layers: int, sizes: dict, generator) -> list[dict]:
    """Random edits, whose pre-activations have a deviation of about 1 and whose changes are about as large as the site's values."""
    edits = []
    for edit in outline(layers):
        m = edit.pop("m")
        size, d = sizes[edit["layer"], edit["site"]]
        chosen = edit.get("chosen", list(range(m)))
        n, target = len(chosen), edit.pop("target", "scale")
        seen = 1.0 if edit.get("normalize", "none") != "none" else size
        normal = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
        edit.update(
            normalize=edit.get("normalize", "none"),
            k=edit.get("k"),
            chosen=chosen,
            encoder=normal(d, m) / d**0.5 / seen,
            bias=0.3 * normal(m),
            decoder=0.5 * normal(n, d) * seen / n**0.5,
            scale=normal(n) if target == "scale" else torch.zeros(n),
            offset=normal(n) if target != "zero" else torch.zeros(n),
        )
        if edit["activation"] == "jumprelu":
            edit["threshold"] = 0.4 * torch.rand(m, generator=generator)
        if edit["activation"] == "gated":
            edit.update(magnitude_scale=1 + 0.3 * normal(m), magnitude_bias=0.3 * normal(m))
        edits.append(edit)
    return edits


def compute(hooked: Hooked, row: dict, generator) -> dict[str, torch.Tensor]:
    length = len(row["ids"])
    tensors, masks = {}, []
    for index, edit in enumerate(hooked.edits):
        n = len(edit["chosen"])
        features = torch.rand(n, generator=generator) * (torch.rand(n, generator=generator) > 0.2) * row.get("masked", True)
        tokens = torch.rand(length, generator=generator).round(decimals=1) if row.get("tokens") else torch.ones(length)
        tensors[f"mask.{index}"], tensors[f"mask_tokens.{index}"] = features, tokens
        masks.append((tokens[:, None] * features).requires_grad_())
    logits = hooked.run(row["ids"], masks)
    value = value_of(row["objective"], row, logits, hooked.sites)
    value.backward()
    row["value"] = value.item()
    for index, mask in enumerate(masks):
        tensors[f"d_mask.{index}"] = torch.zeros_like(mask) if mask.grad is None else mask.grad
        tensors[f"activation.{index}"] = hooked.activations[index]
    gradients = [torch.zeros_like(x[0]) if x.grad is None else x.grad[0] for x in hooked.sites.values()]
    tensors["d_site"] = torch.stack(gradients)
    for name in ("vector", "reference"):
        if name in row:
            tensors[name] = row[name]
    return {name: tensor.detach() for name, tensor in tensors.items()}


def compute_all(hooked: Hooked, rows: list[dict], seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {f"row.{index}.{key}": tensor for index, row in enumerate(rows) for key, tensor in compute(hooked, row, generator).items()}


def rounding_error(hooked: Hooked, rows: list[dict], seed: int, exact: dict[str, torch.Tensor]) -> float:
    """A network can be so chaotic that two correct implementations disagree. A test on it would fail without a bug."""
    generator = torch.Generator().manual_seed(0)
    values, weights = [row["value"] for row in rows], [parameter.clone() for parameter in hooked.model.parameters()]
    for parameter in hooked.model.parameters():
        parameter.mul_(1 + 1e-7 * torch.randn(parameter.shape, generator=generator))
    moved = compute_all(hooked, rows, seed)
    for parameter, weight in zip(hooked.model.parameters(), weights, strict=True):
        parameter.copy_(weight)
    for row, value in zip(rows, values, strict=True):
        row["value"] = value
    return max(((moved[key] - exact[key]).abs().max() / exact[key].abs().max().clamp_min(1e-30)).item() for key in exact)


def make(name: str) -> None:
    source = ROOT / "engine" / name
    prompts = json.loads((source / "reference.json").read_text())["prompts"]
    for seed in range(3000):
        generator = torch.Generator().manual_seed(seed)
        model = checkpoint.load(source).requires_grad_(False)
        layers = len(checkpoint.text_model(model).layers)
        hooked = Hooked(model, [])
        plain = [hooked.run(ids, None) for ids in prompts]
        sizes = {place: (x.pow(2).mean().sqrt().item(), x.shape[-1]) for place, x in hooked.sites.items()}
        hooked.edits = make_edits(layers, sizes, generator)
        rows = objectives(model, prompts, plain, layers, generator)
        masks_seed = generator.initial_seed() + 1000
        tensors = compute_all(hooked, rows, masks_seed)
        if hooked.margin > MARGIN and (rounding := rounding_error(hooked, rows, masks_seed, tensors)) < MOST_ROUNDING:
            break
    else:
        raise SystemExit(f"{name}: no seed keeps the features away from where they change, and rounding small")
    for index, edit in enumerate(hooked.edits):
        # An edit that no objective feels would test nothing.
        felt = max(tensors[f"row.{row}.d_mask.{index}"].abs().max().item() for row in range(len(rows)))
        assert felt > 1e-3, (index, felt)
        tensors.update({f"edit.{index}.{key}": value for key, value in edit.items() if isinstance(value, torch.Tensor)})
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for key, tensor in tensors.items())
    folder = ROOT / "gradients" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_file({key: tensor.contiguous().clone() for key, tensor in tensors.items()}, folder / "reference.safetensors")
    reference = {
        "madeBy": f"oracle/gradient_fixtures.py: transformers {transformers.__version__}, torch {torch.__version__}",
        "seed": seed,
        "margin": hooked.margin,
        "rounding": rounding,
        "edits": [{key: value for key, value in edit.items() if not isinstance(value, torch.Tensor)} for edit in hooked.edits],
        "rows": [{key: row[key] for key in ("ids", "objective", "value")} | {"tokens": row.get("tokens", False)} for row in rows],
        "sites": [{"layer": layer, "site": site} for layer, site in hooked.sites],
    }
    (folder / "reference.json").write_text(json.dumps(reference) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: seed {seed}, margin {hooked.margin:.0e}, rounding {rounding:.0e}, values {[round(row['value'], 2) for row in rows]}, {size / 1000:.0f} kB")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    for chosen in sys.argv[1:] or NAMES:
        make(chosen)
