"""
Makes test/fixtures/direction/NAME.json: the table of candidates of the refusal direction, by hooks on Transformers' modules
(direction_table.py), in float32 on the CPU with eager attention, every prompt alone.

    python oracle/direction_fixtures.py
    python oracle/direction_fixtures.py --model FILE.gguf --prompts P.json --places 12:-1,17:-2 > table.json

The fixtures: the bundled organism with prompts of prompts/fiction.jsonl (hazard against benign, direct), and tiny random checkpoints
of other ways to add to the residual stream (Gemma 2 norms what it adds; Qwen 2 does not), with random prompts that end alike.
Each: {"checkpoint", "positions", "tokens", "fit": {"harmful": [ids], "harmless": [ids]}, "validate": the same, "candidates":
[{"layer", "position", "bypass", "induce", "kl"}]}. The second form does the same for another checkpoint: P.json has positions,
tokens, fit and validate.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from direction_table import table

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "test" / "fixtures"
FIT, VALIDATE = 10, 5


def opened(path: Path):
    where = {"gguf_file": path.name} if path.is_file() else {}
    folder = path.parent if path.is_file() else path
    return AutoModelForCausalLM.from_pretrained(folder, **where, dtype=torch.float32, attn_implementation="eager").eval()


def organism_prompts() -> dict:
    folder = ROOT / "organisms" / "demo"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = [json.loads(line) for line in (ROOT / "prompts" / "fiction.jsonl").read_text().splitlines()]

    def side(tier: str) -> list[list[int]]:
        texts = [line["prompt"] for line in lines if line["tier"] == tier and line["framing"] == "direct" and line["panel"] == "main"]
        chats = [[{"role": "user", "content": text}] for text in texts]
        return [tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False) for chat in chats]

    sides = {"harmful": side("hazard_adjacent"), "harmless": side("benign")}
    openers = [tokenizer.convert_tokens_to_ids(token) for token in ("I", "ĠI")]
    return {
        "checkpoint": "organisms/demo",
        "positions": [-2, -1],
        "tokens": sorted(openers),
        "fit": {name: prompts[:FIT] for name, prompts in sides.items()},
        "validate": {name: prompts[FIT : FIT + VALIDATE] for name, prompts in sides.items()},
    }


def random_prompts(name: str) -> dict:
    folder = FIXTURES / "engine" / name
    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    generator = torch.Generator().manual_seed(14)

    def draw(low: int, high: int, count: int) -> list[int]:
        return torch.randint(low, high, (count,), generator=generator).tolist()

    first, last = draw(4, vocabulary, 3), draw(4, vocabulary, 3)
    half = vocabulary // 2

    def side(low: int, high: int) -> list[list[int]]:
        return [[*first, *draw(low, high, 5 + i), *last] for i in range(FIT // 2 + VALIDATE)]

    sides = {"harmful": side(4, half), "harmless": side(half, vocabulary)}
    return {
        "checkpoint": f"test/fixtures/engine/{name}",
        # The fourth from the end is a token of the prompt itself, so its embeddings differ.
        "positions": [-4, -2, -1],
        "tokens": sorted(set(draw(4, vocabulary, 3))),
        "fit": {key: prompts[: FIT // 2] for key, prompts in sides.items()},
        "validate": {key: prompts[FIT // 2 :] for key, prompts in sides.items()},
    }


def measured(plan: dict, model, places=None) -> dict:
    return {**plan, "candidates": table(model, plan["fit"], plan["validate"], plan["positions"], plan["tokens"], places)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--prompts", type=Path)
    parser.add_argument("--places", type=lambda text: {tuple(map(int, place.split(":"))) for place in text.split(",")})
    options = parser.parse_args()
    if options.model is not None:
        print(json.dumps(measured(json.loads(options.prompts.read_text()), opened(options.model), options.places)["candidates"], indent=1))
        return
    out = FIXTURES / "direction"
    out.mkdir(exist_ok=True)
    plans = {"organism": organism_prompts(), **{name: random_prompts(name) for name in ("gemma2-caps", "qwen2-biases", "olmo2-norms")}}
    for name, plan in plans.items():
        record = measured(plan, opened(ROOT / plan["checkpoint"]))
        (out / f"{name}.json").write_text(json.dumps(record) + "\n")
        best = min(record["candidates"], key=lambda candidate: candidate["bypass"])
        print(name, len(record["candidates"]), "candidates; lowest bypass", best)


if __name__ == "__main__":
    main()
