"""
Times a JumpReLU SAE encoding activations in PyTorch; one JSON object on stdout. bench/sae.ts runs it.

    python oracle/peer_sae.py --sae FOLDER --activations FILE --rows 512

FOLDER is in SAELens's format; FILE holds `activations` [n, d_in]. Encodes --rows rows at a time, in the fastest way that
PyTorch has without autograd: addmm, then the threshold in place. Prints the tokens/s of each repeat, and the mean L0, which shows
that both sides did the same work.
"""

import argparse
import json
import statistics
import time

import torch
from safetensors.torch import load_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sae", required=True)
    parser.add_argument("--activations", required=True)
    parser.add_argument("--rows", type=int, nargs="+", required=True, help="the best of these is reported")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    weights = load_file(f"{options.sae}/sae_weights.safetensors")
    W_enc, b_enc, threshold = (weights[name].float() for name in ("W_enc", "b_enc", "threshold"))
    x = load_file(options.activations)["activations"]

    def encode(rows: int) -> int:
        active = 0
        for stretch in x.split(rows):
            pre = torch.addmm(b_enc, stretch, W_enc)
            features = pre.relu_().mul_(pre > threshold)
            active += int((features[:: max(1, rows // 8)] > 0).sum())
        return active

    best = []
    with torch.inference_mode():
        for rows in options.rows:
            encode(rows)
            rates = []
            for _ in range(options.repeats):
                start = time.perf_counter()
                encode(rows)
                rates.append(len(x) / (time.perf_counter() - start))
            if not best or statistics.median(rates) > statistics.median(best):
                best, best_rows = rates, rows
        features = torch.relu(torch.addmm(b_enc, x[:256], W_enc))
        l0 = ((features > threshold).sum() / len(features)).item()
    print(
        json.dumps(
            {
                "peer": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, {best_rows} rows at a time",
                "tokensPerSecond": statistics.median(best),
                "runs": best,
                "meanL0": l0,
            }
        )
    )


if __name__ == "__main__":
    main()
