"""
Tensor files other than safetensors, written by their own libraries: NumPy's .npz and torch.save's .pt (zip, and the
layout before PyTorch 1.6), and plain pickles of every protocol. `expected.json` holds their contents.

    python oracle/tensor_files.py        # about 5 seconds, writes test/fixtures/tensor-files/
"""

import collections
import json
import pickle
from pathlib import Path

import numpy as np
import torch

OUT = Path("test/fixtures/tensor-files")


def numbers(tensor: torch.Tensor) -> dict:
    return {"shape": list(tensor.shape), "values": tensor.detach().to(torch.float32).flatten().tolist()}


def tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    base = torch.randn(5, 7)
    return {
        "plain": base,
        "transposed": base.T,
        "slice": torch.randn(6, 8)[1:5:2, 2:6],
        "third_axis": torch.randn(2, 3, 4).permute(2, 0, 1),
        "half": torch.randn(3, 4).to(torch.float16),
        "bfloat16": torch.randn(4, 3).to(torch.bfloat16),
        "double": torch.randn(2, 2, dtype=torch.float64),
        "parameter": torch.nn.Parameter(torch.randn(3)),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 4),
    }


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    state = tensors()
    expected: dict = {"tensors": {name: numbers(tensor) for name, tensor in state.items()}}

    module = torch.nn.Linear(3, 2)
    saved = {"state": dict(state), "module": module.state_dict(), "steps": 12, "rate": 0.5, "name": "größe", "ids": torch.arange(4), "dtype": torch.float32}
    torch.save(saved, OUT / "zip.pt")
    torch.save(saved, OUT / "legacy.pt", _use_new_zipfile_serialization=False)
    expected["module"] = {name: numbers(tensor) for name, tensor in module.state_dict().items()}

    arrays = {
        "single": np.arange(12, dtype="<f4").reshape(3, 4) / 7,
        "half": np.arange(6, dtype="<f2").reshape(2, 3) / 3,
        "double": np.arange(4, dtype="<f8") / 3,
        "fortran": np.asfortranarray(np.arange(12, dtype="<f4").reshape(3, 4)),
        "scalar": np.float32(1.5),
    }
    np.savez(OUT / "arrays.npz", **arrays)
    np.savez_compressed(OUT / "compressed.npz", single=arrays["single"])
    np.savez(OUT / "integers.npz", ids=np.arange(3))
    expected["arrays"] = {name: {"shape": list(np.shape(a)), "values": np.asarray(a, dtype=np.float32).flatten().tolist()} for name, a in arrays.items()}

    nested = collections.OrderedDict(a=[1, -2, 2**40, 0.25, True, None], b=("text", "ünï\n'\""), c={"x": {}, 3: [[]], False: ()})
    shared = ["again"]
    nested["d"] = [shared, shared]
    for protocol in range(6):
        (OUT / f"nested-{protocol}.pkl").write_bytes(pickle.dumps(nested, protocol=protocol))
    (OUT / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main()
