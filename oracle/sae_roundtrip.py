"""Holds an SAE that Fathom trained, and what Fathom computes with it, against SAELens.

    fathom sae train ... --out SAE
    fathom sae encode --sae SAE --activations A.safetensors --out Z.safetensors
    python oracle/sae_roundtrip.py SAE A.safetensors Z.safetensors

Loads the folder with SAELens, encodes and decodes the tensor `activations` of A, and compares with `features` and `reconstruction` of Z
row by row. Prints the largest relative error of a row and the share of tokens whose active features agree; exits 1 where a row differs by
more than 1e-5. A token on which rounding decides whether a feature is active (the k-th and (k+1)-th pre-activation tie, or one ties with its
threshold) may be read either way; such rows are counted apart.
"""

import sys
from pathlib import Path

import torch
from sae_lens import SAE
from safetensors.torch import load_file

TOLERANCE = 1e-5


def row_errors(found: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    return (found - expected).norm(dim=1) / expected.norm(dim=1).clamp(min=1e-30)


@torch.no_grad()
def main(folder: str, activations_path: str, encoded_path: str) -> None:
    sae = SAE.load_from_disk(Path(folder), dtype="float32")
    metadata = sae.cfg.metadata
    print(f"{sae.cfg.architecture()} d_in {sae.cfg.d_in} d_sae {sae.cfg.d_sae}, {metadata.model_name} {metadata.hook_name}")
    print(f"metadata.fathom: {metadata.fathom}")
    activations = load_file(activations_path)["activations"].float()
    encoded = load_file(encoded_path)
    assert encoded["features"].dtype == encoded["reconstruction"].dtype == torch.float32

    pre = (activations - sae.b_dec * sae.cfg.apply_b_dec_to_input) @ sae.W_enc + sae.b_enc
    if sae.cfg.architecture() == "topk":
        best = pre.topk(sae.cfg.k + 1).values
        margin = best[:, -2] - best[:, -1]
    else:
        margin = (pre - sae.threshold).abs().min(dim=1).values
    tied = margin <= 1e-5 * pre.max(dim=1).values.abs()
    features = sae.encode(activations)
    clear = ~tied
    same_active = ((features > 0) == (encoded["features"] > 0)).all(dim=1)
    errors = {
        "features": row_errors(encoded["features"], features)[clear].max().item(),
        "reconstruction": row_errors(encoded["reconstruction"], sae.decode(features))[clear].max().item(),
    }
    residual = activations - sae.decode(features)
    explained = 1 - residual.square().sum() / (activations - activations.mean(dim=0)).square().sum()
    print(f"{len(activations)} tokens, {int(tied.sum())} that rounding decides; active features agree on {same_active[clear].float().mean():.4%}")
    print(f"largest error of a row: {errors}; variance explained, by SAELens: {explained:.6f}")
    if max(errors.values()) > TOLERANCE or not same_active[clear].all():
        raise SystemExit(f"expected rows within {TOLERANCE}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:4])
