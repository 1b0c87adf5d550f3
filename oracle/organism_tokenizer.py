"""Token ids of the bundled organism's tokenizer, as Transformers reads its files.

python oracle/organism_tokenizer.py   (from the repository root; after node src/organisms/training/train-demo.ts --design)
Writes test/fixtures/organisms/tokenizer-ids.json: for each text its ids as plain text (with the begin token) and as one
user turn in the chat template with the generation prompt.
"""

import json
from pathlib import Path

from transformers import AutoTokenizer

root = Path(__file__).resolve().parent.parent
tokenizer = AutoTokenizer.from_pretrained(root / "organisms/demo")
prompts = [json.loads(line)["prompt"] for line in (root / "prompts/fiction.jsonl").open()]
texts = prompts[::8] + [
    "I'm sorry, but I can't help.",
    "naïve café – 日本語 and العربية 🙂",
    "  two  spaces\n\nand\ttabs ",
    "x = [1, 2, 30]; don't",
    "",
]


def ids(text: str) -> dict:
    chat = tokenizer.apply_chat_template(
        [{"role": "user", "content": text}], add_generation_prompt=True, tokenize=True, return_dict=False
    )
    plain = tokenizer(text)["input_ids"]
    assert tokenizer.decode(plain, skip_special_tokens=True) == text, text
    return {"text": text, "plain": plain, "chat": chat}


out = root / "test/fixtures/organisms/tokenizer-ids.json"
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text("[\n" + ",\n".join(json.dumps(ids(text), ensure_ascii=False) for text in texts) + "\n]\n")
