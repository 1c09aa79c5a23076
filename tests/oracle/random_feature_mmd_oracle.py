# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of the random-feature MMD: generator, frequencies and formulas anew in Python and NumPy,
each leave-out by an inverse of its own: `python random_feature_mmd_oracle.py data`."""
import json
import math
import pathlib
import sys

import numpy as np
import scipy
from scipy import optimize, stats

from random_features import frequencies


def law(c, metric, g):
    """Moments of rows under a metric that they did not enter, by inverses of what is left."""
    n = len(c)
    k = n / (n - 1)
    whole = np.linalg.inv(metric) * (n - 1) * g
    own = np.empty(n)
    pairs = np.zeros((n, n))
    for i in range(n):
        less = whole - k * np.outer(c[i], c[i])
        own[i] = k * (n - 1) * g * c[i] @ np.linalg.solve(less, c[i])
        for j in range(i):
            pairs[i, j] = k * (n - 1) * g * c[i] @ np.linalg.solve(less - k * np.outer(c[j], c[j]), c[j])
    return own, pairs + pairs.T


def tail(x, own, pairs, n, m):
    count = len(own)
    u, mean = own - own.mean(), own.mean()
    off = count * (count - 1)
    h = n * m / (n + m)
    a = np.concatenate([np.full(m, 1 / m), np.full(n, -1 / n)])
    s2, s3, s4, s6 = (np.sum(a**p) for p in (2, 3, 4, 6))
    variance = h**2 * (2 * np.sum(pairs**2) / off * (s2**2 - s4) + np.mean(u**2) * s4)
    triangle = np.trace(pairs @ pairs @ pairs) / (off * (count - 2))
    skew = h**3 * (np.mean(u**3) * s6 + 12 * np.sum(u[:, None] * pairs**2) / off * (s4 * s2 - s6)
                   + (6 * u @ pairs @ u + 4 * np.sum(pairs**3)) / off * (s3**2 - s6)
                   + 8 * triangle * (s2**3 - 3 * s2 * s4 + 2 * s6))
    shape = 4 * variance**3 / skew**2
    points, weights = np.polynomial.hermite_e.hermegauss(5)
    error = np.mean(u**2) / (count * mean**2)
    at = x * np.exp(np.sqrt(error) * points - error / 2)
    tails = stats.gamma.sf(at, shape, loc=mean - np.sqrt(variance * shape), scale=np.sqrt(variance / shape))
    return float(weights @ tails / weights.sum())


def expected(x, y, r, seed, whitening, bandwidth=0.0):
    n, d = x.shape
    m = len(y)
    mean, deviation = x.mean(0), x.std(0, ddof=1)
    z, live = (x - mean) / deviation, (y - mean) / deviation
    distances = np.sqrt(((z[:, None] - z[None]) ** 2).sum(-1)[np.triu_indices(n, 1)])
    distances = np.sort(distances[distances > 1e-12])
    s = bandwidth or distances[len(distances) // 2]
    w = frequencies(seed, r, d)
    z, live = z / s, live / s

    def features(rows):
        return np.hstack([np.cos(rows @ w.T), np.sin(rows @ w.T)]) / np.sqrt(r)

    f, own_live = features(z), features(live)
    start = f.mean(0)
    covariance = np.cov(f.T)
    values, vectors = np.linalg.eigh(covariance)
    g = np.inf
    if whitening:
        low = 0.05 * values.max()
        g = low
        if np.sum(values / (values + low)) > whitening * n:
            g = optimize.brentq(lambda t: np.sum(values / (values + t)) - whitening * n, low, 1e3)
    kept = np.where(values > 1e-3 * g, 1 / (1 + values / g), 1.0)
    metric = vectors * kept @ vectors.T
    difference = own_live.mean(0) - start
    weights = metric @ difference
    h = n * m / (n + m)
    statistic = h * difference @ weights
    finite = min(g, 1e9)
    contributions = []
    for j in range(d):
        move = np.concatenate([-w[:, j] * start[r:], w[:, j] * start[:r]])
        stretched = (f * z[:, [j]]).mean(0)
        stretch = np.concatenate([-w[:, j] * stretched[r:], w[:, j] * stretched[:r]])
        t = np.stack([move, stretch])
        contributions.append(h * (t @ weights) @ np.linalg.solve(t @ metric @ t.T, t @ weights))
    bias = (1 - start @ start) / (n - 1) + (1 - own_live.mean(0) @ own_live.mean(0)) / max(m - 1, 1)
    return {"used_bandwidth": s, "sums": (own_live.sum(0) * np.sqrt(r)).tolist(), "g": g if whitening else -1,
            "statistic": statistic, "p": tail(statistic, *law(f - start, metric, finite), n, m),
            "contributions": contributions, "effect": math.sqrt(max(0.0, difference @ difference - bias)),
            "witness": ((own_live - start) @ weights).tolist()}


if __name__ == "__main__":
    generator = np.random.default_rng(20261127)
    cases = []
    for n, m, d, r, seed, whitening, bandwidth, shift in [(40, 30, 3, 8, 7, 0.1, 0.0, 0.0), (60, 5, 2, 16, 2**40 + 5, 0.2, 1.5, 1.0),
                                                          (50, 80, 5, 8, 0, 0.0, 0.0, 0.4)]:
        x = generator.normal(size=(n, d)) * 2 + 10
        y = generator.normal(size=(m, d)) * 2 + 10
        y[:, 1] += shift
        cases.append({"n": n, "m": m, "d": d, "features": r, "seed": seed, "whitening": whitening, "bandwidth": bandwidth,
                      "reference": x.ravel().tolist(), "live": y.ravel().tolist(),
                      **expected(x, y, r, seed, whitening, bandwidth)})
    content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "cases": cases}
    (pathlib.Path(sys.argv[1]) / "random_feature_mmd.json").write_text(json.dumps(content) + "\n")
