"""The parts of a tokenizer.json, each with texts on which implementations differ.

    python oracle/tokenizer_parts.py            -> test/fixtures/tokenizer/parts/

NAME.json is {vocab, cases: [{json, texts, ids, decoded}]}: a tokenizer.json, and per text the ids that tokenizers (Rust) gives, including
those that the post-processor adds, and the text of these ids. A case without texts has random ids: a decoder must also decode ids that no
text gives. A model without a vocabulary uses the common `vocab`. Vocabularies are single characters and a token for each byte, so that the
ids show a normalizer's result. Cases are drawn from fixed seeds; a text on which tokenizers panics is left out.
"""

import json
import random
import tempfile
from pathlib import Path

import sentencepiece
from sentencepiece.sentencepiece_model_pb2 import ModelProto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "tokenizer" / "parts"

# U+0085 is white space in Rust but not in JavaScript, U+FEFF in JavaScript but not in Rust, U+200B in neither.
SPACES = [" ", "\n", "\t", "\u0085", "\ufeff", "\u3000", "\u200b", "\u2028"]
LETTERS = list("abcAB_-<>1") + ["é", "e\u0301", "\u0301", "٣", "𝟘", "𠀀", "ﬁ", "İ"]


def characters(texts):
    """A model that has a token for each character and for each byte."""
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)}
    for c in sorted({c for text in texts for c in text}):
        vocab.setdefault(c, len(vocab))
    return models.BPE(vocab=vocab, merges=[], byte_fallback=True)


def case(tokenizer, texts):
    if isinstance(texts[0], list):
        return decoded_case(tokenizer, texts)
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


def decoded_case(tokenizer, ids):
    kept, decoded = [], []
    for one in ids:
        try:
            decoded.append(tokenizer.decode(one, skip_special_tokens=False))
        except BaseException:  # a panic of Rust's
            continue
        kept.append(one)
    return {"json": json.loads(tokenizer.to_str()), "texts": [], "ids": kept, "decoded": decoded}


def added_tokens(random):
    """Flags of added tokens: the white space that they strip, whole words only, before or after normalization."""
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


TEXTS = SPACES + LETTERS + list(" \u00a0$&.ΑΣς") + [
    "①", "Å", "Ⅷ", "㌀", "が", "か\u3099", "각", "ᄀ\u1161\u11a8", "o\u0323\u0302", "\u1e69", "क्षि", "👩\u200d👧", "🇩🇪", "\r\n", "\x7f", "\u00ad", "漢",
    "“", "…", "～", "Ǆ", "ß", "ﷺ", "𝔄", "\u0345", "ʼn", "％", "１",
]


def texts(random, count, parts=TEXTS):
    return ["".join(random.choices(parts, k=random.randint(1, 8))) for _ in range(count)]


def charsmap(random, name):
    """Rules that SentencePiece compiles: one of its own sets, or a few custom ones."""
    folder = tempfile.mkdtemp()
    corpus, rules = Path(folder, "corpus"), Path(folder, "rules.tsv")
    corpus.write_text("\n".join(["the plant needs water", "naïve café ①", *TEXTS] * 20))
    more = {"normalization_rule_name": name}
    if name is None:
        pairs = [("“", '"'), ("é", "e"), ("e\u0301", "e"), ("ﬁ", "fi"), ("\t", " "), ("a", "A"), ("ab", "X"), ("\u00a0", ""), ("漢", "han zi")]
        code = " ".join
        hexadecimal = lambda text: code(f"{ord(c):X}" for c in text)  # noqa: E731
        rules.write_text("".join(f"{hexadecimal(a)}\t{hexadecimal(b)}\n" for a, b in random.sample(pairs, 7)))
        more = {"normalization_rule_tsv": str(rules)}
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=f"{folder}/m", vocab_size=300, model_type="unigram", hard_vocab_limit=False, minloglevel=3, **more
    )
    model = ModelProto()
    model.ParseFromString(Path(f"{folder}/m.model").read_bytes())
    return model.normalizer_spec.precompiled_charsmap


