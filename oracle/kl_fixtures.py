"""
Makes test/fixtures/kl/reference.json: how far one tiny checkpoint is from another at each position, as PyTorch computes it from the
logits of Transformers (float32, eager attention, one prompt at a time; KL in float64).

    python oracle/kl_fixtures.py

pairs: for each, the two checkpoints (a folder of test/fixtures/engine, and an adapter of test/fixtures/adapters or null), and for each prompt its token ids, kl [tokens] = KL(first || second) in
nats of the next token behind each position, and agrees [tokens] = whether both have the same most probable next token.
"""

import json
from pathlib import Path

import peft
import torch
import transformers

ENGINE = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "engine"
OUT = ENGINE.parent / "kl" / "reference.json"
ADAPTED = ("llama-mha-tied", "some-layers")
PLAIN = ("llama-mha-tied", None)
QWEN2, QWEN3 = ("qwen2-biases", None), ("qwen3-norms", None)
PAIRS = [(QWEN2, QWEN3), (QWEN3, QWEN2), (ADAPTED, PLAIN)]
BOS, VOCABULARY = 1, 320


def prompts() -> list[list[int]]:
    generator = torch.Generator().manual_seed(7)
    return [[BOS, *torch.randint(4, VOCABULARY - 1, (n - 1,), generator=generator).tolist()] for n in (4, 19, 33)]


@torch.no_grad()
def log_probabilities(named: tuple[str, str | None], ids: list[int]) -> torch.Tensor:
    name, adapter = named
    model = transformers.AutoModelForCausalLM.from_pretrained(ENGINE / name, dtype=torch.float32, attn_implementation="eager").eval()
    if adapter is not None:
        model = peft.PeftModel.from_pretrained(model, ENGINE.parent / "adapters" / adapter).eval()
    return torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), dim=-1)


def compared(first, second, ids: list[int]) -> dict:
    p, q = (log_probabilities(named, ids) for named in (first, second))
    kl = torch.nn.functional.kl_div(q, p, log_target=True, reduction="none").sum(dim=-1)
    return {"ids": ids, "kl": kl.tolist(), "agrees": (p.argmax(dim=-1) == q.argmax(dim=-1)).tolist()}


def main() -> None:
    pairs = [{"first": a, "second": b, "prompts": [compared(a, b, ids) for ids in prompts()]} for a, b in PAIRS]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "pairs": pairs}) + "\n")


if __name__ == "__main__":
    main()
