"""
Times PyTorch + Transformers on the same work and the same machine; one JSON object on stdout, progress on stderr.
Only `bench/ --peer` runs it.

    python oracle/peer_bench.py --model DIR_OR_FILE.gguf --decode 1,8,32 --prefill 512
    python oracle/peer_bench.py --model FILE.gguf --prompts bench/biology-156.jsonl --audit published,careful-again,careful-once --sample 32
    python oracle/peer_bench.py --shape 0.5b --cache DIR --decode 1,8,32

decode:  tokens/s over the whole batch, after a prompt of --prompt-tokens, in a bare loop over the model with its key/value cache and arg-max
         (less work per step than `generate`, so it favours the peer). prefill: prompt tokens/s at batch 1, last logit only.
Both are medians of --repeats runs after one warm-up. Attention is the library's default (SDPA where the model has it).
audit:   see peer_audit.py; --sample prompts are timed and extrapolated to --total (default: all prompts of the file), and the object says so.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

import peer_audit
import peer_shapes


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")] if text else []


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", type=Path, help="a Hugging Face folder or a .gguf file")
    which.add_argument("--shape", choices=sorted(peer_shapes.SHAPES), help="a random checkpoint of this shape, made once under --cache")
    parser.add_argument("--cache", type=Path, help="the folder for --shape (outside the repository; 2 GB for 0.5b in float32)")
    parser.add_argument("--prepare", action="store_true", help="with --shape: only make the checkpoint and print its folder")
    parser.add_argument("--disk-dtype", default="float32", choices=["float32", "bfloat16"], help="with --shape: the dtype on disk")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"], help="the dtype of the computation")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--decode", type=numbers, default=[], metavar="B,B", help="batch sizes")
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--steps", type=int, default=32, help="decoded tokens per row and run")
    parser.add_argument("--prefill", type=numbers, default=[], metavar="T,T", help="prompt lengths")
    parser.add_argument("--audit", type=lambda text: text.split(","), default=[], metavar="WAY,WAY", help=", ".join(peer_audit.WAYS))
    parser.add_argument("--prompts", type=Path, help="with --audit: JSON lines with the user's turn under `prompt`")
    parser.add_argument("--caps", type=numbers, default=[80, 150, 200])
    parser.add_argument("--audit-batch", type=int, default=32)
    parser.add_argument("--sample", type=int, help="with --audit: how many prompts are timed (default: all)")
    parser.add_argument("--total", type=int, help="with --audit: how many prompts the result stands for (default: all in the file)")
    options = parser.parse_args()
    if options.shape and not options.cache:
        parser.error("--shape needs --cache DIR")
    if options.prepare and not options.shape:
        parser.error("--prepare needs --shape")
    if options.audit and not options.prompts:
        parser.error("--audit needs --prompts FILE")
    unknown = set(options.audit) - set(peer_audit.WAYS)
    if unknown:
        parser.error(f"--audit: unknown {', '.join(sorted(unknown))}; known are {', '.join(peer_audit.WAYS)}")
    if options.repeats < 1 or options.steps < 1 or options.prompt_tokens < 1 or (options.sample is not None and options.sample < 1):
        parser.error("--repeats, --steps, --prompt-tokens and --sample must be at least 1")
    return options


def load(path: Path, dtype: str) -> tuple[Any, Any, float]:
    """The model, its tokenizer (None if the folder has none), and the seconds that loading took."""
    where: dict[str, Any] = {}
    if path.suffix == ".gguf":
        path, where = path.parent, {"gguf_file": path.name}
    start = time.perf_counter()
    model = AutoModelForCausalLM.from_pretrained(path, **where, dtype=getattr(torch, dtype)).eval()
    seconds = time.perf_counter() - start
    tokenizer = AutoTokenizer.from_pretrained(path, **where)
    if model.generation_config.pad_token_id is None:
        raise SystemExit(f"{path}: no pad_token_id in the generation settings; a batch cannot be padded")
    return model, tokenizer, seconds


def random_ids(model: Any, batch: int, length: int) -> torch.Tensor:
    return torch.randint(4, model.config.vocab_size, (batch, length), generator=torch.Generator().manual_seed(length))


def median_rate(run: Any, tokens: int, repeats: int) -> dict[str, Any]:
    """`run` returns the seconds to count."""
    run()
    rates = [tokens / run() for _ in range(repeats)]
    return {"tokensPerSecond": statistics.median(rates), "runs": rates}


@torch.inference_mode()
def decode(model: Any, batch: int, options: argparse.Namespace) -> dict[str, Any]:
    ids = random_ids(model, batch, options.prompt_tokens)

    def run() -> float:
        out = model(ids, use_cache=True, logits_to_keep=1)
        start = time.perf_counter()
        for _ in range(options.steps):
            token = out.logits[:, -1].argmax(-1, keepdim=True)
            out = model(token, past_key_values=out.past_key_values, use_cache=True, logits_to_keep=1)
        return time.perf_counter() - start

    measured = median_rate(run, batch * options.steps, options.repeats)
    return {"batch": batch, "promptTokens": options.prompt_tokens, "steps": options.steps, **measured}


@torch.inference_mode()
def prefill(model: Any, length: int, options: argparse.Namespace) -> dict[str, Any]:
    ids = random_ids(model, 1, length)

    def run() -> float:
        start = time.perf_counter()
        model(ids, use_cache=True, logits_to_keep=1)
        return time.perf_counter() - start

    return {"promptTokens": length, **median_rate(run, length, options.repeats)}


def main() -> None:
    options = arguments()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    path = options.model
    if options.shape:
        say(f"shape {options.shape}: making or finding the checkpoint")
        path = peer_shapes.make(options.shape, options.cache, options.disk_dtype)
        if options.prepare:
            print(json.dumps({"folder": str(path)}))
            return
    if not path.exists():
        raise SystemExit(f"--model: {path} does not exist")
    torch.set_num_threads(options.threads)
    say(f"loading {path.name} as {options.dtype}")
    model, tokenizer, load_seconds = load(path, options.dtype)
    result: dict[str, Any] = {
        "peer": f"PyTorch {torch.__version__}, Transformers {transformers.__version__}",
        "model": path.name,
        "dtype": options.dtype,
        "attention": model.config._attn_implementation,
        "threads": options.threads,
        "repeats": options.repeats,
        "loadSeconds": load_seconds,
        "parameterBytes": sum(parameter.nbytes for parameter in model.parameters()),
        "decode": [],
        "prefill": [],
        "audit": [],
    }
    for batch in options.decode:
        say(f"decode, batch {batch}")
        result["decode"].append(decode(model, batch, options))
    for length in options.prefill:
        say(f"prefill, {length} tokens")
        result["prefill"].append(prefill(model, length, options))
    for way in options.audit:
        say(f"audit, {way}")
        prompts = peer_audit.read_prompts(options.prompts)
        sample, total = options.sample or len(prompts), options.total or len(prompts)
        if sample > len(prompts) or sample > total:
            raise SystemExit(f"--sample {sample}: there are {len(prompts)} prompts in the file, and the result is to stand for {total}")
        result["audit"].append(peer_audit.run(model, tokenizer, way, prompts, sample, total, options.caps, options.audit_batch))
    result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