def one_normalizer(random):
    """Each kind of normalizer, by itself and in a sequence."""
    kinds = [
        normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(), normalizers.Lowercase(), normalizers.StripAccents(),
        normalizers.Strip(), normalizers.Strip(right=False), normalizers.Nmt(), normalizers.Prepend("▁"), normalizers.Replace("a", "$&"),
        normalizers.Replace(Regex(r"\s{2,}"), " "), normalizers.Replace(" ", "▁"), normalizers.BertNormalizer(), normalizers.ByteLevel(),
        normalizers.BertNormalizer(strip_accents=True, lowercase=False),
    ]
    for normalizer in [*kinds, *[normalizers.Sequence(random.sample(kinds, 3)) for _ in range(12)]]:
        tokenizer = Tokenizer(characters(TEXTS))
        tokenizer.normalizer = normalizer
        yield tokenizer, texts(random, 25)


def compiled_normalizer(random):
    for name in [None] * 4:
        tokenizer = Tokenizer(characters(TEXTS))
        tokenizer.normalizer = normalizers.Precompiled(charsmap(random, name))
        yield tokenizer, texts(random, 60)


def unigram(random):
    """Ties, unknown pieces with and without byte fallback, duplicate pieces, and no unknown piece."""
    for _ in range(30):
        byte_fallback = random.random() < 0.5
        letters = list("abcd") + ["é", "𠀀", "▁", "ab", "bc", "abc", "dd", "▁a", "cd", "bcd"]
        pieces = [("<unk>", 0.0)] + [(p, float(random.randint(-4, -1))) for p in letters if random.random() < 0.8]
        if byte_fallback:
            pieces += [(f"<0x{b:02X}>", -9.0) for b in range(256) if random.random() < 0.97]
        unk = None if random.random() < 0.2 else 0
        tokenizer = Tokenizer(models.Unigram(pieces, unk, byte_fallback))
        if random.random() < 0.7:
            scheme = random.choice(["always", "never", "first"])
            tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=random.random() < 0.5)
            tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        yield tokenizer, texts(random, 25, list("abcd") * 3 + ["é", "𠀀", " ", "漢", "z", "<unk>"])


def pre_tokenizer(random):
    """Each kind with each of its settings; merges across spaces show where a text is split."""
    behaviors = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
    patterns = [Regex(r"\s+"), Regex(r"\p{L}+"), Regex("a|b"), Regex(" ?[a-c]+"), " ", "a"]
    kinds = [
        pre_tokenizers.Whitespace(), pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(),
        pre_tokenizers.Digits(True), pre_tokenizers.CharDelimiterSplit("-"), pre_tokenizers.FixedLength(3),
    ]
    kinds += [pre_tokenizers.ByteLevel(add_prefix_space=a, use_regex=b) for a in (True, False) for b in (True, False)]
    kinds += [pre_tokenizers.Split(random.choice(patterns), b, invert) for b in behaviors * 2 for invert in (True, False)]
    kinds += [pre_tokenizers.Punctuation(b) for b in behaviors]
    kinds += [pre_tokenizers.Metaspace("▁", s, split) for s in ("always", "first", "never") for split in (True, False)]
    kinds += [pre_tokenizers.Sequence(random.sample(kinds, 2)) for _ in range(10)]
    parts = [*TEXTS, "  ", "a b", "1", "2", "--", ".", "!?"]
    merges = [(a, b) for a in "ab▁ -1" for b in "abc▁ -1"]
    model = characters([*parts, *pre_tokenizers.ByteLevel.alphabet(), "▁", *[a + b for a, b in merges]])
    vocab = json.loads(Tokenizer(model).to_str())["model"]["vocab"]
    for a, b in merges:
        vocab.setdefault(a + b, len(vocab))
    for kind in kinds:
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=True))
        tokenizer.pre_tokenizer = kind
        yield tokenizer, texts(random, 12, parts)


