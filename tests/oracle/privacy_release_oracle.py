# SPDX-License-Identifier: Apache-2.0
"""Writes what private releases are held against: `python privacy_release_oracle.py data`. All by direct sums or products
in 50 digits: how far discrete Laplace noise reaches, thresholds of open histograms, laws of report-noisy-max, variances
of running totals."""
import json
import pathlib
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 50


def law(scale, far):
    """P(X = 0), P(X = 1), ..., by the weights alone."""
    weights = [mpmath.exp(-mpf(k) / mpf(scale)) for k in range(far)]
    total = weights[0] + 2 * mpmath.fsum(weights[1:])
    return [w / total for w in weights]


def reach(scale, alpha):
    p = law(scale, int(160 * scale) + 160)
    beyond = mpmath.fsum(p[1:]) * 2  # P(|X| > 0)
    t = 0
    while beyond > mpf(alpha):
        t += 1
        beyond -= 2 * p[t]
    return t


def threshold(scale, delta, partitions, rows):
    p = law(scale, int(160 * scale) + 160)
    upper = mpmath.fsum(p[1:])  # P(X >= 1)
    t = 1
    while partitions * upper > mpf(delta):
        upper -= p[t]
        t += 1
    return rows + t


def noisy_max(utilities, scale, geometric):
    far = int(80 * scale) + 40
    if geometric:
        q = mpmath.exp(-1 / mpf(scale))
        mass = {x: (1 - q) * q**x for x in range(far)}
    else:
        p = law(scale, far)
        mass = {x: p[abs(x)] for x in range(-far + 1, far)}
    least, most = min(mass), max(mass)
    below, total = {}, mpf(0)  # P(X < x)
    for x in range(least, most + 1):
        below[x] = total
        total += mass[x]

    def chance(x):
        return mpf(0) if x <= least else mpf(1) if x > most else below[x]

    result = []
    for i, u in enumerate(utilities):
        terms = []
        for x, p in mass.items():
            for j, v in enumerate(utilities):
                if j != i:  # a candidate before i must stay below, one after it may be equal
                    p = p * chance(u + x - v + (0 if j < i else 1))
            terms.append(p)
        result.append(float(mpmath.fsum(terms)))
    return result


def variance(scale, blocks):
    p = law(scale, int(160 * scale) + 160)
    return float(blocks * 2 * mpmath.fsum(mpf(k) ** 2 * x for k, x in enumerate(p)))


document = {
    "made_by": f"mpmath {mpmath.__version__}, 50 digits",
    # scale, alpha, the least t with P(|X| > t) <= alpha
    "reach": [[s, a, reach(s, a)] for s in (0.05, 0.4, 1.0, 3.3, 20.0) for a in (0.3, 0.05, 0.001, 1e-9)],
    # scale, delta, partitions, rows, the least noisy count that may be told
    "thresholds": [
        [s, d, k, m, threshold(s, d, k, m)]
        for s, k, m in ((1.0, 1, 1), (4.0, 2, 2), (12.0, 3, 4), (20.0, 20, 1))
        for d in (0.3, 1e-3, 1e-8, 1e-14)
    ],
    "noisy_max": [
        {"utilities": u, "scale": s, "geometric": g, "law": noisy_max(u, s, g)}
        for u in ([0, 3, 2, 3], [5, 5, 5], [1, 0], [0, 9])
        for s in (0.7, 2.0)
        for g in (False, True)
    ],
    # scale, blocks, variance
    "variances": [[s, b, variance(s, b)] for s in (0.3, 1.0, 14.0) for b in (1, 3)],
}
(pathlib.Path(sys.argv[1]) / "privacy_release.json").write_text(json.dumps(document, indent=1) + "\n")
