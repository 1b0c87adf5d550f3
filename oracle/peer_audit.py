"""
Times the generation of an audit with PyTorch + Transformers: every prompt with and without the chat template, at every
token cap. Three ways of doing it:

  published      one prompt at a time, every cap generated again (as the published pipeline does)
  careful-again  batches, a common cap per batch, every cap generated again
  careful-once   batches, generated once to the largest cap; the answers at smaller caps are prefixes

Greedy, `model.generate`, end tokens respected, left padding in a batch. Only generation is timed: no judging, no activations, no report, so
the comparison favours the peer.

A batch holds one condition (template on or off), as in a user's loop. The times of a sample, spread evenly over the prompt file, are
extrapolated by rows: seconds * (all rows / timed rows), with the same number of timed rows per condition. In a sample only full batches are
timed. A whole run's last batch is rarely full and costs more per row, so this too favours the peer. The result says which rows were timed,
and the factor of the extrapolation.
"""

import json
import time
from pathlib import Path
from typing import Any

import torch

WAYS = ["published", "careful-again", "careful-once"]


def read_prompts(file: Path) -> list[str]:
    """Reads one JSON object per line, with the user's turn under `prompt`."""
    prompts = [json.loads(line)["prompt"] for line in file.read_text().splitlines() if line.strip()]
    if not prompts:
        raise SystemExit(f"{file}: no prompts")
    return prompts


def spread(items: list, count: int) -> list:
    return [items[i * len(items) // count] for i in range(count)] if count < len(items) else items


def rows_of(tokenizer: Any, prompts: list[str]) -> tuple[list[list[int]], list[list[int]]]:
    """The two conditions: token ids of every prompt as plain text, and of every prompt through the chat template."""
    plain = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    chats = [
        tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)
        for prompt in prompts
    ]
    return plain, [tokenizer(chat, add_special_tokens=False)["input_ids"] for chat in chats]


@torch.inference_mode()
def generate(model: Any, rows: list[list[int]], cap: int) -> int:
    """Generates for one batch; returns how many tokens the answers hold, end tokens included."""
    pad = model.generation_config.pad_token_id
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    out = model.generate(ids, attention_mask=mask, max_new_tokens=cap, do_sample=False, temperature=None, top_p=None, top_k=None)
    ends = model.generation_config.eos_token_id
    ends = set(ends if isinstance(ends, list) else [ends])
    answers = out[:, width:].tolist()
    return sum(next((i + 1 for i, token in enumerate(answer) if token in ends), len(answer)) for answer in answers)


def run(model: Any, tokenizer: Any, way: str, prompts: list[str], sample: int, total: int, caps: list[int], batch: int) -> dict[str, Any]:
    conditions = rows_of(tokenizer, spread(prompts, sample))
    all_rows = len(conditions) * total
    size = 1 if way == "published" else batch
    batches = [rows[i : i + size] for rows in conditions for i in range(0, len(rows), size)]
    if sample < total:
        batches = [one for one in batches if len(one) == size]
        if not batches:
            raise SystemExit(f"{way}: {sample} prompts do not fill a batch of {size}, so they cannot stand for {total}; take --sample {size} or more")
    timed_rows = sum(map(len, batches))
    each = [max(caps)] if way == "careful-once" else caps
    seconds_per_cap, tokens = {}, 0
    generate(model, batches[0], 2)  # warm-up
    for cap in each:
        start = time.perf_counter()
        tokens += sum(generate(model, one, cap) for one in batches)
        seconds_per_cap[str(cap)] = time.perf_counter() - start
    seconds = sum(seconds_per_cap.values())
    factor = all_rows / timed_rows
    return {
        "way": way,
        "seconds": seconds * factor,
        "measuredSeconds": seconds,
        "measuredSecondsPerCap": seconds_per_cap,
        "timedRows": timed_rows,
        "allRows": all_rows,
        "extrapolationFactor": factor,
        "extrapolated": factor != 1,
        "batch": size,
        "answerTokens": tokens,
        "caps": caps,
    }
