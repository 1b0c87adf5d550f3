"""Which tokens are added and which have a role, when several files and a class's defaults state it.

    python oracle/tokenizer_roles.py            -> test/fixtures/tokenizer/roles.json

{tokenizers, template, cases: [{tokenizer, files, roles, added, ids}]}: `tokenizer` is an index into `tokenizers`; `files` are the other files
of the folder ({config, map, added, model}: tokenizer_config.json, special_tokens_map.json, added_tokens.json, config.json); `roles`, `added`
([id, content, special, lstrip, rstrip, single_word, normalized]) and `ids` of a chat by `template` are AutoTokenizer's results for the
folder. `ids` is null if a class of Transformers replaces the file's pipeline by its own. Cases are drawn from a fixed seed; every
list of added tokens includes those of tokenizer.json, as in files that were saved together.
"""

import json
import random
import tempfile
from pathlib import Path

import transformers
from tokenizers import AddedToken, Tokenizer, models
from transformers import AutoTokenizer

transformers.logging.set_verbosity_error()
out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "tokenizer" / "roles.json"

MARKS = "<s> </s> <unk> <bos> <eos> <pad> <|endoftext|> <|im_start|> <|im_end|> <x>".split()
USUAL = [f"{role}_token" for role in "bos eos unk pad sep cls mask".split()]
CLASSES = ["PreTrainedTokenizerFast", "LlamaTokenizer", "LlamaTokenizerFast", "GemmaTokenizerFast", "Qwen2Tokenizer", "GPT2Tokenizer", "Own"]
MODELS = ["llama", "llama", "llama", "mistral", "gemma", "gemma3_text", "qwen2", "qwen3", "phi3", "olmo2"]
TEMPLATE = (
    "{{ bos_token }}{{ image_token }}{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{{ eos_token }}{% endfor %}<x>"
)
CHAT = [{"role": "user", "content": "ab c"}]
r = random.Random("roles")


def flags():
    return {flag: r.random() < 0.25 for flag in ("lstrip", "rstrip", "single_word", "normalized")}


def tokenizer_json():
    characters = sorted({c for c in "abc " + "".join(MARKS)})
    vocab = {c: i for i, c in enumerate(characters + [m for m in MARKS if r.random() < 0.6])}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    for mark in MARKS:
        if r.random() < 0.3:
            tokenizer.add_tokens([AddedToken(mark, special=r.random() < 0.7, **flags())])
    return json.loads(tokenizer.to_str())


def token(typed):
    if r.random() < 0.6:
        return r.choice(MARKS)
    return {**({"__type": "AddedToken"} if typed else {}), "content": r.choice(MARKS), **flags()}


def some(keys, chance, make):
    return {key: make() for key in keys if r.random() < chance}


def marks():
    return r.sample(MARKS, r.randint(0, 3))


def files(tokenizer):
    ids = {t["content"]: t["id"] for t in tokenizer["added_tokens"]}
    known = {**tokenizer["model"]["vocab"], **ids}

    def listed():
        rows, fresh = {}, max(known.values()) + 1
        for mark in MARKS:
            if mark in ids or r.random() < 0.3:
                rows[mark] = known.get(mark, fresh)
                fresh += mark not in known
        return rows

    config = some(["tokenizer_class"], 0.7, lambda: r.choice(CLASSES))
    config |= some([*USUAL, "image_token"], 0.2, lambda: r.choice([None, token(True), token(True), token(True)]))
    config |= some(["additional_special_tokens"], 0.25, marks)
    config |= some(["extra_special_tokens"], 0.25, lambda: r.choice([marks(), {"image_token": r.choice(MARKS)}]))
    config |= some(
        ["added_tokens_decoder"],
        0.3,
        lambda: {str(i): {"content": m, **flags(), "special": r.random() < 0.7} for m, i in listed().items()},
    )
    found = {"config": config, "model": {"model_type": r.choice(MODELS)}}
    found |= some(
        ["map"],
        0.5,
        lambda: some([*USUAL, "image_token"], 0.25, lambda: token(False))
        | some(["additional_special_tokens", "extra_special_tokens"], 0.2, marks),
    )
    return found | some(["added"], 0.4, listed)


def main():
    names = {"config": "tokenizer_config", "map": "special_tokens_map", "added": "added_tokens", "model": "config"}
    tokenizers = [tokenizer_json() for _ in range(6)]
    cases = []
    for n in range(90):
        found = files(tokenizers[n % 6])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "tokenizer.json").write_text(json.dumps(tokenizers[n % 6]))
            for key, content in found.items():
                Path(folder, f"{names[key]}.json").write_text(json.dumps(content))
            tokenizer = AutoTokenizer.from_pretrained(folder)
        own = type(tokenizer).__name__ != "TokenizersBackend"
        ids = None if own else tokenizer.apply_chat_template(CHAT, chat_template=TEMPLATE, return_dict=False)
        added = [
            [i, t.content, t.special, t.lstrip, t.rstrip, t.single_word, t.normalized]
            for i, t in sorted(tokenizer.added_tokens_decoder.items())
        ]
        roles = tokenizer.special_tokens_map
        cases.append({"tokenizer": n % 6, "files": found, "roles": roles, "added": added, "ids": ids})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    head = json.dumps({"tokenizers": tokenizers, "template": TEMPLATE, "cases": 0}, separators=(",", ":"))
    out.write_text(head.removesuffix("0}") + f"[\n{lines}\n]}}\n")
    print(out.name, len(cases), out.stat().st_size, sum(case["ids"] is not None for case in cases))


if __name__ == "__main__":
    main()
