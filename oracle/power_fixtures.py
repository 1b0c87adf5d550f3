"""Reference numbers for the power of exact tests (src/stats/power.ts), from SciPy.

    python oracle/power_fixtures.py     # writes test/fixtures/stats/power.json

Each power is summed over all tables with SciPy's distributions, and each table is tested by SciPy's own test.
"""

import json
import pathlib

import scipy
import scipy.stats as st

OUT = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "stats" / "power.json"


def binomial():
    def power(rate, n, against, alpha):
        rejects = [k for k in range(n + 1) if 2 * st.binomtest(k, n, against, "greater").pvalue < alpha]
        return float(sum(st.binom.pmf(k, n, rate) for k in rejects))

    return [
        {"rate": rate, "n": n, "against": against, "alpha": alpha, "power": power(rate, n, against, alpha)}
        for rate, n, against, alpha in [(0.2, 36, 0.05, 0.025), (0.05, 42, 0.05, 0.05), (0.13, 150, 0.05, 0.025), (1.0, 3, 0.05, 0.05), (0.3, 5, 0.5, 0.05)]
    ]


def fisher():
    def p_value(i, n, j, m):
        tails = [st.fisher_exact([[i, n - i], [j, m - j]], side).pvalue for side in ("greater", "less")]
        return min(1, 2 * min(tails))

    def power(p, n, q, m, alpha):
        return float(sum(
            st.binom.pmf(i, n, p) * st.binom.pmf(j, m, q)
            for i in range(n + 1) for j in range(m + 1) if i * m > j * n and p_value(i, n, j, m) < alpha
        ))

    return [
        {"a": {"rate": p, "n": n}, "b": {"rate": q, "n": m}, "alpha": alpha, "power": power(p, n, q, m, alpha)}
        for p, n, q, m, alpha in [(0.8, 27, 0.4, 9, 0.05), (0.8, 24, 0.6, 24, 0.01), (0.3, 12, 0.3, 40, 0.05), (1.0, 6, 0.0, 5, 0.05)]
    ]


OUT.write_text(json.dumps({"versions": {"scipy": scipy.__version__}, "binomial": binomial(), "fisher": fisher()}, allow_nan=False) + "\n")
print(OUT, OUT.stat().st_size)
