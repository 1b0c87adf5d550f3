"""
Checks with SAELens the SAEs that Fathom trains.

    python oracle/sae_roundtrip.py                                    # 15 seconds, makes test/fixtures/sae-export/
    python oracle/sae_roundtrip.py SAE A.safetensors Z.safetensors    # compares any other SAE with SAELens

The fixture: `fathom sae train` exports a tiny SAE of the bundled organism for each objective; SAELens opens it, encodes and decodes.
NAME/cfg.json and NAME/sae_weights.safetensors are the export. inputs.safetensors holds `inputs` [n, d_in], the organism's residuals; the
first is that of a first token, with one outlier dimension that raises its norm to 500. NAME/expected.safetensors holds SAELens's
`features` [n, d_sae] and `reconstruction` [n, d_in]. cases.json holds each one's command and SAELens' name of its architecture. Rounding
decides for no feature whether it is active.

With arguments it compares the result of `fathom sae encode --sae SAE --activations A.safetensors --out Z.safetensors` with SAELens, row by
row. It prints the largest relative error of a row and the share of tokens whose active features agree, and exits 1 if a row differs by more
than 1e-5. A token on which rounding decides (the k-th and (k+1)-th pre-activation tie, or one ties with its threshold) is counted separately.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import sae_lens
import torch
from sae_lens import SAE
from safetensors.torch import load_file, save_file

TOLERANCE = 1e-5
ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "test" / "fixtures" / "sae-export"
LAYER, ROWS, OUTLIER = 2, 12, 3
MODEL = ["--model", "organisms/demo", "--prompts", "fiction", "--threads", "1", "--quiet"]
TRAIN = ["--layer", str(LAYER), "--d-sae", "48", "--steps", "200", "--batch-size", "256", "--seed", "0"]
OBJECTIVES = {"topk": ["--k", "6"], "batchtopk": ["--k", "6"], "jumprelu": ["--sparsity", "1", "--target-l0", "6"]}


def fathom(*args: str) -> None:
    subprocess.run(["node_modules/.bin/node", "src/cli/main.ts", *args], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def decided_by_rounding(sae: SAE, x: torch.Tensor) -> torch.Tensor:
    """[n], true for a row on which rounding decides."""
    pre = (x - sae.b_dec * sae.cfg.apply_b_dec_to_input) @ sae.W_enc + sae.b_enc
    if sae.cfg.architecture() == "topk":
        best = pre.topk(sae.cfg.k + 1).values
        margin = best[:, -2] - best[:, -1]
    else:
        margin = (pre - sae.threshold).abs().min(dim=1).values
    return margin <= 1e-5 * pre.max(dim=1).values.abs()


def residuals(scratch: Path) -> torch.Tensor:
    """The organism's residuals on the first prompts: one first token's, scaled to a norm of 500, and others from all positions."""
    captured = scratch / "captured.safetensors"
    fathom("capture", *MODEL, "--layers", str(LAYER), "--out", str(captured))
    texts = [tensor for name, tensor in sorted(load_file(captured).items()) if name.endswith(f".resid_post.{LAYER}")]
    first = texts[0][0].clone()
    rest = first.square().sum() - first[OUTLIER].square()
    first[OUTLIER] = (500.0**2 - rest).sqrt()
    others = torch.cat([text[1:] for text in texts])
    return torch.cat([first[None], others[:: len(others) // 50]])


@torch.no_grad()
def make() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        x = residuals(scratch)
        for name, options in OBJECTIVES.items():
            fathom("sae", "train", *MODEL, *TRAIN, "--objective", name, *options, "--out", str(scratch / name))
            (OUT / name).mkdir(parents=True)
            for file in ("cfg.json", "sae_weights.safetensors"):
                shutil.copy(scratch / name / file, OUT / name)
    saes = {name: SAE.load_from_disk(OUT / name, dtype="float32") for name in OBJECTIVES}
    clear = ~torch.stack([decided_by_rounding(sae, x) for sae in saes.values()]).any(dim=0)
    assert clear[0], "rounding decides the row of norm 500"
    inputs = x[clear][:ROWS].contiguous()
    assert len(inputs) == ROWS
    save_file({"inputs": inputs}, OUT / "inputs.safetensors")
    cases = []
    for name, sae in saes.items():
        features = sae.encode(inputs)
        assert (features > 0).any(dim=1).all()
        save_file({"features": features.contiguous(), "reconstruction": sae.decode(features).contiguous()}, OUT / name / "expected.safetensors")
        command = ["fathom", "sae", "train", *MODEL, *TRAIN, "--objective", name, *OBJECTIVES[name]]
        cases.append({"name": name, "architecture": sae.cfg.architecture(), "command": " ".join(command)})
        print(name, sae.cfg.architecture(), "active a row", (features > 0).sum(dim=1).tolist())
    made_by = f"oracle/sae_roundtrip.py: sae-lens {sae_lens.__version__}, torch {torch.__version__}"
    (OUT / "cases.json").write_text(json.dumps({"madeBy": made_by, "cases": cases}, indent=1) + "\n")


def row_errors(found: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    return (found - expected).norm(dim=1) / expected.norm(dim=1).clamp(min=1e-30)


@torch.no_grad()
def compare(folder: str, activations_path: str, encoded_path: str) -> None:
    sae = SAE.load_from_disk(Path(folder), dtype="float32")
    metadata = sae.cfg.metadata
    print(f"{sae.cfg.architecture()} d_in {sae.cfg.d_in} d_sae {sae.cfg.d_sae}, {metadata.model_name} {metadata.hook_name}")
    print(f"metadata.fathom: {metadata.fathom}")
    activations = load_file(activations_path)["activations"].float()
    encoded = load_file(encoded_path)
    assert encoded["features"].dtype == encoded["reconstruction"].dtype == torch.float32

    tied = decided_by_rounding(sae, activations)
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
    if len(sys.argv) == 1:
        make()
    else:
        compare(*sys.argv[1:4])
