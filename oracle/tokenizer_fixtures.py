"""Reference token ids, from Transformers and tokenizers.

    python oracle/tokenizer_fixtures.py tiny                      -> test/fixtures/tokenizer/
    python oracle/tokenizer_fixtures.py smollm2 MODEL.gguf        -> test/fixtures/smollm2/tokens.json
    python oracle/tokenizer_fixtures.py gemma3-270m MODEL.gguf    -> test/fixtures/gemma3-270m/tokens.json
    python oracle/tokenizer_fixtures.py qwen2.5-coder-0.5b MODEL.gguf  -> test/fixtures/qwen2.5-coder-0.5b/tokens.json

`tiny` trains a byte-level BPE tokenizer of a few hundred merges on the text below: a complete tokenizer of a few kilobytes for
`npm test`. The others read a real vocabulary out of a GGUF file.

SmolLM2's published tokenizer.json splits every digit off before GPT-2's pattern (llama.cpp calls that "smollm").
Transformers 5.23 drops this step when it builds the tokenizer from a GGUF file, which changes the ids of white space
before a digit. The reference is therefore Transformers with the published pre-tokenizer put back; the ids that Transformers
gives without it are recorded too, as `gguf_file_ids`.
"""

import json
import sys
import tempfile
import warnings
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

warnings.filterwarnings("ignore")
fixtures = Path(__file__).resolve().parent.parent / "test" / "fixtures"

PROMPTS = [
    "Hello, world!",
    "",
    " ",
    "What is the capital of France? It's Paris, isn't it? They're sure; we'll see.",
    "def f(x: int) -> str:\n    return f\"{x:>04d}\"  # pad\n\n\tif x == 10:\n\t\tprint('a\\tb')\n",
    "for (let i = 0; i < 1024; i++) { sum += a[i] * 3.14e-10; } // done",
    "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 ☃️ 🇯🇵 e\u0301 \u0041\u030a",
    "مرحبا بالعالم، كيف حالك؟ 123 שלום עולם",
    "你好，世界。今天是2024年11月21日。東京タワー 한국어 띄어쓰기",
    "Привет, как дела? Ελληνικά; ñandú, çok güzel, đường, İstanbul ſ ß",
    "   leading, trailing   \n\n\n and\t\ttabs \r\n CRLF \u00a0nbsp \u2003em \u3000wide  ",
    "a\n\n1. First\n2. Second\n\n\n   3. Third  42\t\t7  0x1F ½ ² ٣ Ⅷ",
    "<|im_start|>user\nIgnore this<|im_end|>\n<|endoftext|>",
    "<|im_start|> <|im_end |> <| im_end|> <|im_start|<|im_end|>> <repo_name><file_sep>",
    "Zalgo: Z\u0351\u036ba\u0344\u0342lgo\u0300 \u200b\u200d\ufeff\u202e \ufffd \U000e0041",
    "x" * 70 + " " * 40 + "!?" * 20 + "\x00\x01\x7f\x1b[0m",
    "https://example.org/a/b?q=1&r=%20#frag user@mail.example C:\\dir\\file.txt $HOME ~/.bashrc",
    "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α ∧ ¬β = ¬(¬α ∨ β), 2H₂ + O₂ ⇌ 2H₂O, R = 4.7 kΩ",
]

CHATS = [
    [{"role": "user", "content": "Hi there"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  What is 2 + 2?  \n"}],
    [
        {"role": "user", "content": "Name a colour.\n"},
        {"role": "assistant", "content": "Blue."},
        {"role": "user", "content": "Another: 12\n\n3?"},
    ],
    [{"role": "user", "content": ""}],
    [{"role": "user", "content": "你好 👋🏽\n\n  مرحبا"}],
]




def record(tokenizer, prompts=PROMPTS, chats=CHATS):
    rows = []
    for text in prompts:
        parsed = tokenizer.encode(text, add_special_tokens=True)
        # Special tokens spelled in the text stay text.
        ids = tokenizer(text, add_special_tokens=True, split_special_tokens=True)["input_ids"]
        rows.append({
            "text": text,
            "ids": ids,
            "parsed_ids": parsed,
            "decoded": tokenizer.decode(parsed),
            "decoded_without_special": tokenizer.decode(parsed, skip_special_tokens=True),
        })
    turns = [
        {
            "messages": messages,
            "add_generation_prompt": generation,
            "text": tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation),
            "ids": tokenizer.apply_chat_template(
                messages, tokenize=True, add_generation_prompt=generation, return_dict=False
            ),
        }
        for messages in chats
        for generation in (True, False)
    ]
    return {"prompts": rows, "chats": turns}


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=True, indent=None, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


def read(gguf):
    gguf = Path(gguf)
    return AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)


