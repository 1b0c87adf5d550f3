"""
Makes test/fixtures/sae-training/losses.json: the losses of SAELens' own training SAEs on one batch, and every gradient, in float64.

    python oracle/sae_loss_fixtures.py

Keys: x [B, d_in], weights W_enc, b_enc, W_dec, b_dec, log_threshold (JumpReLU only), dead [d_sae], k, bandwidth, target, coefficient; cases by
name, each with mse, terms (weighted, as SAELens adds them), gradients of the sum by tensor, active [B, d_sae] (1 or 0), and smallest (BatchTopK:
the smallest active feature). SAELens' mean over the batch of the sum of squares is Fathom's loss where V = 1.

Thresholds are exp(log_threshold), as in Rajamanoharan et al. (arXiv 2407.14435); the chain rule gives the gradient of log_threshold from SAELens'
gradient of the threshold. SAELens' quadratic penalty is on each token's L0, Fathom's on the batch's mean L0, so that case is computed with
Fathom's formula on SAELens' Step. The program refuses a batch in which no pre-activation lies within the kernel on one side of its threshold,
or in which a case's terms are 0.
"""

import json
import math
from pathlib import Path

import torch
from sae_lens import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig, JumpReLUTrainingSAE, JumpReLUTrainingSAEConfig, TopKTrainingSAE, TopKTrainingSAEConfig
from sae_lens.saes.jumprelu_sae import Step
from sae_lens.saes.sae import TrainStepInput

OUT = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "sae-training" / "losses.json"
D_IN, D_SAE, BATCH, K, BANDWIDTH, TARGET, COEFFICIENT = 6, 12, 8, 3, 0.9, 5.0, 0.7
DEAD = [1, 4, 7, 10]

torch.manual_seed(3)
draw = torch.Generator().manual_seed(11)
normal = lambda *shape: torch.randn(*shape, generator=draw, dtype=torch.float64)
X = normal(BATCH, D_IN)
WEIGHTS = {"W_enc": normal(D_IN, D_SAE) / 3, "b_enc": normal(D_SAE) / 4, "W_dec": normal(D_SAE, D_IN), "b_dec": normal(D_IN) / 4}
# SAELens' auxiliary top-k has no ReLU, Gao et al.'s has one. The dead features' pre-activations are positive here, so both give the same.
WEIGHTS["b_enc"][DEAD] += 3
LOG_THRESHOLD = torch.log(torch.linspace(0.2, 1.4, D_SAE, dtype=torch.float64))
COMMON = dict(d_in=D_IN, d_sae=D_SAE, dtype="float64", apply_b_dec_to_input=True)


def run(sae, coefficients: dict[str, float], more=None) -> dict:
    with torch.no_grad():
        for name, values in WEIGHTS.items():
            getattr(sae, name).copy_(values)
    dead = torch.zeros(D_SAE, dtype=torch.bool)
    dead[DEAD] = True
    step = TrainStepInput(sae_in=X, coefficients=coefficients, dead_neuron_mask=dead, n_training_steps=0, is_logging_step=False)
    out = sae.training_forward_pass(step)
    terms = {name: value for name, value in out.losses.items() if name != "mse_loss"}
    if more is not None:
        terms = more(out)
    loss = out.losses["mse_loss"] + sum(terms.values())
    loss.backward()
    assert all(value.abs() > 1e-3 for value in terms.values()), terms
    gradients = {name: getattr(sae, name).grad.flatten().tolist() for name in WEIGHTS}
    if hasattr(sae, "threshold"):
        gradients["log_threshold"] = (sae.threshold.grad * sae.threshold.detach()).tolist()
    return {
        "mse": out.losses["mse_loss"].item(),
        "terms": {name: value.item() for name, value in terms.items()},
        "gradients": gradients,
        "active": (out.feature_acts > 0).int().flatten().tolist(),
        "smallest": out.feature_acts[out.feature_acts > 0].min().item(),
    }


def jumprelu(ste_to_input: bool = False) -> JumpReLUTrainingSAE:
    sae = JumpReLUTrainingSAE(JumpReLUTrainingSAEConfig(**COMMON, jumprelu_bandwidth=BANDWIDTH, jumprelu_ste_to_input=ste_to_input))
    # SAELens keeps thresholds in float32.
    sae.threshold = torch.nn.Parameter(LOG_THRESHOLD.exp())
    return sae


def targeted(sae: JumpReLUTrainingSAE):
    def penalty(out):
        l0 = Step.apply(out.hidden_pre, sae.threshold, BANDWIDTH, False).sum(dim=1).mean()
        return {"sparsity": COEFFICIENT * (l0 / TARGET - 1) ** 2}

    return penalty


def main() -> None:
    pre = (X - WEIGHTS["b_dec"]) @ WEIGHTS["W_enc"] + WEIGHTS["b_enc"]
    away = (pre - LOG_THRESHOLD.exp()) / BANDWIDTH
    assert ((away > 0) & (away < 0.5)).sum() > 3 and ((away < 0) & (away > -0.5)).sum() > 3
    assert (away.abs() - 0.5).abs().min() > 1e-3 and away.abs().min() > 1e-3
    topk = dict(**COMMON, k=K, rescale_acts_by_decoder_norm=False)
    with_target = jumprelu()
    cases = {
        "topk": run(TopKTrainingSAE(TopKTrainingSAEConfig(**topk)), {}),
        "batchtopk": run(BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(**topk)), {}),
        "jumprelu": run(jumprelu(), {"l0": COEFFICIENT}),
        "jumprelu with a target": run(with_target, {"l0": 0}, targeted(with_target)),
    }
    flat = lambda values: values.flatten().tolist()
    document = {
        "d_in": D_IN,
        "d_sae": D_SAE,
        "batch": BATCH,
        "k": K,
        "bandwidth": BANDWIDTH,
        "target": TARGET,
        "coefficient": COEFFICIENT,
        "dead": [int(feature in DEAD) for feature in range(D_SAE)],
        "x": flat(X),
        "weights": {name: flat(values) for name, values in {**WEIGHTS, "log_threshold": LOG_THRESHOLD}.items()},
        "cases": cases,
    }
    assert math.isfinite(sum(document["x"]))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(document) + "\n")
    for name, case in cases.items():
        print(name, round(case["mse"], 4), case["terms"], sum(case["active"]), "active")


if __name__ == "__main__":
    main()
