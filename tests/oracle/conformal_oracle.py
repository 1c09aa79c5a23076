# SPDX-License-Identifier: Apache-2.0
"""Writes the expected conformal p-values, from their definitions in exact fractions: `python conformal_oracle.py data`."""
import json
import pathlib
import sys
from fractions import Fraction

import mpmath
import numpy as np
import scipy
from scipy import stats

mpmath.mp.dps = 40
generator = np.random.default_rng(20261126)


def marginal(scores, s):
    return Fraction(1 + sum(c >= s for c in scores), len(scores) + 1)


def randomised(scores, s, u):
    return (sum(c > s for c in scores) + Fraction(u) * (1 + sum(c == s for c in scores))) / (len(scores) + 1)


def dkw(scores, s, delta):
    n = len(scores)
    return min(mpmath.mpf(1), mpmath.mpf(sum(c >= s for c in scores)) / n + mpmath.sqrt(mpmath.log(1 / mpmath.mpf(delta)) / (2 * n)))


def simes(scores, s, delta):
    # Bates et al. (2023), equation 9: b_(n+1-i) = 1 - delta^(1/k) (i ... (i-k+1) / (n ... (n-k+1)))^(1/k), b_(n+1) = 1.
    n = len(scores)
    k = max(1, n // 2)
    i = n - sum(c >= s for c in scores)
    product = Fraction(1)
    for j in range(k):
        product *= Fraction(max(0, i - j), n - j)
    value = mpmath.mpf(product.numerator) / product.denominator
    return 1 - (mpmath.mpf(delta) * value) ** (mpmath.mpf(1) / k)


def weighted(scores, weights, s, w):
    above = Fraction(w) + sum((Fraction(x) for c, x in zip(scores, weights) if c >= s), Fraction(0))
    return above / (Fraction(w) + sum((Fraction(x) for x in weights), Fraction(0)))


cases = []
for n, decimals, delta in [(1, 3, 0.1), (7, 0, 0.05), (40, 1, 0.2), (101, 6, 0.01)]:
    scores = generator.normal(size=n).round(decimals).tolist()
    weights = generator.gamma(2.0, size=n).tolist()
    queries = []
    for s in [-10.0, *scores[:4], 0.0, 0.73, 1.5, 10.0]:
        u, w = float(generator.uniform()), float(generator.gamma(2.0))
        queries.append({"score": s, "uniform": u, "weight": w, "marginal": float(marginal(scores, s)),
                        "randomised": float(randomised(scores, s, u)), "dkw": float(dkw(scores, s, delta)),
                        "simes": float(simes(scores, s, delta)), "weighted": float(weighted(scores, weights, s, w))})
    cases.append({"scores": scores, "weights": weights, "failure_probability": delta, "queries": queries})

# The largest k with P(Beta(k, n + 1 - k) > level) <= delta, by SciPy's beta law; 0 where there is none.
ranks = []
for n in [20, 59, 100, 999, 4000]:
    for level, delta in [(0.05, 0.05), (0.1, 0.01), (0.01, 0.1)]:
        good = [k for k in range(1, n + 1) if stats.beta.sf(level, k, n + 1 - k) <= delta]
        ranks.append({"n": n, "level": level, "failure_probability": delta, "rank": max(good, default=0)})

(pathlib.Path(sys.argv[1]) / "conformal.json").write_text(json.dumps(
    {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "mpmath": mpmath.__version__}, "cases": cases,
     "ranks": ranks}, indent=0) + "\n")
