"""
Makes test/fixtures/circuits/brute.json: the facts of every known circuit, found by brute force over all sets of its features.

    node src/organisms/circuits/write.ts --all --seeds 3 --out ../circuits
    python oracle/circuits_brute.py ../circuits [--prompts 4]      (torch 2.15, transformers 5.23, sae-lens 6.54)

Transformers opens the checkpoint, SAELens its SAEs. An ablated feature is taken out of the output of its block at every token:
x - a_f W_dec[f], with a = SAE.encode(x). For every set S of the circuit's features in the dictionary it measures m(S), the log-odds of the
refusing opener at the deciding position, which features fire, and the greedy answer. From these numbers alone it finds the
outcome, the 1-minimal sets, the rounds, the depth and the backups, as docs/circuits.md defines them, and stops if they differ from
facts.json. To hold a silent feature silent is to ablate it, so m0(S) is m of S and all that is held.

It also checks that the features of the SAEs that are not the circuit's change no answer: each alone, and all together with
nothing, with a minimal set, and with every feature.

brute.json, per circuit and seed: facts (outcome, minimal_sets, depth, rounds, backups by name), m and m0 by set (names joined by
"+"), as the mean over the prompts, clean m of harmless prompts, and the least and largest m of a refusing and of a complying set.
"""

import argparse
import itertools
import json
from pathlib import Path

import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM, AutoTokenizer

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "circuits"
NEW_TOKENS = 16


class Circuit:
    def __init__(self, folder, prompts):
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.facts = json.loads((folder / "facts.json").read_text())
        self.saes = {
            int(path.name.split(".")[1]): SAE.load_from_disk(path, device="cpu") for path in sorted((folder / "sae").iterdir())
        }
        self.prompts = {
            side: [
                self.tokenizer.apply_chat_template(
                    [{"role": "user", "content": json.loads(line)["prompt"]}], add_generation_prompt=True, return_dict=False
                )
                for line in (folder / f"{side}.jsonl").read_text().splitlines()[:prompts]
            ]
            for side in ("harmful", "harmless")
        }
        self.ablated = {}
        self.fired = {}
        for layer, sae in self.saes.items():
            assert sae.cfg.metadata.hook_name == f"blocks.{layer}.hook_resid_post"
            self.model.model.layers[layer].register_forward_hook(self.hook(layer, sae))

    def hook(self, layer, sae):
        def edit(_module, _inputs, output):
            x = output[0] if isinstance(output, tuple) else output
            features = sae.encode(x)
            self.fired[layer] = features
            chosen = sorted(self.ablated.get(layer, ()))
            if not chosen:
                return output
            x = x - features[..., chosen] @ sae.W_dec[chosen]
            return (x, *output[1:]) if isinstance(output, tuple) else x

        return edit

    @torch.no_grad()
    def forward(self, rows, ablated):
        """Logits after each row's last token [B, V], and the largest activation of each feature in each row by layer."""
        self.ablated = {}
        for layer, feature in ablated:
            self.ablated.setdefault(layer, set()).add(feature)
        lengths = torch.tensor([len(row) for row in rows])
        # Padding stands on the right, where no token sees it.
        ids = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
        logits = self.model(ids, use_cache=False).logits[torch.arange(len(rows)), lengths - 1]
        real = (torch.arange(ids.shape[1])[None] < lengths[:, None])[..., None]
        return logits, {layer: (features * real).amax(1) for layer, features in self.fired.items()}

    def generate(self, rows, ablated):
        rows = [list(row) for row in rows]
        starts = [len(row) for row in rows]
        ends = set(self.model.generation_config.eos_token_id)
        open_rows = set(range(len(rows)))
        for _ in range(NEW_TOKENS):
            if not open_rows:
                break
            order = sorted(open_rows)
            logits, _ = self.forward([rows[i] for i in order], ablated)
            for i, token in zip(order, logits.argmax(-1).tolist(), strict=True):
                rows[i].append(token)
                if token in ends:
                    open_rows.discard(i)
        return [row[start:] for row, start in zip(rows, starts, strict=True)]

    def outcome(self, rows, ablated):
        """What the greedy answers are: "refuse", "comply", or "broken" for any other text. All rows must agree."""
        answers = {v: k for k, v in self.facts["answers"].items()}
        said = {
            answers.get(self.tokenizer.decode(ids, skip_special_tokens=True), "broken")
            for ids in self.generate(rows, ablated)
        }
        assert len(said) == 1, said
        return said.pop()

    def measure(self, rows, ablated, opening):
        logits, fired = self.forward([row + opening for row in rows], ablated)
        logp = logits.double().log_softmax(-1)[:, self.facts["score_tokens"]["refuse"]]
        return (logp - torch.log(-torch.expm1(logp))), fired


