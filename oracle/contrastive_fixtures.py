"""
Makes test/fixtures/contrastive/: contrastive losses over tiers and their gradients, by PyTorch Metric Learning and PyTorch autograd.

    python oracle/contrastive_fixtures.py      (torch 2.15, pytorch-metric-learning 2.9)

reference.json, per case: the loss's name, tiers [P], pooled features [P][d] (not negative, mostly zeros, as an SAE's are), the loss and d loss / d pooled,
float64. mean-cosine is PyTorch's own cosine of the tiers' means; nt-xent is SupConLoss at temperature 0.1; triplet is TripletMarginLoss on
cosines with margin 0.1, averaged over all triplets and doubled: on squared distances of unit vectors, 2 - 2 cos, that is a margin of 0.2.
A row of zeros has no direction, and the cosine gives it a gradient of a billion in PyTorch. Such rows are therefore constants
here, and their gradient is written as zero.

published.json: a TopK SAE's whole loss as BioRefusalAudit's train_sae_local.py computes it, MSE + 0.04 mean |pre-activation| + 0.1 cosine of the
tiers' mean features (a prompt's features are the mean over its tokens), and the gradient of every weight. Keys: x [B, d_in], W_enc,
b_enc, W_dec, b_dec, k, tokens [N, d_in] of the prompts with their lengths and tiers, mse, l1, contrastive, gradients. float64.
"""

import json
from itertools import combinations
from pathlib import Path

import torch
import torch.nn.functional as F
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.losses import SupConLoss, TripletMarginLoss
from pytorch_metric_learning.reducers import MeanReducer

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "contrastive"
D = 12

TIERS = {
    "two tiers": ["a"] * 4 + ["b"] * 3,
    "three tiers, mixed order": ["a", "c", "b", "b", "a", "c", "b"],
    "one prompt in a tier": ["a", "a", "a", "b"],
    "a silent prompt": ["a", "b", "a", "b", "a"],
    "all equal": ["a", "b", "a", "b"],
    "two prompts": ["a", "b"],
}


def mean_cosine(z, tiers):
    names = list(dict.fromkeys(tiers))
    means = [z[[t == name for t in tiers]].mean(0) for name in names]
    return torch.stack([F.cosine_similarity(a, b, dim=0) for a, b in combinations(means, 2)]).mean()


def indices(tiers):
    names = list(dict.fromkeys(tiers))
    return torch.tensor([names.index(tier) for tier in tiers])


def nt_xent(z, tiers):
    return SupConLoss(temperature=0.1)(z, indices(tiers))


def triplet(z, tiers):
    return 2 * TripletMarginLoss(margin=0.1, distance=CosineSimilarity(), reducer=MeanReducer())(z, indices(tiers))


def features(name, tiers, generator):
    z = torch.rand(len(tiers), D, generator=generator, dtype=torch.float64)
    z = torch.where(z > 0.55, 3 * z, 0)
    if name == "all equal":
        z[:] = z[0]
    if name == "a silent prompt":
        z[2] = 0
    # Rounded to float32, so that both sides start from the same numbers.
    return z.float().double()


def published(generator):
    d_in, d_sae, k, batch, lengths, tiers = 6, 14, 4, 9, [3, 2, 4, 2], ["a", "b", "b", "a"]
    normal = lambda *shape: torch.randn(*shape, generator=generator)
    w = {"W_enc": normal(d_in, d_sae) / 2, "b_enc": normal(d_sae) / 4, "W_dec": normal(d_sae, d_in), "b_dec": normal(d_in) / 4}
    w = {name: value.requires_grad_() for name, value in w.items()}
    x, tokens = normal(batch, d_in), normal(sum(lengths), d_in)

    def encode(rows):
        pre = (rows - w["b_dec"]) @ w["W_enc"] + w["b_enc"]
        best = torch.relu(pre).topk(k, dim=-1)
        return pre, torch.zeros_like(pre).scatter(-1, best.indices, best.values)

    pre, z = encode(x)
    mse = F.mse_loss(z @ w["W_dec"] + w["b_dec"], x)
    l1 = pre.abs().mean()
    pooled = torch.stack([part.mean(0) for part in encode(tokens)[1].split(lengths)])
    contrastive = mean_cosine(pooled, tiers)
    (mse + 0.04 * l1 + 0.1 * contrastive).backward()
    flat = lambda value: value.detach().flatten().tolist()
    return {
        "d_in": d_in, "d_sae": d_sae, "k": k, "batch": batch, "lengths": lengths, "tiers": tiers,
        "x": flat(x), "tokens": flat(tokens), "weights": {name: flat(value) for name, value in w.items()},
        "mse": mse.item(), "l1": l1.item(), "contrastive": contrastive.item(),
        "gradients": {name: flat(value.grad) for name, value in w.items()},
    }  # fmt: skip


def main():
    torch.set_default_dtype(torch.float64)
    generator = torch.Generator().manual_seed(20261124)
    cases = []
    for name, tiers in TIERS.items():
        z = features(name, tiers, generator)
        for contrast, loss_of in {"mean-cosine": mean_cosine, "nt-xent": nt_xent, "triplet": triplet}.items():
            if contrast != "mean-cosine" and len(set(tiers)) == len(tiers):
                continue
            leaf = z.clone().requires_grad_()
            silent = (z.norm(dim=1, keepdim=True) == 0) & (contrast != "mean-cosine")
            loss = loss_of(torch.where(silent, z, leaf), tiers)
            (gradient,) = torch.autograd.grad(loss, leaf)
            assert gradient.isfinite().all()
            assert name == "all equal" or gradient.abs().max() > 1e-3, f"{name}, {contrast}: no gradient to compare"
            cases.append(
                {
                    "name": name,
                    "contrast": contrast,
                    "tiers": tiers,
                    "pooled": z.tolist(),
                    "loss": loss.item(),
                    "gradient": [[float(f"{g:.12g}") for g in row] for row in gradient.tolist()],
                }
            )
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "published.json").write_text(json.dumps(published(generator)) + "\n")
    (OUT / "reference.json").write_text(json.dumps(cases, indent=0).replace(",\n", ", ").replace("[\n", "[").replace("\n]", "]") + "\n")


if __name__ == "__main__":
    main()
