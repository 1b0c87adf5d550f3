"""
Trains SAEs in PyTorch as `fathom sae train` does, on the same rows; one JSON object on stdout. bench/sae-train.ts runs it.

    python oracle/peer_sae_train.py --train TRAIN.safetensors --held HELD.safetensors --objective topk --form sparse --seeds 0 1 2

Both files hold `activations` [n, d_in], rows of ordinary norm. Same scale, start, loss, schedule, Adam, projection and auxiliary loss as src/sae;
only the random numbers differ. `dense` multiplies all features by the decoder, `sparse` sums the decoder rows of the active ones (embedding_bag,
as sparsify does where it has no kernel). JumpReLU has no fixed number of active features and is dense only. Rates are measured after the first
ten steps; FVU is that of the held rows about their mean.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


class Jump(torch.autograd.Function):
    """Rajamanoharan et al., arXiv 2407.14435: `pre` (or 1) where `pre` is above the threshold, else 0; the rectangle kernel's pseudo-derivative."""

    @staticmethod
    def forward(ctx, pre, threshold, bandwidth, counts):
        ctx.save_for_backward(pre, threshold)
        ctx.bandwidth, ctx.counts = bandwidth, counts
        above = pre > threshold
        return above.float() if counts else torch.where(above, pre, 0)

    @staticmethod
    def backward(ctx, grad):
        pre, threshold = ctx.saved_tensors
        near = torch.where(((pre - threshold) / ctx.bandwidth).abs() < 0.5, grad, 0).sum(dim=0) / ctx.bandwidth
        return (None, -near, None, None) if ctx.counts else (torch.where(pre > threshold, grad, 0), -threshold * near, None, None)


def geometric_median(x: torch.Tensor) -> torch.Tensor:
    at = x.mean(dim=0)
    for _ in range(50):
        weights = 1 / (x - at).norm(dim=1).clamp(min=1e-12)
        at = (weights[:, None] * x).sum(dim=0) / weights.sum()
    return at


