"""
Makes test/fixtures/sae-formats/<name>/: a tiny sparse autoencoder in each published format except SAELens's own.

    python oracle/sae_format_fixtures.py        (oracle/requirements.txt, then: pip install --no-deps -r oracle/requirements-sae.txt)

Each folder holds the files of the format and expected.safetensors, float32: inputs [n, d_in], features [n, d_sae],
reconstruction [n, d_in]. Where the expected numbers come from:
- sparsify and dictionary_learning: their own classes save the files and compute the numbers (dictionary_learning's through from_pretrained,
  which load_dictionary calls). Empty modules replace nnsight and schedulefree, which those packages import only for training; sparsify
  decodes without Triton.
- Llama Scope R1: SAELens' SAE.from_pretrained, which gets the files instead of downloading them. The trainers' own loader is transcribed
  into PyTorch as well.
- The others: a transcription into PyTorch of the loader that each function names.
cases.json has each case's format, path and model, as a reader must report them.

Inputs: one outlier dimension, and a first row of norm 500, like that of a BOS token. Rounding decides for no feature whether it is active.
"""

import json
import math
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

os.environ["SPARSIFY_DISABLE_TRITON"] = "1"
for missing, imported in (("nnsight", "LanguageModel"), ("schedulefree", "ScheduleFreeWrapper")):
    sys.modules[missing] = ModuleType(missing)
    setattr(sys.modules[missing], imported, object)

import numpy as np
import torch
from dictionary_learning.dictionary import AutoEncoder, AutoEncoderNew, GatedAutoEncoder, JumpReluAutoEncoder
from dictionary_learning.trainers.batch_top_k import BatchTopKSAE
from dictionary_learning.trainers.matryoshka_batch_top_k import MatryoshkaBatchTopKSAE
from dictionary_learning.trainers.top_k import AutoEncoderTopK
from sae_lens import SAE
from sae_lens.loading import pretrained_sae_loaders
from sae_lens.loading.pretrained_saes_directory import get_norm_scaling_factor
from safetensors.torch import save_file
from sparsify import SparseCoder, SparseCoderConfig

ROOT = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "sae-formats"
D_IN, D_SAE, ROWS, K = 16, 48, 8, 6


class Random:
    def __init__(self, seed: int):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, scale: float = 1.0) -> torch.Tensor:
        return scale * torch.randn(*shape, generator=self.generator)

    def inputs(self) -> torch.Tensor:
        x = self.normal(ROWS, D_IN, scale=2.0)
        x[:, 3] += 60.0
        x[0] *= 500.0 / x[0].norm()
        return x

    def weights(self) -> dict[str, torch.Tensor]:
        """Decoder rows of unequal norms; small encoder weights for the outlier dimension."""
        W_enc = self.normal(D_IN, D_SAE, scale=0.4)
        W_enc[3] *= 0.05
        return {
            "W_enc": W_enc,
            "W_dec": self.normal(D_SAE, D_IN, scale=0.3) * (0.5 + 2 * torch.rand(D_SAE, 1, generator=self.generator)),
            "b_enc": self.normal(D_SAE, scale=0.5),
            "b_dec": self.normal(D_IN),
            "threshold": self.normal(D_SAE, scale=0.5).abs() + 0.3,
        }


def margin(values: torch.Tensor) -> None:
    assert values.abs().min() > 1e-3, "margin"


def jumprelu(pre: torch.Tensor, threshold: torch.Tensor | float) -> torch.Tensor:
    margin(pre - threshold)
    return torch.relu(pre) * (pre > threshold)


def topk(pre: torch.Tensor, k: int) -> torch.Tensor:
    best = pre.topk(k + 1).values
    margin(best[:, -2] - best[:, -1])
    values, indices = pre.topk(k)
    return torch.zeros_like(pre).scatter(-1, indices, values.relu())


def finish(home: Path, x: torch.Tensor, features: torch.Tensor, reconstruction: torch.Tensor) -> None:
    assert features.isfinite().all() and (features > 0).any(dim=1).all() and (features == 0).any()
    tensors = {"inputs": x, "features": features.float(), "reconstruction": reconstruction.float()}
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, home / "expected.safetensors")


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def gemma_scope(home: Path, r: Random) -> str:
    """sae_lens: gemma_2_sae_huggingface_loader."""
    w, x = r.weights(), r.inputs()
    path = "gemma-scope-2b-pt-res/layer_1/width_16k/average_l0_12/params.npz"
    (home / path).parent.mkdir(parents=True)
    np.savez(home / path, **{name: value.numpy() for name, value in w.items()})
    z = jumprelu(x @ w["W_enc"] + w["b_enc"], w["threshold"])
    finish(home, x, z, z @ w["W_dec"] + w["b_dec"])
    return path


