"""Reference numbers for src/stats from SciPy, statsmodels, scikit-learn and NumPy.

    python oracle/stats_fixtures.py     # writes test/fixtures/stats/reference.json

The committed file states the versions used. Nothing here is a transcription of the TypeScript: each number
comes from another library's own routine. None of them has the paired Newcombe interval; the test checks it against the
published table instead.
"""

import json
import pathlib

import numpy as np
import scipy
import scipy.stats as st
import sklearn
import statsmodels
from sklearn.linear_model import Ridge
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

rng = np.random.default_rng(20261121)
OUT = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "stats" / "reference.json"


def wilson():
    cases = [(0, 10), (10, 10), (1, 3), (7, 23), (16, 75), (65, 75), (500, 1000)]
    return [
        {"successes": k, "n": n, "level": level, "interval": list(proportion_confint(k, n, 1 - level, "wilson"))}
        for k, n in cases
        for level in (0.8, 0.95, 0.99)
    ]


def newcombe():
    cases = [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (0, 10, 0, 10), (22, 22, 7, 23)]
    return [
        {
            "a": {"successes": a, "n": n},
            "b": {"successes": b, "n": m},
            "level": 0.95,
            "interval": [float(x) for x in confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff", alpha=0.05)],
        }
        for a, n, b, m in cases
    ]


def mcnemar_cases():
    cases = [(0, 0), (1, 0), (5, 0), (12, 2), (2, 12), (7, 7), (40, 25), (900, 700)]
    return [{"first": b, "second": c, "p": float(mcnemar([[10, b], [c, 10]], exact=True).pvalue)} for b, c in cases]


def fisher():
    cases = [(9, 10, 3, 10), (0, 12, 5, 9), (22, 22, 7, 23), (3, 3, 0, 4), (120, 160, 90, 150), (0, 8, 0, 8)]
    out = []
    for a, n, b, m in cases:
        table = [[a, n - a], [b, m - b]]
        greater, less = (float(st.fisher_exact(table, alternative=side)[1]) for side in ("greater", "less"))
        out.append({"a": {"successes": a, "n": n}, "b": {"successes": b, "n": m}, "greater": greater, "less": less})
    return out


def effect():
    out = []
    for n, m, shift in [(20, 20, 0.0), (23, 22, 1.3), (60, 25, -0.6), (9, 40, 2.0)]:
        a, b = rng.normal(shift, 1, n), rng.normal(0, 1.2, m)
        t = float(st.ttest_ind(a, b).statistic)
        scale = np.sqrt(1 / n + 1 / m)
        # The exact interval: the noncentralities for which the observed t sits at the tails.
        exact = [
            scipy.optimize.brentq(lambda nc: st.nct.cdf(t, n + m - 2, nc) - tail, t - 4, t + 4) * scale
            for tail in (0.975, 0.025)
        ]
        out.append({"a": a.tolist(), "b": b.tolist(), "d": t * scale, "exact_interval": exact})
    return out


def share():
    import pandas as pd
    from statsmodels.formula.api import ols

    out = []
    for k, spread in [(2, 0.0), (3, 0.5), (5, 3.0)]:
        groups = [f"g{i}" for i in rng.integers(0, k, 60)]
        values = np.array([int(g[1]) * spread for g in groups]) + rng.normal(0, 1, 60)
        table = anova_lm(ols("v ~ C(g)", pd.DataFrame({"v": values, "g": groups})).fit())
        total = table["sum_sq"].sum()
        out.append({"values": values.tolist(), "groups": groups, "share": float(table.loc["C(g)", "sum_sq"] / total)})
    return out


def ridge():
    out = []
    for n, p, q, lam in [(40, 5, 5, 0.1), (7, 5, 3, 0.1), (30, 2, 1, 10.0), (3, 5, 5, 0.1)]:
        x, y = rng.dirichlet(np.ones(p) * 0.4, n), rng.normal(size=(n, q))
        model = Ridge(alpha=lam, fit_intercept=False, solver="svd", tol=1e-14).fit(x, y)
        out.append({
            "x": x.tolist(), "y": y.tolist(), "lambda": lam,
            "coefficients": np.atleast_2d(model.coef_).reshape(q, p).T.tolist(),
            "condition": float(np.linalg.cond(x.T @ x + lam * np.eye(p))),
        })
    return out


def summaries():
    values = rng.normal(size=17)
    return {
        "values": values.tolist(),
        "quantiles": [{"q": q, "value": float(np.quantile(values, q))} for q in (0, 0.025, 0.31, 0.5, 0.975, 1)],
        "sd": [float(values.std(ddof=k)) for k in (0, 1)],
        "normal": [{"p": p, "x": float(st.norm.ppf(p))} for p in (1e-9, 0.005, 0.3, 0.5, 0.975, 0.9995, 1 - 1e-9)],
    }


def bootstraps():
    values = rng.gamma(2, 1, 40)
    plain = st.bootstrap((values,), np.mean, n_resamples=200_000, method="percentile", rng=rng).confidence_interval
    a, b = rng.normal(0.7, 1, 14), rng.normal(0, 1, 16)
    test = st.permutation_test(
        (a, b), lambda x, y, axis: x.mean(axis) - y.mean(axis), n_resamples=200_000, vectorized=True, rng=rng
    )
    paired = rng.normal(0.5, 1, 12)
    signs = st.permutation_test((paired,), np.mean, permutation_type="samples", n_resamples=np.inf)
    return {
        "values": values.tolist(), "interval": [float(plain.low), float(plain.high)],
        "a": a.tolist(), "b": b.tolist(), "p": float(test.pvalue),
        "paired": paired.tolist(), "signs_p": float(signs.pvalue),
    }


def tails():
    return [
        {"t": t, "df": df, "p": float(st.t.sf(t, df))}
        for t in (-3.0, 0.0, 0.01, 0.7, 1.96, 4.5, 12.0, 60.0)
        for df in (1, 2, 3, 4, 17, 58, 301)
    ]


def discoveries():
    # A separate generator, so that the numbers above do not change.
    own = np.random.default_rng(20261124)
    out = []
    for m in (1, 4, 9, 200):
        p = own.uniform(0, 1, m) ** 3
        p[-1] = p[0]
        out.append({"p": p.tolist(), "q": st.false_discovery_control(p, method="bh").tolist()})
    return out


def paired_tests():
    # A separate generator, so that the numbers above do not change.
    own = np.random.default_rng(20261129)

    def greater(d):
        return float(st.permutation_test((d,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf).pvalue)

    out = []
    for n, shift in [(2, 0.5), (5, 0.0), (8, 1.0), (11, 0.2), (14, -0.3)]:
        d = own.normal(shift, 1, n)
        if n == 8:
            d[2] = 0.0
        margin = 1.2
        out.append({"d": d.tolist(), "greater": greater(d), "margin": margin, "equivalence": max(greater(margin + d), greater(margin - d))})
    return out


def rank_correlations():
    own = np.random.default_rng(20261130)
    out = []
    for n in (2, 7, 40):
        x = own.normal(size=n)
        y = np.round(x + own.normal(size=n), 0 if n == 40 else 3)
        out.append({"x": x.tolist(), "y": y.tolist(), "rho": float(st.spearmanr(x, y).statistic)})
    return out


def corrections():
    out = []
    for m in (1, 4, 9):
        p = rng.uniform(0, 1, m) ** 3
        p[-1] = p[0]
        out.append({"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()})
    return out


OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "scikit-learn": sklearn.__version__},
    "wilson": wilson(), "newcombe": newcombe(), "mcnemar": mcnemar_cases(), "fisher": fisher(), "effect": effect(), "share": share(),
    "ridge": ridge(), "summaries": summaries(), "resampling": bootstraps(), "holm": corrections(), "tails": tails(), "bh": discoveries(),
    "sign_flips": paired_tests(), "spearman": rank_correlations(),
}, indent=1) + "\n")
print(OUT, OUT.stat().st_size)
