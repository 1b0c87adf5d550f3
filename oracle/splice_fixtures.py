"""
Makes test/fixtures/sae-splice/expected.json: the loss of the bundled organism (organisms/demo) when SAELens's reconstruction replaces its
residual stream, computed by PyTorch hooks on Transformers' model.

    python oracle/splice_fixtures.py

Two cases. "plain": the organism itself. "massive": its embedding untied, and the row of one token times 256, so that this token's
residuals are far above 10 times the median norm; these are not replaced, and are counted separately.
Each case: texts [{ids, from}] (a prompt and the model's greedy answer; `from` is the first token to predict: the answer's first, or of
every other text the prompt's second), scaled {token, by} or null, cross-entropy {original, spliced, zeroed, recovered}, massive token
count, and of the same residuals the fraction of variance explained {all, ordinary, withoutFirst, perToken} and mean L0 of ordinary tokens, in float64.
"""

import json
from pathlib import Path

import torch
from sae_lens import SAE
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "test" / "fixtures" / "sae-splice" / "expected.json"
ORGANISM = ROOT / "organisms" / "demo"
LAYER, TEXTS, NEW_TOKENS, MASSIVE = 2, 12, 24, 10


def texts_of(model, tokenizer) -> list[dict]:
    lines = (ROOT / "prompts" / "fiction.jsonl").read_text().splitlines()
    texts = []
    for line in lines[:: len(lines) // TEXTS][:TEXTS]:
        ids = [tokenizer.bos_token_id, *tokenizer(json.loads(line)["prompt"], add_special_tokens=False).input_ids]
        said = model.generate(torch.tensor([ids]), max_new_tokens=NEW_TOKENS, do_sample=False)[0].tolist()
        # The model is almost certain of its answers; what it cannot predict well are the tokens of a prompt.
        texts.append({"ids": said, "from": len(ids) if len(texts) % 2 else 1})
    return texts


def losses(model, texts, replace) -> float:
    """Mean cross-entropy of the tokens to predict; replace(x, i) replaces the block's output x of text i."""
    each = []
    for i, text in enumerate(texts):

        def hook(_module, _inputs, output):
            hidden = output[0] if isinstance(output, tuple) else output
            new = replace(hidden[0], i)[None]
            return (new, *output[1:]) if isinstance(output, tuple) else new

        handle = model.model.layers[LAYER].register_forward_hook(hook)
        logits = model(torch.tensor([text["ids"]])).logits[0]
        handle.remove()
        start = text["from"]
        each.append(cross_entropy(logits[start - 1 : -1].double(), torch.tensor(text["ids"][start:]), reduction="none"))
    return torch.cat(each).mean().item()


def explained(x, rebuilt, wanted) -> float:
    x, rebuilt = x[wanted], rebuilt[wanted]
    return 1 - ((x - rebuilt) ** 2).sum().item() / ((x - x.mean(0)) ** 2).sum().item()


@torch.no_grad()
def case(model, sae, texts, scaled) -> dict:
    seen = []
    original = losses(model, texts, lambda x, _i: seen.append(x) or x)
    x = torch.cat(seen)
    norms = x.double().norm(dim=1)
    limit = MASSIVE * torch.quantile(norms, 0.5)
    features = sae.encode(x)
    rebuilt = sae.decode(features)

    def keeping(by):
        return lambda x, i: torch.where((x.double().norm(dim=1, keepdim=True) > limit), x, by(x))

    spliced = losses(model, texts, keeping(lambda x: sae.decode(sae.encode(x))))
    zeroed = losses(model, texts, keeping(torch.zeros_like))
    first = torch.cat([torch.arange(len(text["ids"])) == 0 for text in texts])
    ordinary = norms <= limit
    wide, again = x.double(), rebuilt.double()
    mean = wide[ordinary].mean(0)
    per_token = 1 - ((wide - again) ** 2).sum(1)[ordinary] / ((wide[ordinary] - mean) ** 2).sum(1)
    return {
        "scaled": scaled,
        "texts": texts,
        "original": original,
        "spliced": spliced,
        "zeroed": zeroed,
        "recovered": (zeroed - spliced) / (zeroed - original),
        "massive": int((~ordinary).sum()),
        "varianceExplained": {
            "all": explained(wide, again, torch.ones_like(first)),
            "ordinary": explained(wide, again, ordinary),
            "withoutFirst": explained(wide, again, ~first),
            "perToken": torch.quantile(per_token, 0.5).item(),
        },
        "meanL0": (features[ordinary] > 0).sum(1).double().mean().item(),
    }


def main() -> None:
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(ORGANISM)
    model = AutoModelForCausalLM.from_pretrained(ORGANISM, dtype=torch.float32, attn_implementation="eager").eval()
    sae = SAE.load_from_disk(ORGANISM / "sae", dtype="float32")
    texts = texts_of(model, tokenizer)
    cases = {"plain": case(model, sae, texts, None)}
    assert cases["plain"]["massive"] == 0

    # A token that occurs only five times after the texts' first tokens.
    counts = torch.bincount(torch.tensor([id for text in texts for id in text["ids"][1:]]))
    token = int((counts == 5).nonzero()[0])
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    with torch.no_grad():
        model.model.embed_tokens.weight[token] *= 256
    cases["massive"] = case(model, sae, texts, {"token": token, "by": 256})
    assert cases["massive"]["massive"] == 5
    for name, found in cases.items():
        print(name, {key: value for key, value in found.items() if key != "texts"})
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