def gemma_scope_2(home: Path, r: Random) -> str:
    """sae_lens: gemma_3_sae_huggingface_loader."""
    w, x = r.weights(), r.inputs()
    config = {
        "architecture": "jump_relu",
        "model_name": "gemma-v3-270m-pt",
        "hf_hook_point_in": "model.layers.1.output",
        "hf_hook_point_out": "model.layers.1.output",
        "width": D_SAE,
        "l0": 12,
        "type": "sae",
    }
    write_json(home / "sae/config.json", config)
    save_file({name.lower(): value for name, value in w.items()}, home / "sae/params.safetensors")
    z = jumprelu(x @ w["W_enc"] + w["b_enc"], w["threshold"])
    finish(home, x, z, z @ w["W_dec"] + w["b_dec"])
    return "sae"


def llama_scope_numbers(w: dict, x: torch.Tensor, norm_in: float, norm_out: float, threshold: torch.Tensor | float) -> tuple:
    """The trainers' loader (lm_saes: standardize_parameters_of_dataset_norm, transform_to_unit_decoder_norm)."""
    s_in, s_out = math.sqrt(D_IN) / norm_in, math.sqrt(D_IN) / norm_out
    b_enc, b_dec = w["b_enc"] / s_in, w["b_dec"] / s_out
    W_dec = w["W_dec"] * s_in / s_out
    norm = W_dec.norm(dim=1)
    z = jumprelu(x @ (w["W_enc"] * norm) + b_enc * norm, threshold)
    return z, z @ (W_dec / norm[:, None]) + b_dec


def llama_scope(home: Path, r: Random) -> str:
    w, x = {name: value.bfloat16() for name, value in r.weights().items()}, r.inputs()
    stored = {"encoder.weight": w["W_enc"].T, "encoder.bias": w["b_enc"], "decoder.weight": w["W_dec"].T, "decoder.bias": w["b_dec"]}
    hyperparams = {
        "d_model": D_IN,
        "d_sae": D_SAE,
        "expansion_factor": D_SAE // D_IN,
        "hook_point_in": "blocks.1.hook_resid_post",
        "hook_point_out": "blocks.1.hook_resid_post",
        "dataset_average_activation_norm": {"in": 60.0, "out": 48.0},
        "jump_relu_threshold": 0.7,
        "sparsity_include_decoder_norm": True,
        "act_fn": "jumprelu",
    }
    write_json(home / "sae/hyperparams.json", hyperparams)
    (home / "sae/checkpoints").mkdir()
    save_file({name: value.contiguous() for name, value in stored.items()}, home / "sae/checkpoints/final.safetensors")
    finish(home, x, *llama_scope_numbers({name: value.float() for name, value in w.items()}, x, 60.0, 48.0, 0.7))
    return "sae"


def llama_scope_r1_files(home: Path, w: dict, x: torch.Tensor, norm: float, include_decoder_norm: bool) -> None:
    """The keys of config.json are those that BaseSAEConfig and SAEConfig of lm_saes write."""
    hook = "blocks.1.hook_resid_post"
    stored = {"encoder.weight": w["W_enc"].T, "encoder.bias": w["b_enc"], "decoder.weight": w["W_dec"].T, "decoder.bias": w["b_dec"]}
    stored |= {"log_jumprelu_threshold": w["threshold"].log(), f"dataset_average_activation_norm.{hook}": torch.tensor(norm)}
    config = {
        "sae_type": "sae",
        "hook_point_in": hook,
        "hook_point_out": hook,
        "d_model": D_IN,
        "expansion_factor": D_SAE // D_IN,
        "use_decoder_bias": True,
        "use_glu_encoder": False,
        "act_fn": "jumprelu",
        "jump_relu_threshold": 0.0,
        "apply_decoder_bias_to_pre_encoder": False,
        "norm_activation": "dataset-wise",
        "sparsity_include_decoder_norm": include_decoder_norm,
        "force_unit_decoder_norm": False,
        "top_k": 50,
        "use_triton_kernel": False,
        "sparsity_threshold_for_triton_spmm_kernel": 0.99,
        "jumprelu_threshold_window": 2.0,
    }
    write_json(home / "sae/config.json", config)
    save_file({name: value.contiguous() for name, value in stored.items()}, home / "sae/sae_weights.safetensors")


# SAELens has the input's factor in its own directory of SAEs, so the fixture uses the norm that gives this SAE's factor.
R1_RELEASE, R1_ID = "llama_scope_r1_distill", "l15r_400m_slimpajama_400m_openr1_math"


