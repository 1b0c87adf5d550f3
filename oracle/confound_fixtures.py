"""Reference numbers for nested logistic regressions (src/stats/fits/logistic.ts), from statsmodels.

    python oracle/confound_fixtures.py     # writes test/fixtures/stats/confound.json

Each case has a full model, the same without its last column, the likelihood-ratio test of that column, and the cluster-robust standard
error of its coefficient.
"""

import json
import pathlib

import numpy as np
import scipy.stats as st
import statsmodels
import statsmodels.api as sm

OUT = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "stats" / "confound.json"
rng = np.random.default_rng(20261130)


def case(triples, pairs, hazard, legality):
    rows, clusters = [], []
    for i in range(triples):
        for tier in range(3):
            rows.append([1, int(tier > 0), 0, int(tier == 2)])
            clusters.append(f"t{i}")
    for i in range(pairs):
        for tier in range(2):
            rows.append([1, int(tier > 0), 1, 0])
            clusters.append(f"p{i}")
    x = np.array(rows)
    shared = {c: rng.normal(0, 0.7) for c in dict.fromkeys(clusters)}
    eta = x @ [-1.2, 0.5, legality, hazard] + np.array([shared[c] for c in clusters])
    y = (rng.uniform(size=len(x)) < 1 / (1 + np.exp(-eta))).astype(int)
    fit = lambda columns, **kw: sm.Logit(y, x[:, columns]).fit(disp=0, tol=1e-14, maxiter=100, **kw)
    full, reduced = fit([0, 1, 2, 3]), fit([0, 1, 2])
    groups = np.unique(clusters, return_inverse=True)[1]
    robust = fit([0, 1, 2, 3], cov_type="cluster", cov_kwds={"groups": groups})
    ratio = 2 * (full.llf - reduced.llf)
    return {
        "x": x.tolist(), "y": y.tolist(), "clusters": clusters, "coefficient": float(full.params[3]),
        "error": float(robust.bse[3]), "ratio": float(ratio), "p": float(st.chi2.sf(ratio, 1)),
    }


cases = [case(36, 12, 1.5, 0.0), case(36, 12, 0.0, 1.5), case(108, 12, 0.3, 0.8)]
OUT.write_text(json.dumps({"versions": {"statsmodels": statsmodels.__version__}, "cases": cases}, allow_nan=False) + "\n")
print(OUT, OUT.stat().st_size)
