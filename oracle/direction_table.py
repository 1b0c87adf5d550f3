"""
The refusal direction of Arditi et al. (arXiv 2406.11717) by hooks on Transformers' modules. direction_fixtures.py and
peer_direction.py use it. Sites: the input of block 0, what attention and MLP add to the residual stream (Gemma 2 and 3 and OLMo 2
norm it first), and every block's output. Layer -1 is the embedding, layer l the output of block l.
"""

from contextlib import contextmanager

import torch

EPSILON = 1e-8


def writers(layer) -> list:
    """The modules whose outputs are added to the residual stream."""
    if hasattr(layer, "post_feedforward_layernorm"):
        return [layer.post_attention_layernorm, layer.post_feedforward_layernorm]
    return [layer.self_attn, layer.mlp]


def changing(module, change, before: bool = False):
    """A hook that changes a module's output, or its first input."""
    if before:
        return module.register_forward_pre_hook(
            lambda _m, args, kwargs: ((change(args[0]), *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": change(kwargs["hidden_states"])}),
            with_kwargs=True,
        )
    return module.register_forward_hook(lambda _m, _a, out: (change(out[0]), *out[1:]) if isinstance(out, tuple) else change(out))


@contextmanager
def hooked(handles):
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def ablating(model, direction: torch.Tensor):
    """Removes the unit direction [d] at every site and token."""
    layers = model.model.layers

    def remove(x):
        return x - (x @ direction)[..., None] * direction

    return hooked(
        [changing(layers[0], remove, before=True)]
        + [changing(module, remove) for layer in layers for module in writers(layer)]
        + [changing(layer, remove) for layer in layers]
    )


def adding(model, layer: int, vector: torch.Tensor):
    """Adds the vector [d] to the residual stream at one layer and every token."""
    layers = model.model.layers
    if layer < 0:
        return hooked([changing(layers[0], lambda x: x + vector, before=True)])
    return hooked([changing(layers[layer], lambda x: x + vector)])


def residuals(model, ids: list[int]) -> torch.Tensor:
    """[layers + 1, tokens, d]: the embedding, and every block's output before the final norm."""
    kept = []

    def keep(x):
        kept.append(x[0])
        return x

    layers = model.model.layers
    with hooked([changing(layers[0], keep, before=True)] + [changing(layer, keep) for layer in layers]):
        model(torch.tensor([ids]), use_cache=False)
    return torch.stack(kept)


def log_odds(logits: torch.Tensor, tokens: list[int]) -> torch.Tensor:
    """log(p + e) - log(1 - p + e) of the tokens, as published, in float64. logits [..., vocabulary]"""
    p = logits.double().softmax(-1)[..., tokens].sum(-1).clamp(max=1)
    return torch.log(p + EPSILON) - torch.log(1 - p + EPSILON)


def kl(clean: torch.Tensor, changed: torch.Tensor) -> torch.Tensor:
    """KL(clean || changed) in nats. logits [..., vocabulary]"""
    a, b = clean.double().log_softmax(-1), changed.double().log_softmax(-1)
    return (a.exp() * (a - b)).sum(-1)


def last_logits(model, ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([ids]), use_cache=False, logits_to_keep=1).logits[0, -1]


def difference_of_means(model, harmful: list[list[int]], harmless: list[list[int]], positions: list[int]) -> torch.Tensor:
    """[layers + 1, positions, d] in float64: mean of the harmful prompts' residuals minus that of the harmless ones'."""
    means = [torch.stack([residuals(model, ids)[:, positions].double() for ids in side]).mean(0) for side in (harmful, harmless)]
    return means[0] - means[1]


@torch.no_grad()
def table(model, fit: dict, validate: dict, positions: list[int], tokens: list[int], places=None, read=last_logits) -> list[dict]:
    """
    One record per candidate: layer, position, bypass, induce, kl, each a mean over the validation prompts at their last token.
    fit, validate: {"harmful": [ids...], "harmless": [ids...]}. places: pairs of layer and position; all when None.
    """
    difference = difference_of_means(model, fit["harmful"], fit["harmless"], positions)
    clean = [read(model, ids) for ids in validate["harmless"]]
    records = []
    for layer in range(-1, len(model.model.layers)):
        for at, position in enumerate(positions):
            vector = difference[layer + 1, at]
            # A token of the template has one embedding, so the means do not differ.
            if vector.norm() < 1e-9 or (places is not None and (layer, position) not in places):
                continue
            unit = (vector / vector.norm()).float()
            with ablating(model, unit):
                bypass = torch.stack([log_odds(read(model, ids), tokens) for ids in validate["harmful"]])
                ablated = [read(model, ids) for ids in validate["harmless"]]
            with adding(model, layer, vector.float()):
                induce = torch.stack([log_odds(read(model, ids), tokens) for ids in validate["harmless"]])
            divergence = torch.stack([kl(a, b) for a, b in zip(clean, ablated, strict=True)])
            records.append(
                {"layer": layer, "position": position, "bypass": bypass.mean().item(), "induce": induce.mean().item(), "kl": divergence.mean().item()}
            )
    return records
