"""
Times TransformerLens' run_with_cache on a random Llama of a given shape; one JSON object on stdout. bench/capture.ts runs it.

    python oracle/peer_capture.py --shape '{"n_layers": 30, ...}' --batch 8 --tokens 64
"""

import argparse
import importlib.metadata
import json
import statistics
import time

import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=json.loads, required=True, help="sizes as HookedTransformerConfig names them")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    config = HookedTransformerConfig(
        **options.shape,
        n_ctx=2048,
        act_fn="silu",
        gated_mlp=True,
        normalization_type="RMS",
        positional_embedding_type="rotary",
        rotary_dim=options.shape["d_head"],
        final_rms=True,
        device="cpu",
    )
    model = HookedTransformer(config).eval()
    ids = torch.randint(4, config.d_vocab, (options.batch, options.tokens), generator=torch.Generator().manual_seed(0))
    rates = []
    with torch.inference_mode():
        for run in range(options.repeats + 1):
            start = time.perf_counter()
            model.run_with_cache(ids)
            if run > 0:
                rates.append(ids.numel() / (time.perf_counter() - start))
    version = importlib.metadata.version("transformer-lens")
    print(json.dumps({"peer": f"TransformerLens {version}", "tokensPerSecond": statistics.median(rates), "runs": rates}))


if __name__ == "__main__":
    main()