def active(pre: torch.Tensor, o: argparse.Namespace) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows, features and values of the active entries."""
    if o.objective == "topk":
        values, features = pre.topk(o.k, dim=1, sorted=False)
        rows = torch.arange(len(pre)).repeat_interleave(o.k)
        return rows, features.flatten(), values.relu().flatten()
    values, at = pre.flatten().topk(o.k * len(pre), sorted=False)
    order = at.argsort()
    at, values = at[order], values[order]
    return at // pre.shape[1], at % pre.shape[1], values.relu()


def decode(rows, features, values, W_dec: torch.Tensor, count: int, form: str) -> torch.Tensor:
    if form == "sparse":
        offsets = torch.searchsorted(rows.contiguous(), torch.arange(count))
        return F.embedding_bag(features, W_dec, offsets, mode="sum", per_sample_weights=values)
    dense = torch.zeros(count, len(W_dec)).index_put((rows, features), values)
    return dense @ W_dec


def train(x: torch.Tensor, held: torch.Tensor, seed: int, o: argparse.Namespace) -> dict:
    torch.manual_seed(seed)
    d_in = x.shape[1]
    scale = d_in**0.5 / x.norm(dim=1).mean()
    variance = ((x - x.mean(dim=0)) * scale).square().sum(dim=1).mean()
    W_dec = torch.randn(o.d_sae, d_in)
    W_dec /= W_dec.norm(dim=1, keepdim=True)
    W_enc = W_dec.T.contiguous().clone()
    b_enc, b_dec = torch.zeros(o.d_sae), geometric_median(x[torch.randperm(len(x))[: 2**14]]) * scale
    jumps = o.objective == "jumprelu"
    log_threshold = torch.zeros(o.d_sae)
    if jumps:
        pre = ((x[torch.randperm(len(x))[:64]] * scale - b_dec) @ W_enc).flatten().sort().values
        log_threshold += pre[int((1 - o.target_l0 / o.d_sae) * (len(pre) - 1))].log()
    common = [tensor.requires_grad_() for tensor in (W_enc, b_enc, W_dec, b_dec)]
    groups = [{"params": common, "pace": 1}]
    if jumps:
        groups.append({"params": [log_threshold.requires_grad_()], "pace": o.threshold_rate})
    adam = torch.optim.Adam(groups, lr=o.rate, betas=(0.9, 0.999), eps=6.25e-10)
    silence, threshold, k_aux = torch.zeros(o.d_sae), 0.0, max(1, d_in // 2)
    order, at, began = torch.randperm(len(x)), 0, 0.0
    for step in range(o.steps):
        if step == 10:
            began = time.perf_counter()
        if at + o.batch > len(x):
            order, at = torch.randperm(len(x)), 0
        batch = x[order[at : at + o.batch]] * scale
        at += o.batch
        pre = (batch - b_dec) @ W_enc + b_enc
        if jumps:
            threshold_of = log_threshold.exp()
            values = Jump.apply(pre, threshold_of, o.bandwidth, False)
            rebuilt = values @ W_dec
        else:
            rows, features, values = active(pre, o)
            rebuilt = decode(rows, features, values, W_dec, o.batch, o.form)
        error = batch - (rebuilt + b_dec)
        loss = error.square().sum() / o.batch / variance
        if jumps:
            L0 = Jump.apply(pre, threshold_of, o.bandwidth, True).sum(dim=1).mean()
            warm = o.sparsity_warmup * o.steps
            loss = loss + o.sparsity * min(1, (step + 1) / warm) * (L0 / o.target_l0 - 1) ** 2
        dead = silence * o.batch >= len(x)
        count = int(dead.sum())
        if count > 0 and not jumps:
            chosen = torch.where(dead, pre, -1e30).topk(k_aux, dim=1, sorted=False)
            alive = torch.zeros_like(pre).scatter(1, chosen.indices, chosen.values.relu())
            loss = loss + min(1, count / k_aux) * (error.detach() - alive @ W_dec).square().sum() / o.batch / variance
        adam.zero_grad()
        loss.backward()
        share = min(1.0, (step + 1) / (0.05 * o.steps), (o.steps - step) / (0.2 * o.steps))
        with torch.no_grad():
            W_dec.grad -= (W_dec.grad * W_dec).sum(dim=1, keepdim=True) * W_dec
            for group in adam.param_groups:
                group["lr"] = o.rate * share * group["pace"]
            adam.step()
            W_dec /= W_dec.norm(dim=1, keepdim=True)
            positive = values.detach() > 0
            fired = torch.zeros(o.d_sae, dtype=torch.bool)
            fired |= positive.any(dim=0) if jumps else fired.index_fill(0, features[positive], True)
            silence = torch.where(fired, 0, silence + 1)
            if positive.any() and not jumps:
                threshold += max(0.01, 1 / (step + 1)) * (values.detach()[positive].min().item() - threshold)
    rate = (o.steps - 10) * o.batch / (time.perf_counter() - began)
    with torch.no_grad():
        parts, active_features = [], 0
        for part in (held * scale).split(1024):
            pre = (part - b_dec) @ W_enc + b_enc
            if jumps:
                z = torch.where(pre > log_threshold.exp(), pre, 0)
            elif o.objective == "topk":
                best = pre.topk(o.k, dim=1)
                z = torch.zeros_like(pre).scatter(1, best.indices, best.values.relu())
            else:
                z = torch.where(pre > threshold, pre, 0)
            parts.append(z @ W_dec + b_dec)
            active_features += int((z > 0).sum())
        error = held - torch.cat(parts) / scale
        fvu = (error.square().sum() / (held - held.mean(dim=0)).square().sum()).item()
    return {"seed": seed, "fvu": fvu, "meanL0": active_features / len(held), "tokensPerSecond": rate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--held", required=True)
    parser.add_argument("--objective", choices=["topk", "batchtopk", "jumprelu"], default="topk")
    parser.add_argument("--form", choices=["dense", "sparse"], default="sparse")
    parser.add_argument("--d-sae", type=int, default=6144)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--target-l0", type=float)
    parser.add_argument("--sparsity", type=float)
    parser.add_argument("--sparsity-warmup", type=float)
    parser.add_argument("--bandwidth", type=float)
    parser.add_argument("--threshold-rate", type=float)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    x, held = (load_file(path)["activations"] for path in (options.train, options.held))
    print(json.dumps({"peer": f"PyTorch {torch.__version__}", "runs": [train(x, held, seed, options) for seed in options.seeds]}))


if __name__ == "__main__":
    main()
