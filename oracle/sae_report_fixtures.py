"""
Makes test/fixtures/sae-report/demo.json: what `fathom sae report` measures on the bundled organism and its sparse autoencoder,
computed with Transformers, SAELens and NumPy.

    python oracle/sae_report_fixtures.py

Keys: texts [T][tokens] ids; fvu by group; massive (the same after every 97th token was multiplied by 30, so that there are massive ones);
l0 [n]; firings [d_sae]; nearest {feature, cosine} [d_sae]; logits {feature: {raised, lowered}} of ids and effects; peaks {feature: [[text,
position, activation]]}, one per text, strongest first; windows {feature: activations around its strongest token}.
Peaks leave out a feature if rounding could change the order of two of its candidates. The program refuses the fixture if fewer
than MOST features are left.
"""

import json
from pathlib import Path

import numpy as np
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "organisms" / "demo"
OUT = ROOT / "test" / "fixtures" / "sae-report" / "demo.json"
LAYER, TEXTS, MOST, STRONGEST, LOGITS, BEFORE, BEHIND = 2, 24, 12, 5, 10, 20, 10


def fvu(x: np.ndarray, rebuilt: np.ndarray, wanted: np.ndarray) -> float:
    rows, back = x[wanted], rebuilt[wanted]
    return float(((rows - back) ** 2).sum() / ((rows - rows.mean(0)) ** 2).sum())


def shares(x: np.ndarray, rebuilt: np.ndarray, first: np.ndarray) -> dict[str, float]:
    norms = np.linalg.norm(x, axis=1)
    massive = norms > 10 * np.median(norms)
    every = np.ones(len(x), bool)
    return {
        "all": fvu(x, rebuilt, every),
        "withoutFirst": fvu(x, rebuilt, ~first),
        "ordinary": fvu(x, rebuilt, ~massive),
        "ordinaryWithoutFirst": fvu(x, rebuilt, ~massive & ~first),
        "massive": int(massive.sum()),
    }


def main() -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    sae = SAE.load_from_disk(str(MODEL / "sae"))
    lines = [json.loads(line) for line in (ROOT / "prompts" / "fiction.jsonl").read_text().splitlines() if line.strip()]
    texts = [tokenizer(line["prompt"]).input_ids for line in lines[:: max(1, len(lines) // TEXTS)][:TEXTS]]
    with torch.no_grad():
        x = torch.cat([model(torch.tensor([ids]), output_hidden_states=True).hidden_states[LAYER + 1][0] for ids in texts])
        z = sae.encode(x)
        rebuilt = sae.decode(z).double().numpy()
        scaled = x.clone()
        scaled[::97] *= 30
        scaled_back = sae.decode(sae.encode(scaled)).double().numpy()
    x64, z64 = x.double().numpy(), z.double().numpy()
    first = np.concatenate([[i == 0 for i in range(len(ids))] for ids in texts])
    text_of = np.concatenate([[t] * len(ids) for t, ids in enumerate(texts)])
    position = np.concatenate([np.arange(len(ids)) for ids in texts])

    decoder = sae.W_dec.detach().double().numpy()
    unit = decoder / np.linalg.norm(decoder, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    gain = model.model.norm.weight.detach().double().numpy()
    unembedding = model.lm_head.weight.detach().double().numpy()

    firings = (z64 != 0).sum(0)
    chosen = sorted(np.argsort(-firings, kind="stable")[:: len(firings) // 32][:32].tolist())
    peaks: dict[str, list] = {}
    windows: dict[str, list] = {}
    for feature in chosen:
        best = []
        for t in range(len(texts)):
            rows = np.flatnonzero(text_of == t)
            row = rows[z64[rows, feature].argmax()]
            own = np.sort(z64[rows, feature])[::-1]
            if own[0] > 0:
                best.append((own[0], int(row), own[0] - own[1]))
        best.sort(reverse=True)
        near = [a[0] - b[0] for a, b in zip(best, best[1:])][:STRONGEST] + [gap for _, _, gap in best[:STRONGEST]]
        if len(best) < 2 or min(near) < 1e-3:
            continue
        peaks[str(feature)] = [[int(text_of[row]), int(position[row]), value] for value, row, _ in best[:STRONGEST]]
        row = best[0][1]
        rows = np.flatnonzero(text_of == text_of[row])
        span = rows[max(0, position[row] - BEFORE) : position[row] + BEHIND + 1]
        windows[str(feature)] = z64[span, feature].tolist()
    if len(peaks) < MOST:
        raise SystemExit(f"expected {MOST} features without near ties, found {len(peaks)}")

    logits = {}
    for feature in list(peaks)[:6]:
        effects = (decoder[int(feature)] * gain) @ unembedding.T
        effects = effects - effects.mean()
        order = np.argsort(effects)
        logits[feature] = {
            "raised": [[int(i), float(effects[i])] for i in order[::-1][:LOGITS]],
            "lowered": [[int(i), float(effects[i])] for i in order[:LOGITS]],
        }
    fixture = {
        "made_by": "python oracle/sae_report_fixtures.py",
        "layer": LAYER,
        "texts": texts,
        "fvu": shares(x64, rebuilt, first),
        "massive": shares(scaled.double().numpy(), scaled_back, first),
        "l0": (z64 != 0).sum(1).tolist(),
        "firings": firings.tolist(),
        "nearest": [[int(row.argmax()), round(float(row.max()), 7)] for row in cosines],
        "logits": logits,
        "peaks": peaks,
        "windows": windows,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(fixture) + "\n")
    print(OUT, OUT.stat().st_size, fixture["fvu"], fixture["massive"], len(peaks))


if __name__ == "__main__":
    main()