def llama_scope_r1(home: Path, r: Random) -> str:
    """SAE.from_pretrained of SAELens; only its download is replaced. Its features are those of scaled inputs: s times ours."""
    w, x = r.weights(), r.inputs()
    scale = get_norm_scaling_factor(R1_RELEASE, R1_ID)
    x = x * (math.sqrt(D_IN) / scale / x[1:].norm(dim=1).mean())
    llama_scope_r1_files(home, w, x, math.sqrt(D_IN) / scale, include_decoder_norm=False)


    def handed(repo_id: str, filename: str, **_: object) -> str:
        return str(home / "sae" / Path(filename).name)

    pretrained_sae_loaders.hf_hub_download = handed
    sae = SAE.from_pretrained(R1_RELEASE, R1_ID)
    pre = scale * x @ w["W_enc"] + w["b_enc"]
    margin(pre - w["threshold"])
    assert not torch.equal(pre > w["threshold"], pre / scale > w["threshold"]), "the threshold's unit decides nothing"
    with torch.no_grad():
        z = sae.encode(x)
        finish(home, x, z / scale, sae.decode(z))
    return "sae"


def llama_scope_r1_normed(home: Path, r: Random) -> str:
    """lm_saes, whose sparsity includes the decoder's norm: SparseAutoEncoder.encode on inputs that normalize_activations has scaled."""
    w, x = r.weights(), r.inputs()
    norm = 60.0
    llama_scope_r1_files(home, w, x, norm, include_decoder_norm=True)
    scale, rows = math.sqrt(D_IN) / norm, w["W_dec"].norm(dim=1)
    pre = scale * x @ w["W_enc"] + w["b_enc"]
    active = jumprelu(pre * rows, w["threshold"].log().exp())
    reconstruction = ((active / rows) @ w["W_dec"] + w["b_dec"]) / scale
    finish(home, x, active / scale, reconstruction)
    return "sae"


def qwen_scope(home: Path, r: Random) -> str:
    """sae_lens: qwen_scope_sae_huggingface_loader."""
    w, x = r.weights(), r.inputs()
    path = f"SAE-Res-Qwen3-1.7B-Base-W32K-L0_{K}/layer1.sae.pt"
    (home / path).parent.mkdir(parents=True)
    stored = {"W_enc": w["W_enc"].T.contiguous(), "W_dec": w["W_dec"].T.contiguous(), "b_enc": w["b_enc"], "b_dec": w["b_dec"]}
    torch.save(stored, home / path)
    z = topk(x @ w["W_enc"] + w["b_enc"], K)
    finish(home, x, z, z @ w["W_dec"] + w["b_dec"])
    return path


def topk_pt(linear: bool):
    """The authors' encoder: pre = x·W_enc + b_enc, ReLU, top-k."""

    def make(home: Path, r: Random) -> str:
        w, x = r.weights(), r.inputs()
        stored = {name: w[name] for name in ("W_enc", "W_dec", "b_enc", "b_dec")}
        if linear:
            stored = {"W_enc.weight": w["W_enc"].T, "W_enc.bias": w["b_enc"], "W_dec.weight": w["W_dec"].T, "W_dec.bias": w["b_dec"]}
        torch.save(stored, home / "domain.pt")
        (home / "domain.meta.json").write_text(json.dumps({"k": K, "d_sae": D_SAE, "layer": 1, "final_loss": math.nan, "note": "NaN"}) + "\n")
        z = topk((x @ w["W_enc"] + w["b_enc"]).relu(), K)
        finish(home, x, z, z @ w["W_dec"] + w["b_dec"])
        return "domain.pt"

    return make


def sparsify_case(transcode: bool, activation: str = "topk"):
    def make(home: Path, r: Random) -> str:
        w, x = r.weights(), r.inputs()
        coder = SparseCoder(D_IN, SparseCoderConfig(num_latents=D_SAE, k=K, transcode=transcode, activation=activation))
        with torch.no_grad():
            coder.encoder.weight.copy_(w["W_enc"].T)
            coder.encoder.bias.copy_(w["b_enc"])
            coder.W_dec.copy_(w["W_dec"])
            coder.b_dec.copy_(w["b_dec"])
            coder.save_to_disk(home / "layers.1")
            coder = SparseCoder.load_from_disk(home / "layers.1")
            pre = coder.encoder(x if transcode else x - coder.b_dec)
            topk(*(pre, K) if activation == "topk" else (pre.unflatten(-1, (K, -1)).flatten(0, 1), 1))
            out = coder(x)
            z = torch.zeros(ROWS, D_SAE).scatter(-1, out.latent_indices, out.latent_acts)
        finish(home, x, z, out.sae_out)
        return "layers.1"

    return make


