"""Reference numbers for the exact, clustered and hierarchical inference of src/stats, from SciPy and statsmodels.

    python oracle/inference_fixtures.py     # writes test/fixtures/stats/inference.json

Each number comes from another library's own routine: Clopper-Pearson and binomial tests, McNemar's mid-p and its power
from SciPy's binomial distribution, Newcombe and Holm from statsmodels, BCa's tails from SciPy's own bootstrap code on given draws,
Cliff's delta from the Mann-Whitney U, logistic regression with cluster-robust covariance from statsmodels.
"""

import json
import pathlib

import numpy as np
import scipy
import scipy.stats as st
import statsmodels
import statsmodels.api as sm
from scipy.stats._resampling import _bca_interval
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

OUT = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "stats" / "inference.json"
rng = np.random.default_rng(20261129)


def exact_rates():
    out = []
    for k, n in [(0, 10), (10, 10), (1, 3), (7, 23), (36, 36), (4, 96), (500, 1000), (30_000, 100_000)]:
        for level in (0.8, 0.95, 0.99):
            low, high = proportion_confint(k, n, 1 - level, "beta")
            out.append({"successes": k, "n": n, "level": level, "interval": [float(np.nan_to_num(low)), float(1 if k == n else high)]})
    return out


def binomial_tests():
    return [
        {
            "successes": k, "n": n, "rate": rate,
            "above": float(st.binomtest(k, n, rate, "greater").pvalue),
            "below": float(st.binomtest(k, n, rate, "less").pvalue),
        }
        for k, n in [(0, 36), (1, 36), (5, 36), (36, 36), (12, 96), (700, 5000)]
        for rate in (0.05, 0.1, 0.5)
    ]


def mid_p(b, c):
    half = st.binom(b + c, 0.5)
    return float(min(1, 2 * half.cdf(min(b, c)) - half.pmf(min(b, c))))


def mcnemar_mid_p():
    return [{"first": b, "second": c, "p": mid_p(b, c)} for b, c in [(0, 0), (1, 0), (5, 0), (8, 1), (2, 12), (7, 7), (40, 25), (900, 700)]]


def mcnemar_power():
    def power(p, q, n, alpha):
        return sum(
            st.multinomial.pmf([b, c, n - b - c], n, [p, q, max(0.0, 1 - p - q)])
            for b in range(n + 1) for c in range(n + 1 - b) if b > c and mid_p(b, c) < alpha
        )

    return [
        {"first": p, "second": q, "n": n, "alpha": alpha, "power": float(power(p, q, n, alpha))}
        for p, q, n, alpha in [(0.2, 0.0, 36, 0.05), (0.25, 0.05, 36, 0.025), (0.1, 0.1, 60, 0.05), (0.3, 0.1, 96, 0.0125), (0.9, 0.1, 12, 0.05)]
    ]


def deltas():
    out = []
    for n, m in [(1, 1), (8, 5), (40, 33)]:
        a, b = np.round(rng.normal(0.6, 1, n), 1), np.round(rng.normal(0, 1, m), 1)
        u = float(st.mannwhitneyu(a, b).statistic)
        out.append({"a": a.tolist(), "b": b.tolist(), "delta": 2 * u / (n * m) - 1})
    return out


def bca():
    out = []
    for n, level in [(12, 0.95), (30, 0.9)]:
        values = rng.gamma(1.5, 1, n)
        draws = rng.choice(values, (500, n)).mean(axis=1)
        low, high, _ = _bca_interval((values,), np.mean, axis=-1, alpha=(1 - level) / 2, theta_hat_b=draws, batch=None, xp=np)
        without = [float(np.delete(values, i).mean()) for i in range(n)]
        out.append({
            "observed": float(values.mean()), "draws": draws.tolist(), "without": without, "level": level,
            "tails": [float(low), float(high)],
        })
    values = rng.gamma(1.5, 1, 25)
    whole = st.bootstrap((values,), np.mean, n_resamples=200_000, method="BCa", rng=rng, confidence_level=0.95).confidence_interval
    return {"tails": out, "values": values.tolist(), "interval": [float(whole.low), float(whole.high)]}


def logistic():
    out = []
    for groups, per, effect in [(12, 3, 0.0), (30, 4, 1.2), (60, 2, -0.8)]:
        cluster = np.repeat(np.arange(groups), per)
        shared = rng.normal(0, 0.8, groups)[cluster]
        x = np.column_stack([np.ones(groups * per), rng.integers(0, 2, groups * per), rng.normal(0, 1, groups * per)])
        y = (rng.uniform(size=groups * per) < 1 / (1 + np.exp(-(x @ [-0.3, effect, 0.5] + shared)))).astype(int)
        model = sm.Logit(y, x)
        plain = model.fit(disp=0, tol=1e-14, maxiter=100)
        robust = model.fit(disp=0, tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds={"groups": cluster})
        out.append({
            "x": x.tolist(), "y": y.tolist(), "clusters": [f"g{c}" for c in cluster], "coefficients": plain.params.tolist(),
            "covariance": np.asarray(plain.cov_params()).tolist(), "clustered": np.asarray(robust.cov_params()).tolist(),
            "log_likelihood": float(plain.llf),
        })
    return out


def chi_square():
    return [{"x": x, "df": df, "p": float(st.chi2.sf(x, df))} for x in (0.0, 0.02, 1.0, 3.84, 9.5, 40.0, 300.0) for df in (1, 2, 3, 7, 40)]


def beta_quantiles():
    return [{"p": p, "a": a, "b": b, "x": float(st.beta.ppf(p, a, b))} for p in (0.001, 0.025, 0.5, 0.99) for a, b in [(1, 36), (0.5, 0.5), (3.5, 20.5), (200, 801)]]


def families():
    """Two families by hand: Holm of statsmodels in each, the second only if the hypothesis that it waits for was rejected."""
    out = []
    for first, second in [([0.01, 0.2], [0.02, 0.004, 0.6]), ([0.03, 0.2], [0.001, 0.002, 0.003]), ([0.03, 0.04], [0.5, 0.01, 0.015])]:
        one = multipletests(first, 0.05, "holm")
        two = multipletests(second, 0.05, "holm")
        is_open = bool(one[0][0])
        out.append({
            "first": first, "second": second, "adjusted": one[1].tolist() + (two[1].tolist() if is_open else [None] * 3),
            "rejected": [bool(r) for r in one[0]] + ([bool(r) for r in two[0]] if is_open else [False] * 3),
        })
    return out


OUT.write_text(json.dumps({
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "clopper_pearson": exact_rates(), "binomial": binomial_tests(), "mid_p": mcnemar_mid_p(), "power": mcnemar_power(), "cliff": deltas(),
    "bca": bca(), "logistic": logistic(), "chi_square": chi_square(), "beta": beta_quantiles(), "families": families(),
}, allow_nan=False) + "\n")
print(OUT, OUT.stat().st_size)
