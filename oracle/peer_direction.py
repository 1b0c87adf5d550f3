"""
Times the measuring of candidate directions in PyTorch + Transformers; one JSON object on stdout. bench/anatomy.ts runs it.

    python oracle/peer_direction.py --model FILE.gguf --prompts P.json --places 12:-1,17:-2 [--way batched|published] [--threads 2]

P.json as for direction_fixtures.py. batched: all prompts of a side in one padded batch, no gradient bookkeeping, the head at the last
token only. published: as the loop of the authors' code (arXiv 2406.11717): batches of 32, the head at every token, logits in
float64. Both print the table, so that bench/anatomy.ts can compare the numbers too.
"""

import argparse
import json
import time
from pathlib import Path

import torch
import transformers

from direction_fixtures import opened
from direction_table import ablating, adding, difference_of_means, kl, log_odds

BATCH = 32


def padded(prompts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Left padding, as in the authors' code. Positions count from the first real token."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in prompts])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in prompts])
    return ids, mask


def last_logits(model, prompts: list[list[int]], published: bool) -> torch.Tensor:
    out = []
    for start in range(0, len(prompts), BATCH):
        ids, mask = padded(prompts[start : start + BATCH])
        keep = {} if published else {"logits_to_keep": 1}
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        logits = model(ids, attention_mask=mask, position_ids=positions, use_cache=False, **keep).logits
        out.append(logits.double()[:, -1] if published else logits[:, -1])
    return torch.cat(out)


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--places", type=lambda text: [tuple(map(int, place.split(":"))) for place in text.split(",")], required=True)
    parser.add_argument("--way", choices=["batched", "published"], default="batched")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    plan = json.loads(options.prompts.read_text())
    model, published = opened(options.model), options.way == "published"
    fit, validate, positions, tokens = plan["fit"], plan["validate"], plan["positions"], plan["tokens"]
    difference = difference_of_means(model, fit["harmful"], fit["harmless"], positions)
    clean = last_logits(model, validate["harmless"], published)
    start, before = time.perf_counter(), time.process_time()
    candidates = []
    for layer, position in options.places:
        vector = difference[layer + 1, positions.index(position)]
        with ablating(model, (vector / vector.norm()).float()):
            bypass = log_odds(last_logits(model, validate["harmful"], published), tokens).mean().item()
            divergence = kl(clean, last_logits(model, validate["harmless"], published)).mean().item()
        with adding(model, layer, vector.float()):
            induce = log_odds(last_logits(model, validate["harmless"], published), tokens).mean().item()
        candidates.append({"layer": layer, "position": position, "bypass": bypass, "induce": induce, "kl": divergence})
    seconds = (time.perf_counter() - start) / len(candidates)
    processor = (time.process_time() - before) / len(candidates)
    peer = f"PyTorch {torch.__version__} + Transformers {transformers.__version__}, {options.way}"
    print(json.dumps({"peer": peer, "secondsPerCandidate": seconds, "processorPerCandidate": processor, "candidates": candidates}))


if __name__ == "__main__":
    main()
