"""Reference values and gradients for src/graph, from PyTorch autograd and Transformers' own decoder layers.

    python oracle/graph_fixtures.py      (torch 2.15, transformers 5.23)

Writes test/fixtures/graph/operators.json (float64, rounded) and llama-block.json, gemma2-block.json (float32). Each
holds, per case: inputs, the output(s), the cotangents of the outputs, and d loss / d input for the floating-point inputs.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers.cache_utils import DynamicCache
from transformers.models.gemma2.configuration_gemma2 import Gemma2Config
from transformers.models.gemma2.modeling_gemma2 import Gemma2DecoderLayer
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, apply_rotary_pos_emb

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "graph"
torch.manual_seed(20261121)


def tensor(x):
    kind = "float32" if x.is_floating_point() else "bool" if x.dtype == torch.bool else "int64"
    flat = x.detach().reshape(-1).tolist()
    data = [float(f"{v:.8g}") if kind == "float32" else int(v) for v in flat]
    return {"dtype": kind, "dims": list(x.shape), "data": data}


def case(f, *inputs):
    """Runs f and its backward pass with a random cotangent, and records inputs, outputs, cotangents and gradients."""
    # Inputs are rounded to float32 before use, so that the stored numbers are the ones used.
    leaves = [x.float().double().requires_grad_() if x.is_floating_point() else x for x in inputs]
    outputs = f(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    smooth = [y for y in outputs if y.is_floating_point()]
    cotangents = [torch.randn(y.shape).double() for y in smooth]
    wrt = [x for x in leaves if x.is_floating_point()]
    grads = torch.autograd.grad(smooth, wrt, cotangents, allow_unused=True)
    grads = [torch.zeros_like(x) if g is None else g for x, g in zip(wrt, grads)]
    return {
        "inputs": [tensor(x) for x in leaves],
        "outputs": [tensor(y) for y in outputs],
        "cotangents": [tensor(c) for c in cotangents],
        "gradients": [tensor(g) for g in grads],
    }


def rope(heads_axis):
    def f(x, cos, sin):
        c, s = torch.cat([cos, cos], -1), torch.cat([sin, sin], -1)
        return apply_rotary_pos_emb(x, x, c, s, unsqueeze_dim=heads_axis)[0]

    return f


def operators():
    r = lambda *dims: torch.randn(*dims)
    pos = lambda *dims: torch.rand(*dims) * 1.5 + 0.5
    x, y = r(2, 3, 4), pos(3, 1)
    ids = torch.tensor([[1, 3, 1], [0, 4, 1]])
    along = torch.tensor([[0, 0, 3], [1, 2, 0]])
    angle = r(2, 3, 3)
    return {
        "add": case(torch.add, x, y),
        "sub": case(torch.sub, x, y),
        "mul": case(torch.mul, x, y),
        "div": case(torch.div, x, y),
        "neg": case(torch.neg, x),
        "sqrt": case(torch.sqrt, pos(5)),
        "exp": case(torch.exp, x),
        "log": case(torch.log, pos(5)),
        "tanh": case(torch.tanh, x),
        "sigmoid": case(torch.sigmoid, x * 3),
        "relu": case(torch.relu, x),
        "silu": case(F.silu, x * 3),
        "geluTanh": case(lambda a: F.gelu(a, approximate="tanh"), x * 2),
        "softcap": case(lambda a: torch.tanh(a / 1.5) * 1.5, x),
        "pow": case(lambda a: a**-0.5, pos(5)),
        "clip": case(lambda a: a.clamp(-0.5, 0.75), x),
        "softmax": case(lambda a: a.softmax(1), x),
        "logSoftmax": case(lambda a: a.log_softmax(-1), x * 4),
        "rmsNorm": case(lambda a, w: F.rms_norm(a, (8,), w, 1e-5), r(2, 3, 8) * 0.01, r(8)),
        "ropeBHTD": case(rope(1), r(2, 2, 3, 6), angle.cos(), angle.sin()),
        "ropeBTHD": case(rope(2), r(2, 3, 2, 6), angle.cos(), angle.sin()),
        "matmul": case(torch.matmul, r(2, 3, 4), r(4, 5)),
        "linear": case(F.linear, r(2, 3, 4), r(5, 4)),
        "matmulTransA": case(lambda a, b: a.mT @ b, r(2, 4, 3), r(2, 4, 5)),
        "matmulGrouped": case(lambda a, b: a @ b.mT, r(2, 2, 2, 3, 4), r(2, 2, 1, 5, 4)),
        "gather": case(lambda t, i: F.embedding(i, t), r(5, 3), ids),
        "gatherElements": case(lambda a, i: a.gather(1, i), r(2, 4), along),
        "scatterAdd": case(lambda a, i, u: a.scatter_add(1, i, u), r(2, 4), along, r(2, 3)),
        "topK": case(lambda a: torch.topk(a, 2, dim=-1), r(2, 3, 7)),
        "where": case(torch.where, r(3, 1) > 0, x, r(4)),
        "concat": case(lambda *a: torch.cat(a, 2), r(2, 2, 3), r(2, 2, 0), r(2, 2, 4)),
        "slice": case(lambda a: a[:, 1:3], r(2, 4, 3)),
        "split": case(lambda a: a.split([1, 3, 2], 1), r(2, 6)),
        "reduceMean": case(lambda a: a.mean((0, 2)), x),
        "reduceSum": case(lambda a: a.sum(1, keepdim=True), x),
        "transpose": case(lambda a: a.permute(2, 0, 1), x),
        "expand": case(lambda a: a.expand(2, 3, 4), r(3, 1)),
    }


SHAPE = dict(hidden_size=12, num_attention_heads=4, num_key_value_heads=2, head_dim=6, intermediate_size=20)
PAST, TOKENS, BATCH = 2, 3, 2


def block(layer, past_length, window=None):
    """One decoder layer with eager attention; its inputs and parameters are the leaves."""
    for p in layer.parameters():
        p.data = torch.randn(p.shape) * (0.4 if p.dim() > 1 else 0.2) + (1 if p.dim() == 1 and p.mean() > 0.5 else 0)
    leaves = {"x": torch.randn(BATCH, TOKENS, 12)}
    for name in ("pastK", "pastV"):
        leaves[name] = torch.randn(BATCH, 2, past_length, 6)
    for leaf in leaves.values():
        leaf.requires_grad_()
    positions = torch.arange(past_length, past_length + TOKENS)[None].repeat(BATCH, 1)
    angle = positions[..., None] * 100.0 ** (-torch.arange(3) / 3)
    cos, sin = angle.cos(), angle.sin()
    query, key = positions[0][:, None], torch.arange(past_length + TOKENS)[None]
    hidden = (key > query) | (key <= query - window if window else torch.zeros_like(key, dtype=torch.bool))
    mask = torch.where(hidden, -1e9, 0.0)[None, None].repeat(BATCH, 1, 1, 1)
    cache = DynamicCache()
    cache.update(leaves["pastK"], leaves["pastV"], 0)
    double = lambda a: torch.cat([a, a], -1)
    y = layer(leaves["x"], attention_mask=mask, past_key_values=cache, position_embeddings=(double(cos), double(sin)))
    wrt = leaves | dict(layer.named_parameters())
    cotangent = torch.randn(y.shape)
    grads = torch.autograd.grad([y], list(wrt.values()), [cotangent])
    return {
        "inputs": {name: tensor(v) for name, v in (wrt | {"cos": cos, "sin": sin, "mask": mask}).items()},
        "output": tensor(y),
        "cotangent": tensor(cotangent),
        "gradients": {name: tensor(g) for name, g in zip(wrt, grads)},
    }


def llama(past_length):
    config = LlamaConfig(**SHAPE, rms_norm_eps=1e-5, num_hidden_layers=1)
    config._attn_implementation = "eager"
    return block(LlamaDecoderLayer(config, 0), past_length)


def gemma2(past_length):
    config = Gemma2Config(
        **SHAPE, rms_norm_eps=1e-6, num_hidden_layers=1, query_pre_attn_scalar=9,
        attn_logit_softcapping=2.0, hidden_activation="gelu_pytorch_tanh",
    )
    config._attn_implementation = "eager"
    return block(Gemma2DecoderLayer(config, 0), past_length, window=3)


def write(name, content):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write("operators.json", operators())
    write("llama-block.json", {"past": llama(PAST), "noPast": llama(0)})
    write("gemma2-block.json", {"past": gemma2(PAST), "noPast": gemma2(0)})