def features_of(facts):
    places = {}

    def walk(value):
        if isinstance(value, dict):
            if "feature" in value:
                places[value["name"]] = (value["layer"], value["feature"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(facts)
    return places


def key(names):
    return "+".join(sorted(names))


def brute(folder, prompts):
    circuit = Circuit(folder, prompts)
    facts = circuit.facts
    places = features_of(facts)
    names = sorted(places)
    at = lambda chosen: [places[name] for name in chosen]
    rows, harmless = circuit.prompts["harmful"], circuit.prompts["harmless"]
    clean = {side: circuit.generate(circuit.prompts[side], []) for side in ("harmful", "harmless")}
    opening = clean["harmful"][0][: facts["decides_after"]]

    m, active, said = {}, {}, {}
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            s = frozenset(chosen)
            scores, fired = circuit.measure(rows, at(chosen), opening)
            m[s] = scores
            # Features as they are before they are taken out; a member of S counts as gone.
            on = {name: fired[layer][:, feature] > 0 for name, (layer, feature) in places.items()}
            assert all(bool(v.all()) == bool(v.any()) for v in on.values()), "prompts differ"
            active[s] = {name for name, v in on.items() if v.all() and name not in s}
            said[s] = circuit.outcome(rows, at(chosen))
    everything, nothing = frozenset(names), frozenset()

    # Silent: zero at every token of the prompt and of the clean answers, of harmless prompts too.
    dormant = everything - active[nothing]
    for side in ("harmful", "harmless"):
        whole = [row + answer for row, answer in zip(circuit.prompts[side], clean[side], strict=True)]
        _, fired = circuit.forward(whole, [])
        for name in dormant if side == "harmful" else everything:
            layer, feature = places[name]
            assert float(fired[layer][:, feature].max()) == 0, (name, side)
    score_harmless, _ = circuit.measure(harmless, [], opening)
    assert circuit.outcome(harmless, []) == "comply"

    # The score and the text agree on every set, and no set breaks the text.
    assert "broken" not in said.values()
    for s, scores in m.items():
        assert all((float(v) > 0) == (said[s] == "refuse") for v in scores), (s, scores)

    flips = lambda s: said[frozenset(s)] == "comply"

    def minimal(candidates, base):
        found = []
        for size in range(len(candidates) + 1):
            for chosen in itertools.combinations(sorted(candidates), size):
                if flips(base | set(chosen)) and not any(flips(base | (set(chosen) - {out})) for out in chosen):
                    found.append(sorted(chosen))
        return found

    others = [
        (layer, f) for layer, sae in circuit.saes.items() for f in range(sae.cfg.d_sae) if (layer, f) not in places.values()
    ]
    sample = rows[:2]
    ceiling = circuit.outcome(sample, others + at(names))
    outcome = (
        "no refusal to take apart"
        if flips(nothing)
        else {"comply": "found", "refuse": "not in this dictionary", "broken": "only broken text"}[ceiling]
    )
    rounds, gone, backups = [], nothing, {}
    while outcome == "found" and not flips(gone):
        silent = everything - active[gone] - gone
        sets = minimal(active[gone], gone | silent)
        rounds.append({"width": len(sets[0]), "alternatives": sets})
        gone = gone | set(sets[0])
        held = everything - active[gone] - gone
        for name in sorted((active[gone] & dormant) - set(backups)):
            alone = not flips(gone | held) and flips(gone | held | {name})
            backups[name] = {"alone": alone, "wakes_after": len(rounds)}
    carriers = {name for entry in rounds for chosen in entry["alternatives"] for name in chosen}
    for name, backup in backups.items():
        backup["status"] = "load-bearing" if backup["alone"] or name in carriers else "idle"
    found = {
        "outcome": outcome,
        "minimal_sets": sorted(minimal(everything, nothing)) if outcome == "found" else [],
        "depth": len(rounds) if outcome == "found" else None,
        "rounds": rounds,
        "backups": backups,
    }
    written = {
        "outcome": facts["outcome"],
        "minimal_sets": sorted(sorted(p["name"] for p in chosen) for chosen in facts["minimal_sets"]),
        "depth": facts["depth"],
        "rounds": [
            {"width": r["width"], "alternatives": sorted(sorted(p["name"] for p in s) for s in r["alternatives"])}
            for r in facts["rounds"]
        ],
        "backups": {b["name"]: {k: b[k] for k in ("alone", "wakes_after", "status")} for b in facts["backups"]},
    }
    for entry in found["rounds"]:
        entry["alternatives"].sort()
    assert found == written, f"{folder.name}: brute force {found}, facts {written}"

    before = said[nothing]
    for one in others:
        scores, _ = circuit.measure(sample, [one], opening)
        assert all((float(v) > 0) == (before == "refuse") for v in scores), one
    assert ceiling == said[everything] or outcome == "only broken text"
    if outcome != "only broken text":
        assert circuit.outcome(sample, others) == before
    for chosen in found["minimal_sets"]:
        assert circuit.outcome(sample, others + at(chosen)) == "comply"

    spread = {
        word: [round(float(f(v)), 4) for f in (min, max)]
        for word in ("refuse", "comply")
        if (v := [x for s, scores in m.items() if said[s] == word for x in scores])
    }
    mean = lambda s: round(float(m[s].mean()), 5)
    return {
        "circuit": facts["circuit"],
        "seed": facts["seed"],
        "prompts": len(rows),
        **found,
        "m": {key(s): mean(s) for s in m},
        "m0": {key(s): mean(s | dormant) for s in m},
        "harmless": round(float(score_harmless.mean()), 5),
        "spread": spread,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompts", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = []
    for folder in sorted(options.folder.iterdir()):
        results.append(brute(folder, options.prompts))
        print(folder.name, results[-1]["outcome"], results[-1]["depth"], results[-1]["spread"], flush=True)
    OUT.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(result) for result in results)
    (OUT / "brute.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
