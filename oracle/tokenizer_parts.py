"""The parts that a tokenizer.json is put together from, each over texts that tell implementations apart.

    python oracle/tokenizer_parts.py            -> test/fixtures/tokenizer/parts/

NAME.json is {vocab, cases: [{json, texts, ids, decoded}]}: a tokenizer.json, and per text the ids that tokenizers (Rust) gives with
what the post-processor adds, and the text of these ids; a model without a vocabulary has the common one. Vocabularies are single characters with a token for each byte, so that the
ids show what a normalizer made of the text. Cases are drawn from fixed seeds; a text on which tokenizers panics is left out.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, models, normalizers

out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "tokenizer" / "parts"

# U+0085 is white space to Rust and not to JavaScript; U+FEFF the other way round; U+200B is none to either.
SPACES = [" ", "\n", "\t", "\u0085", "\ufeff", "\u3000", "\u200b", "\u2028"]
LETTERS = list("abcAB_-<>1") + ["é", "e\u0301", "\u0301", "٣", "𝟘", "𠀀", "ﬁ", "İ"]


def characters(texts):
    """A model that has a token for each character and for each byte."""
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)}
    for c in sorted({c for text in texts for c in text}):
        vocab.setdefault(c, len(vocab))
    return models.BPE(vocab=vocab, merges=[], byte_fallback=True)


def case(tokenizer, texts):
    kept, ids = [], []
    for text in texts:
        try:
            found = tokenizer.encode(text).ids
        except BaseException:  # a panic of Rust's
            continue
        kept.append(text)
        ids.append(found)
    decoded = [tokenizer.decode(one, skip_special_tokens=False) for one in ids]
    return {"json": json.loads(tokenizer.to_str()), "texts": kept, "ids": ids, "decoded": decoded}


def added_tokens(random):
    """Flags of added tokens: which white space they swallow, what a whole word is, before or after normalization."""
    for _ in range(40):
        tokenizer = Tokenizer(characters(SPACES + LETTERS))
        tokenizer.normalizer = random.choice(
            [None, None, normalizers.Lowercase(), normalizers.Replace("a", "b"), normalizers.Prepend("b")]
        )
        contents = ["".join(random.choices(LETTERS, k=random.randint(1, 3))) for _ in range(random.randint(1, 4))]
        flags = ["lstrip", "rstrip", "single_word", "normalized", "special"]
        tokens = [AddedToken(c, **{flag: random.random() < 0.4 for flag in flags}) for c in contents]
        tokenizer.add_tokens(tokens)
        parts = LETTERS + SPACES + contents * 6
        yield tokenizer, ["".join(random.choices(parts, k=random.randint(1, 8))) for _ in range(10)]


def main():
    out.mkdir(parents=True, exist_ok=True)
    for kind in [added_tokens]:
        name = kind.__name__.replace("_", "-")
        cases = [case(tokenizer, texts) for tokenizer, texts in kind(random.Random(name))]
        vocab = cases[0]["json"]["model"]["vocab"]
        for one in cases:
            if one["json"]["model"]["vocab"] == vocab:
                del one["json"]["model"]["vocab"]
        path = out / f"{name}.json"
        path.write_text(json.dumps({"vocab": vocab, "cases": cases}, ensure_ascii=True, separators=(",", ":")) + "\n")
        print(path.name, len(cases), path.stat().st_size)


if __name__ == "__main__":
    main()