def gemma3(gguf):
    """A base model, without a chat template."""
    texts = PROMPTS + [
        "<start_of_turn>user\nHi<end_of_turn>\n<bos><eos> [multimodal] <unused7> <h1>Head</h1>",
        "  two\n\n\nthree   spaces\t\t\ttabs\n    four" + " " * 45 + "end ",
        "\ufeff\ufeffbyte order marks \ufeff// \x00\x07 ▁▁ ▁a",
    ]
    write(fixtures / "gemma3-270m" / "tokens.json", record(read(gguf), texts, []))


def smollm2(gguf):
    tokenizer = read(gguf)
    unsplit = [tokenizer.encode(text) for text in PROMPTS]
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    result = record(tokenizer)
    for row, ids in zip(result["prompts"], unsplit):
        if ids != row["parsed_ids"]:
            row["gguf_file_ids"] = ids
    write(fixtures / "smollm2" / "tokens.json", result)


def qwen(gguf):
    texts = PROMPTS + ["<|fim_prefix|>def f():<|fim_suffix|><|fim_middle|> <tool_call>{}</tool_call> <|file_sep|>"]
    write(fixtures / "qwen2.5-coder-0.5b" / "tokens.json", record(read(gguf), texts))


TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ '[S]' + message['content'] | trim + '[/S]' }}"
    "{% else %}{{ '<|' + message['role'] + '|>' + message['content'] | trim + eos_token + '\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def tiny():
    """Byte-level BPE, Llama 3's split pattern, a BOS in front, one added token that is normalized and one that strips white space."""
    corpus = [text for text in PROMPTS for _ in range(4)] + [
        "the quick brown fox jumps over the lazy dog, and then the dog walks home in the evening rain " * 3
    ]
    special = ["<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=560, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    ))
    tokenizer.add_tokens(["[S]", "[/S]"])
    begin = tokenizer.token_to_id("<|begin|>")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", begin)]
    )
    folder = fixtures / "tokenizer" / "bytelevel"
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|begin|>", eos_token="<|end|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    saved = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(saved, separators=(",", ":")) + "\n")
    prompts = PROMPTS + [
        "<|begin|>twice<|begin|> [S]tags[/S] <|end|>",
        "a <|user|>b<|assistant|> c",
    ]
    write(folder / "expected.json", record(AutoTokenizer.from_pretrained(folder), prompts))
    metaspace()


def metaspace():
    """SentencePiece's style in a tokenizer.json: Metaspace, byte fallback, an unknown token, tokens that strip white space."""
    corpus = [text for text in PROMPTS if text.isascii()] * 4
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1)
    ])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=520, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = [token for token in saved["added_tokens"] if not token["content"].startswith("<0x")]
    folder = fixtures / "tokenizer" / "metaspace"
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    from tokenizers import AddedToken

    tokenizer.add_tokens([AddedToken("<sep>", lstrip=True, rstrip=True), AddedToken("word", single_word=True)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    # If there is a tokenizer.json, Transformers 5 ignores this key, and so must Fathom.
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"add_bos_token": True}, indent=2) + "\n")
    compact = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(compact, separators=(",", ":")) + "\n")
    prompts = PROMPTS + ["a  <sep>  b<sep>c", "word words sword word. (word)", "<s>x</s> y<unk>"]
    write(folder / "expected.json", record(AutoTokenizer.from_pretrained(folder), prompts))


if __name__ == "__main__":
    {"tiny": tiny, "smollm2": smollm2, "gemma3-270m": gemma3, "qwen2.5-coder-0.5b": qwen}[sys.argv[1]](*sys.argv[2:])
