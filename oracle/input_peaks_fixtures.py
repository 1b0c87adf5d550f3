"""The largest magnitude of every input of the linear layers that read the residual stream, by hooks on Transformers.

    python oracle/input_peaks_fixtures.py     -> test/fixtures/quantized/input-peaks.json

The rows are those that Fathom reads before it rounds a checkpoint to 8-bit integers (src/model/engine/input-peaks.ts): 4 of 128 tokens,
or of the whole context if that is shorter.
"""

import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

CHECKPOINTS = [
    *("llama-gqa-bias", "mistral-window", "gemma2-window", "gemma3-local-global", "gemma4-e2b", "phi3-partial-su", "qwen2-biases"),
    *("qwen3-norms", "olmo2-norms"),
]
READERS = ("q_proj", "k_proj", "v_proj", "qkv_proj", "gate_proj", "up_proj", "gate_up_proj")
fixtures = Path(__file__).resolve().parent.parent / "test" / "fixtures"

peaks = {}
for name in CHECKPOINTS:
    model = AutoModelForCausalLM.from_pretrained(fixtures / "engine" / name, dtype=torch.float32, attn_implementation="eager").eval()
    found = {}

    def keep(linear):
        def hook(_, inputs):
            found[f"{linear}.weight"] = inputs[0].abs().flatten(0, -2).amax(0).tolist()

        return hook

    for linear, module in model.named_modules():
        if linear.endswith(READERS):
            module.register_forward_pre_hook(keep(linear))
    length = min(128, model.config.max_position_embeddings)
    ids = [[(7919 * (t + 1) + 104_729 * row) % model.config.vocab_size for t in range(length)] for row in range(4)]
    with torch.no_grad():
        model(torch.tensor(ids))
    peaks[name] = {linear: [float(f"{value:.5g}") for value in values] for linear, values in found.items()}

(fixtures / "quantized" / "input-peaks.json").write_text(json.dumps(peaks, separators=(",", ":")) + "\n")
