"""Reference separators for src/stats/fits/margin.ts from scikit-learn (liblinear), computed a second time with PyTorch.

    python oracle/margin_fixtures.py     # writes test/fixtures/stats/margin.json

Both minimize the same sum, ½‖w‖² + Σ cᵢ · max(0, 1 − yᵢ w·xᵢ)² with cᵢ = C · n / (2 · n of the row's class): LinearSVC with
loss="squared_hinge" and class_weight="balanced" in its dual, PyTorch by L-BFGS on the primal in float64. The program refuses a
fixture if the two differ by more than 1e-6 of the largest weight. The last column of x is ones: the intercept, regularized.
Kinds: plain, classes of 3 and 40 rows, more columns than rows, labels independent of x, separable rows with a large cost.
"""

import json
import pathlib

import numpy as np
import sklearn
import torch
from sklearn.svm import LinearSVC

rng = np.random.default_rng(20261124)
OUT = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "stats" / "margin.json"


def case(name, n_has, n_lacks, d, shift, cost, scale=1.0):
    y = np.array([1] * n_has + [-1] * n_lacks)
    x = rng.normal(0, 1, (n_has + n_lacks, d))
    x[:n_has, : min(3, d)] += shift
    x = np.round(np.hstack([x * scale, np.ones((len(y), 1))]), 6)
    weights = cost * len(y) / (2 * np.where(y == 1, n_has, n_lacks))

    svc = LinearSVC(loss="squared_hinge", dual=True, C=cost, class_weight="balanced", fit_intercept=False, tol=1e-9, max_iter=10_000_000)
    w = svc.fit(x, y).coef_[0]

    t = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    X, Y, W = (torch.tensor(a, dtype=torch.float64) for a in (x, y, weights))
    optimizer = torch.optim.LBFGS([t], max_iter=5000, tolerance_grad=1e-13, tolerance_change=0, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = 0.5 * t @ t + (W * torch.clamp(1 - Y * (X @ t), min=0) ** 2).sum()
        value.backward()
        return value

    for _ in range(5):
        optimizer.step(loss)
    apart = np.abs(t.detach().numpy() - w).max() / np.abs(w).max()
    if apart > 1e-6:
        raise SystemExit(f"{name}: scikit-learn and PyTorch are {apart:.1e} apart")
    return {"name": name, "x": x.tolist(), "y": y.tolist(), "cost": weights.tolist(), "w": w.tolist()}


cases = [
    case("plain", 20, 24, 4, 1.0, 1.0),
    case("unequal classes", 3, 40, 5, 1.0, 1.0),
    case("more columns than rows", 8, 9, 40, 0.8, 1.0, scale=40**-0.5),
    case("labels that say nothing", 15, 15, 6, 0.0, 0.1),
    case("separable, large cost", 12, 10, 3, 5.0, 10.0),
]
OUT.write_text(json.dumps({"versions": {"scikit-learn": sklearn.__version__, "torch": torch.__version__}, "cases": cases}) + "\n")
print(OUT, OUT.stat().st_size, "bytes")
