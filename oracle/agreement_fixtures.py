"""Reference numbers for src/stats/agreement.ts and ranks.ts from scikit-learn, the krippendorff package and SciPy.

    python oracle/agreement_fixtures.py     # writes test/fixtures/stats/agreement.json

The committed file states the versions used. Nothing here is a transcription of the TypeScript: each number comes from
another library's own routine.
"""

import json
import pathlib
import sys
from importlib.metadata import version

import krippendorff
import numpy as np
from scipy.stats import kendalltau
from sklearn.metrics import cohen_kappa_score, confusion_matrix

rng = np.random.default_rng(20261129)
OUT = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "stats" / "agreement.json"


def noisy(truth, k, wrong):
    """The same categories, with a share of them drawn again at random."""
    return np.where(rng.random(len(truth)) < wrong, rng.integers(0, k, len(truth)), truth)


def kappas():
    cases = []
    for n, k, wrong in [(12, 2, 0.2), (60, 3, 0.1), (60, 3, 0.9), (300, 4, 0.4), (40, 7, 0.3)]:
        truth = rng.integers(0, k, n)
        other = noisy(truth, k, wrong)
        cases.append(
            {
                "table": confusion_matrix(truth, other, labels=list(range(k))).tolist(),
                "kappa": float(cohen_kappa_score(truth, other, labels=list(range(k)))),
            }
        )
    return cases


def alphas():
    """One row per answer and one column per rater; null is a missing value."""
    cases = []
    for n, raters, k, wrong, absent in [(12, 2, 2, 0.2, 0), (30, 3, 3, 0.3, 0.3), (80, 4, 7, 0.5, 0.5), (20, 3, 3, 1, 0.1)]:
        truth = rng.integers(0, k, n)
        values = np.stack([noisy(truth, k, wrong) for _ in range(raters)]).astype(float)
        values[rng.random(values.shape) < absent] = np.nan
        alpha = krippendorff.alpha(reliability_data=values, level_of_measurement="nominal")
        rows = [[None if np.isnan(x) else int(x) for x in column] for column in values.T]
        cases.append({"units": rows, "alpha": float(alpha)})
    return cases


def taus():
    cases = []
    for n, levels in [(3, 100), (5, 100), (8, 4), (12, 3), (30, 1000)]:
        a = rng.integers(0, levels, n)
        b = np.where(rng.random(n) < 0.5, a, rng.integers(0, levels, n))
        cases.append({"a": a.tolist(), "b": b.tolist(), "tau": float(kendalltau(a, b, variant="b").statistic)})
    return cases


def main():
    made = {
        "made_by": "python oracle/agreement_fixtures.py",
        "versions": {
            "python": sys.version.split()[0],
            **{name: version(name) for name in ("numpy", "scipy", "scikit-learn", "krippendorff")},
        },
        "kappa": kappas(),
        "alpha": alphas(),
        "tau": taus(),
    }
    text = json.dumps(made, allow_nan=False)
    OUT.write_text(text + "\n")
    print(f"{OUT}: {len(text)} bytes")


main()
