"""One small tokenizer per kind that the families use: the pipeline of a published tokenizer.json with a small vocabulary.

    python oracle/tokenizer_kinds.py            -> test/fixtures/tokenizer/kinds/

The ids for the texts of hard_strings.py are recorded in the form of real_tokenizers.py.
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import real_tokenizers
from hard_strings import LOOK_ALIKES, STRINGS

out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "tokenizer" / "kinds"

TRAINING = [text for text in STRINGS if len(text) < 1000 and text not in LOOK_ALIKES] * 4

CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def by_pattern(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior, invert=invert),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])


def byte_level(splitter, special, normalizer=None, added=(), ignore_merges=False, bos=None):
    """As GPT-2 does: every byte is a character of the alphabet."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    tokenizer.add_tokens(list(added))
    if bos is not None:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]),
        ])
    return tokenizer


def sentence_piece(normalizer, splitter, special, added=(), strip=False):
    """As SentencePiece does: a space is U+2581, and characters that the vocabulary lacks become byte tokens."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=True)
    trained = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=special + trained, show_progress=False)
    tokenizer.train_from_iterator([text for text in TRAINING if text.isascii()], trainer)
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = [token for token in saved["added_tokens"] if not token["content"].startswith("<0x")]
    saved["pre_tokenizer"] = splitter
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps + [decoders.Strip(content=" ", left=1)] if strip else steps)
    tokenizer.add_tokens(list(added))
    bos = special[1]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, tokenizer.token_to_id(bos))]
    )
    return tokenizer


def main():
    prepend = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    underscore = normalizers.Replace(" ", "▁")
    runs = [AddedToken(" " * n, normalized=True, special=False) for n in range(24, 1, -1)]
    at_spaces = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    chatml = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    phi = [
        AddedToken(f"<|{name}|>", rstrip=True, normalized=False, special=True)
        for name in ("endoftext", "assistant", "system", "end", "user")
    ]
    made = {
        "llama3": byte_level(
            by_pattern(CL100K % "{1,3}"), ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
            ignore_merges=True, bos="<|begin_of_text|>",
        ),
        "qwen": byte_level(
            by_pattern(CL100K % ""), chatml, normalizers.NFC(),
            added=[AddedToken(text, special=False) for text in ("<think>", "</think>", "<tool_call>")],
        ),
        "tekken": byte_level(by_pattern(TEKKEN), ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], ignore_merges=True, bos="<s>"),
        "neox": byte_level(
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True), ["<|endoftext|>", "<|padding|>"],
            normalizers.NFC(), added=[*runs, AddedToken("|||IP_ADDRESS|||", normalized=True, special=False)],
        ),
        "olmo2": byte_level(by_pattern(CL100K % "{1,3}", "removed", True), chatml),
        "llama2": sentence_piece(prepend, None, ["<unk>", "<s>", "</s>"], strip=True),
        "phi3": sentence_piece(prepend, None, ["<unk>", "<s>", "</s>"], added=phi, strip=True),
        "gemma": sentence_piece(
            underscore, at_spaces, ["<unk>", "<bos>", "<eos>", "<pad>"],
            added=[
                *[AddedToken(text, normalized=False, special=True) for text in ("<start_of_turn>", "<end_of_turn>")],
                *[AddedToken("\n" * n, normalized=False, special=False) for n in range(2, 6)],
                *[AddedToken("▁" * n, normalized=False, special=False) for n in range(2, 6)],
            ],
        ),
    }
    for name, tokenizer in made.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        saved = json.loads(tokenizer.to_str())
        (folder / "tokenizer.json").write_text(json.dumps(saved, separators=(",", ":")) + "\n")
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": name == "llama3"}
        (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n")
        real_tokenizers.write(folder / "expected.json", real_tokenizers.record(folder, blocks=16))


if __name__ == "__main__":
    main()