def dictionary(cls: type, **arguments):
    def make(home: Path, r: Random) -> str:
        w, x = r.weights(), r.inputs()
        extra = {"k": K} if "k" in arguments else {}
        ae = cls(D_IN, D_SAE, **arguments)
        with torch.no_grad():
            for name, parameter in [*ae.named_parameters(), *ae.named_buffers()]:
                if name in ("encoder.weight", "decoder.weight"):
                    parameter.copy_(w["W_enc" if name.startswith("enc") else "W_dec"].T)
                elif name in ("k", "group_sizes"):
                    pass
                elif name == "threshold" and parameter.ndim == 0:
                    parameter.fill_(0.8)
                elif name in w:
                    parameter.copy_(w[name])
                elif parameter.shape == (D_SAE,):
                    parameter.copy_(r.normal(D_SAE, scale=0.4))
                else:
                    parameter.copy_(w["b_dec"])
        (home / "trainer_0").mkdir(parents=True)
        torch.save({name: value.cpu() for name, value in ae.state_dict().items()}, home / "trainer_0/ae.pt")
        trainer = {"dict_class": cls.__name__, "activation_dim": D_IN, "dict_size": D_SAE, "layer": 1, "lm_name": "tiny-llama"}
        write_json(home / "trainer_0/config.json", {"trainer": {**trainer, **extra, "submodule_name": "resid_post_layer_1"}, "buffer": {}})
        with torch.no_grad():
            loaded = cls.from_pretrained(home / "trainer_0/ae.pt", **extra)
            z = loaded.encode(x)
            near = loaded.encode(x * (1 + 1e-5))
            assert torch.equal(z > 0, near > 0), "margin"
            finish(home, x, z, loaded.decode(z))
        return "trainer_0"

    return make


CASES = [
    ("gemma-scope", "gemma-scope", gemma_scope),
    ("gemma-scope-2", "gemma-scope-2", gemma_scope_2),
    ("llama-scope", "llama-scope", llama_scope),
    ("llama-scope-r1", "llama-scope-r1", llama_scope_r1),
    ("qwen-scope", "qwen-scope", qwen_scope),
    ("sparsify", "sparsify", sparsify_case(False)),
    ("sparsify-transcoder", "sparsify", sparsify_case(True)),
    ("dictionary-standard", "dictionary-learning", dictionary(AutoEncoder)),
    ("dictionary-new", "dictionary-learning", dictionary(AutoEncoderNew)),
    ("dictionary-gated", "dictionary-learning", dictionary(GatedAutoEncoder)),
    ("dictionary-topk", "dictionary-learning", dictionary(AutoEncoderTopK, k=K)),
    ("dictionary-batchtopk", "dictionary-learning", dictionary(BatchTopKSAE, k=K)),
    ("dictionary-jumprelu", "dictionary-learning", dictionary(JumpReluAutoEncoder)),
    ("dictionary-matryoshka", "dictionary-learning", dictionary(MatryoshkaBatchTopKSAE, k=K, group_sizes=[16, 32])),
    ("topk-pt", "topk-pt", topk_pt(False)),
    ("topk-pt-linear", "topk-pt", topk_pt(True)),
    ("sparsify-groupmax", "sparsify", sparsify_case(False, "groupmax")),
    ("llama-scope-r1-normed", "llama-scope-r1", llama_scope_r1_normed),
]


# The model that the files or their path name; for the other formats they name none.
MODELS = {
    "gemma-scope": "google/gemma-2-2b",
    "gemma-scope-2": "gemma-v3-270m-pt",
    "qwen-scope": "Qwen/Qwen3-1.7B-Base",
    "dictionary-learning": "tiny-llama",
}


def main() -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    cases = []
    for number, (name, form, make) in enumerate(CASES):
        for seed in range(1000 * number, 1000 * number + 200):
            home = ROOT / name
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            torch.manual_seed(seed)
            try:
                path = make(home, Random(seed))
                break
            except AssertionError as reason:
                if "margin" not in str(reason):
                    raise
        else:
            raise SystemExit(f"{name}: no seed fits")
        cases.append({"name": name, "format": form, "path": f"{name}/{path}", "modelName": MODELS.get(form)})
        print(name, seed)
    made_by = f"oracle/sae_format_fixtures.py: eai-sparsify 1.3.3, dictionary-learning 0.1.0, torch {torch.__version__.split('+')[0]}"
    write_json(ROOT / "cases.json", {"madeBy": made_by, "cases": cases})


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
