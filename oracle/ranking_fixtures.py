"""
Makes test/fixtures/anatomy/ranking.json: integrated gradients and the published greedy filter on known circuits.

    node src/organisms/circuits/write.ts --all --seeds 1 --out ../circuits
    python oracle/ranking_fixtures.py ../circuits      (torch 2.15, transformers 5.23; some 20 s)

Per circuit: `effects`, by the block of the SAE, the mean over harmful prompts of the integrated gradient of the refusal score with respect
to how far each feature is ablated: all features of that SAE together, x - s (a * W_dec), by the midpoints s of STEPS equal steps, through
autograd. `whole`: what ablating all of that SAE does to the mean score. `greedy`: the filter of arXiv 2509.09708 in a fixed order: blocks
of five on top of what was kept, a block is kept if the mean probability of the refusing opener falls by TAU of it; the SAEs' files are read
here, without SAELens.
"""

import argparse
import json
import random
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "anatomy"
CIRCUITS = ["both-needed", "cascade-2", "idle", "later-token"]
PROMPTS, STEPS, TAU = 4, 8, 0.1


class Sae:
    def __init__(self, folder):
        self.config = json.loads((folder / "cfg.json").read_text())
        self.weights = load_file(folder / "sae_weights.safetensors")
        self.layer = int(self.config["metadata"]["hook_name"].split(".")[1])
        self.width = self.weights["W_dec"].shape[0]

    def encode(self, x):
        w, kind = self.weights, self.config["architecture"]
        if self.config["apply_b_dec_to_input"]:
            x = x - w["b_dec"]
        pre = x @ w["W_enc"] + w["b_enc"]
        if kind == "jumprelu":
            return torch.relu(pre) * (pre > w["threshold"])
        if kind == "topk":
            best = pre.topk(self.config["k"], dim=-1)
            return torch.zeros_like(pre).scatter(-1, best.indices, torch.relu(best.values))
        assert kind == "standard", kind
        return torch.relu(pre)


class Circuit:
    def __init__(self, folder):
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.model.requires_grad_(False)
        self.facts = json.loads((folder / "facts.json").read_text())
        tokenizer = AutoTokenizer.from_pretrained(folder)
        lines = (folder / "harmful.jsonl").read_text().splitlines()[:PROMPTS]
        chat = lambda line: [{"role": "user", "content": json.loads(line)["prompt"]}]
        self.rows = [tokenizer.apply_chat_template(chat(line), add_generation_prompt=True, return_dict=False) for line in lines]
        self.saes = {sae.layer: sae for sae in map(Sae, sorted((folder / "sae").iterdir()))}
        self.masks = {}  # layer -> [features]
        for layer, sae in self.saes.items():
            self.model.model.layers[layer].register_forward_hook(self.hook(sae))

    def hook(self, sae):
        def edit(_module, _inputs, output):
            if sae.layer not in self.masks:
                return output
            x = output[0] if isinstance(output, tuple) else output
            x = x - (sae.encode(x) * self.masks[sae.layer]) @ sae.weights["W_dec"]
            return (x, *output[1:]) if isinstance(output, tuple) else x

        return edit

    def logits(self, row):
        return self.model(torch.tensor([row]), use_cache=False).logits[0, -1]

    def score(self, row):
        logp = self.logits(row).double().log_softmax(-1)[self.facts["score_tokens"]["refuse"]]
        return logp - torch.log(-torch.expm1(logp))

    def opening(self):
        """The tokens of an answer before the one that decides."""
        row = list(self.rows[0])
        for _ in range(self.facts["decides_after"]):
            row.append(int(self.logits(row).argmax()))
        return row[len(self.rows[0]) :]


def integrated(circuit, rows, layer):
    n = circuit.saes[layer].width
    total = torch.zeros(n, dtype=torch.float64)
    for row in rows:
        for k in range(STEPS):
            masks = torch.full((n,), (k + 0.5) / STEPS, requires_grad=True)
            circuit.masks = {layer: masks}
            (gradient,) = torch.autograd.grad(circuit.score(row), masks)
            total += gradient.double()
    circuit.masks = {}
    return (total / (STEPS * len(rows))).tolist()


@torch.no_grad()
def scores(circuit, rows, ablated):
    circuit.masks = {}
    for layer, feature in ablated:
        circuit.masks.setdefault(layer, torch.zeros(circuit.saes[layer].width))[feature] = 1
    found = torch.stack([circuit.score(row) for row in rows])
    circuit.masks = {}
    return found


def greedy(circuit, rows, order):
    probability = lambda kept: float(scores(circuit, rows, kept).sigmoid().mean())
    kept, before = [], probability([])
    for at in range(0, len(order), 5):
        after = probability(kept + order[at : at + 5])
        if (before - after) / before >= TAU:
            kept, before = kept + order[at : at + 5], after
    return {"order": order, "kept": sorted(kept)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = []
    for name in CIRCUITS:
        circuit = Circuit(options.folder / f"{name}-1")
        opening = circuit.opening()
        rows = [row + opening for row in circuit.rows]
        every = {layer: [[layer, f] for f in range(sae.width)] for layer, sae in circuit.saes.items()}
        order = sum(every.values(), [])
        random.Random(1).shuffle(order)
        clean = scores(circuit, rows, [])
        results.append(
            {
                **{"circuit": name, "seed": 1, "prompts": PROMPTS, "opening": opening, "steps": STEPS, "tau": TAU},
                "effects": {layer: [round(e, 6) for e in integrated(circuit, rows, layer)] for layer in circuit.saes},
                "whole": {layer: round(float((scores(circuit, rows, all) - clean).mean()), 6) for layer, all in every.items()},
                "greedy": greedy(circuit, rows, order),
            }
        )
        print(name, results[-1]["whole"], {k: sum(v) for k, v in results[-1]["effects"].items()}, results[-1]["greedy"]["kept"], flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(result) for result in results)
    (OUT / "ranking.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
