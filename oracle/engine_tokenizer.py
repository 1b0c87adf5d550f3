"""
The small byte-level BPE tokenizer that the engine fixtures share, its two chat templates, and the ids that Transformers gives with them.

The tokenizer puts <|bos|> before plain text (as Llama's and Gemma's do), and the templates write it themselves. So an engine
that encodes a rendered chat as plain text shows a second <|bos|>.
"""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

from engine_configs import VOCABULARY

SPECIAL = ["<|pad|>", "<|bos|>", "<|im_start|>", "<|im_end|>"]

PROSE = """
The gardener keeps a notebook of every plant in the valley. In spring the seeds are sown in shallow trays; in summer the leaves are
dried in the shade, and the notebook says which of them make a good tea and which should be left alone. I cannot tell you the whole
story here, but I can tell you where it starts: with a question, and with a careful answer. What does the plant need? It needs water,
light and time. How long does it take? It takes as long as it takes, said the gardener, and wrote that down too.
"""

LLAMA_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA_TEMPLATE = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<|im_start|>' + role + '\n' + message['content'] | trim + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>model\n' }}{% endif %}"
)

TEXTS = [
    "What does the plant need?",
    "  two spaces,\ttab\n\nand blank line  ",
    "naïve café, 東京, שלום, 🌿🌱",
    "<|im_end|> is a token, <|im_end is not",
    "def f(x):\n    return x ** 2  # don't",
    "",
]
CHATS = [
    [{"role": "user", "content": "What does the plant need?"}],
    [
        {"role": "user", "content": " How long does it take? "},
        {"role": "assistant", "content": "As long as it takes."},
        {"role": "user", "content": "And in the shade?"},
    ],
]
SYSTEM_CHAT = [{"role": "system", "content": "Answer in one sentence."}, *CHATS[0]]


def train() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [PROSE],
        trainers.BpeTrainer(
            vocab_size=VOCABULARY, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|bos|> $A", pair="<|bos|> $A $B", special_tokens=[("<|bos|>", tokenizer.token_to_id("<|bos|>"))]
    )
    assert tokenizer.get_vocab_size() == VOCABULARY
    return tokenizer


def write(folder: Path, family: str, template_file: bool) -> None:
    """Writes tokenizer.json, tokenizer_config.json and, if `template_file`, the template as a separate file."""
    train().save(str(folder / "tokenizer.json"))
    template = GEMMA_TEMPLATE if family == "gemma2" else LLAMA_TEMPLATE
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<|bos|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|pad|>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": 256,
        "added_tokens_decoder": {
            str(i): {"content": text, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
            for i, text in enumerate(SPECIAL)
        },
    }
    if template_file:
        (folder / "chat_template.jinja").write_text(template)
    else:
        config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n")


def reference(folder: Path, family: str) -> dict[str, Any]:
    """Ids that Transformers' tokenizer of the folder gives: of plain texts (with and without <|bos|>) and of rendered chats."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = [
        {
            "text": text,
            "ids": tokenizer(text)["input_ids"],
            "idsWithoutSpecial": tokenizer(text, add_special_tokens=False)["input_ids"],
            "decoded": tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"], skip_special_tokens=False),
            "decodedWithoutSpecial": tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True),
        }
        for text in TEXTS
    ]
    chats = []
    for messages in CHATS if family == "gemma2" else [*CHATS, SYSTEM_CHAT]:
        rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        ids = tokenizer.apply_chat_template(messages, tokenize=True, add_generation_prompt=True, return_dict=False)
        assert ids == tokenizer(rendered, add_special_tokens=False)["input_ids"] and ids.count(1) == 1
        chats.append({"messages": messages, "rendered": rendered, "ids": ids})
    return {"texts": texts, "chats": chats, "refusesSystemRole": family == "gemma2"}