def decoder(random):
    """Each kind of decoder with its settings, by itself and in a sequence, on tokens that its own tokenizer may never combine."""
    kinds = [
        None, decoders.ByteLevel(), decoders.WordPiece("##", True), decoders.WordPiece("", True), decoders.WordPiece("a", False),
        *[decoders.Metaspace(sign, scheme) for sign in "▁ " for scheme in ("always", "first", "never")],
        decoders.BPEDecoder("</w>"), decoders.BPEDecoder(""), decoders.CTC("a", "|"), decoders.CTC("<pad>", "b", False), decoders.Strip(" ", 1, 0),
        decoders.Strip("𠀀", 2, 1), decoders.Replace("▁", " "), decoders.Replace("a", "$&"), decoders.Replace(Regex(r"\s+"), "-"),
        decoders.Fuse(), decoders.ByteFallback(),
    ]
    kinds += [decoders.Sequence(random.sample(kinds[1:], random.randint(2, 4))) for _ in range(30)]
    odd = ["▁", "▁a", "a▁b", "▁▁", "##a", "a</w>", "</w>", "|", "a .", " n't", " do not ' b", " ", "  c ", "𠀀𠀀b𠀀", "é", "Ġé▁", "<pad>", "<0xzz>", "<0x+5>"]
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)}
    for token in [*sorted(pre_tokenizers.ByteLevel.alphabet()), "\ufeff", *odd]:
        vocab.setdefault(token, len(vocab))
    for kind in kinds:
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], byte_fallback=True))
        tokenizer.add_special_tokens(["<s>", "é b"])
        if kind is not None:
            tokenizer.decoder = kind
        some = [*range(0xE0, 0xE4), *range(0x80, 0x90), 0x61, *[tokenizer.token_to_id(token) for token in [*odd, *"abâĢģĠ", "<s>", "é b"]] * 2]
        one = lambda: random.choice(some if random.random() < 0.9 else range(len(vocab)))  # noqa: E731
        yield tokenizer, [sum(([one()] * random.choice([1, 1, 1, 2]) for _ in range(random.randint(1, 6))), []) for _ in range(25)]


def merged(random):
    """BPE: prefixes and suffixes of words, unknown letters with and without byte fallback, merges in any order; two merges may give one token."""
    for _ in range(40):
        letters = random.sample("abcdé𠀀", 4)
        prefix, suffix = random.choice(["", "", "#", "##"]), random.choice(["", "", "$", "</w>"])
        tokens = [start + c + end for c in letters for start in {"", prefix} for end in {"", suffix}]
        merges = []
        for _ in range(14):
            a, b = random.choices(tokens, k=2)
            if (a, b) not in merges and b.startswith(prefix) and not (suffix and a.endswith(suffix)):
                merges.append((a, b))
                tokens += [a + b[len(prefix) :]] * 3
        random.shuffle(merges)
        more = [f"<0x{b:02X}>" for b in range(256) if random.random() < 0.98] if random.random() < 0.4 else []
        unk = random.choice(["<unk>", "<unk>", None])
        vocab = {}
        for token in [*tokens, *more, "<unk>", "zz" if random.random() < 0.5 else "ba"]:
            vocab.setdefault(token, len(vocab))
        flags = {flag: random.random() < 0.4 for flag in ["fuse_unk", "byte_fallback", "ignore_merges"]}
        around = {"continuing_subword_prefix": prefix, "end_of_word_suffix": suffix, "unk_token": unk}
        around = {key: value for key, value in around.items() if value}
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, **flags, **around))
        tokenizer.pre_tokenizer = random.choice([None, pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
        tokenizer.decoder = decoders.BPEDecoder(suffix)
        yield tokenizer, texts(random, 25, letters * 3 + ["ba", " ", "z", "zz", "漢"])


def words(random):
    """WordPiece and WordLevel: unknown words, words that are too long, prefixes of any kind."""
    for i in range(30):
        letters = random.sample("abcdé𠀀", 4)
        prefix = random.choice(["##", "##", "", "a"])
        some = ["".join(random.choices(letters, k=random.randint(1, 3))) for _ in range(14)]
        vocab = {}
        for token in ["[UNK]", *some, *[prefix + one for one in some if random.random() < 0.6]]:
            vocab.setdefault(token, len(vocab))
        longest = random.choice([3, 5, 100])
        pieces = models.WordPiece(vocab=vocab, unk_token="[UNK]", max_input_chars_per_word=longest, continuing_subword_prefix=prefix)
        tokenizer = Tokenizer(models.WordLevel(vocab=vocab, unk_token="[UNK]") if i % 3 == 0 else pieces)
        tokenizer.pre_tokenizer = random.choice([None, pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer()])
        tokenizer.decoder = decoders.WordPiece(prefix)
        yield tokenizer, texts(random, 25, letters * 3 + some + [" ", "z", "漢", ","])


def main():
    out.mkdir(parents=True, exist_ok=True)
    for kind in [added_tokens, one_normalizer, compiled_normalizer, pre_tokenizer, unigram, decoder, merged, words]:
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
