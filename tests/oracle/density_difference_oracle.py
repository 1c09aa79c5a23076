# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of the least-squares density difference, from the formulas of Sugiyama et al. (2013) in
NumPy, all distinct rows being centres: `python density_difference_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np

generator = np.random.default_rng(20261126)


def distances(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(-1)


cases = []
for n, m, d, bandwidth, lam, shift in [(12, 9, 2, 0.8, 0.1, 1.0), (20, 25, 1, 0.0, 0.01, 0.0), (15, 15, 4, 0.0, 0.0, 0.5),
                                       (30, 10, 3, 1.5, 0.0, 0.0)]:
    x = generator.normal(size=(n, d)) * 3 + 100
    y = generator.normal(size=(m, d)) * 3 + 100 + shift
    y[0] = x[0]  # a repeated row
    z = np.vstack([x, y])
    z = (z - z.mean(0)) / z.std(0, ddof=1)
    centres = np.unique(z, axis=0)
    pairs = np.sqrt(distances(centres, centres)[np.triu_indices(len(centres), 1)])
    s = bandwidth or np.sort(pairs)[len(pairs) // 2] / np.sqrt(2)
    k = np.exp(-distances(z, centres) / (2 * s**2))
    gram = np.exp(-distances(centres, centres) / (4 * s**2))
    covariance = np.cov(k.T)

    def halves(value):
        """Means over relabellings of theta'h and theta'H theta, up to a common factor."""
        inverse = np.linalg.inv(gram + value * np.eye(len(centres)))
        return np.trace(inverse @ covariance), np.trace(inverse @ gram @ inverse @ covariance)

    used = lam
    if not lam:
        used = 1024.0
        while 1 - halves(used)[1] / halves(used)[0] > 0.2:
            used /= 4
    live, reference = k[n:].mean(0), k[:n].mean(0)
    h = live - reference
    inverse = np.linalg.inv(gram + used * np.eye(len(centres)))
    form = 2 * inverse - inverse @ gram @ inverse
    theta = inverse @ h
    statistic = 2 * theta @ h - theta @ gram @ theta
    chance = (1 / n + 1 / m) * np.trace(form @ covariance)
    effect = np.clip((statistic - chance) / (live @ form @ live + reference @ form @ reference), 0, 1)
    # theta'h by features, each k - 1 in proportion to their squared differences.
    squared = (z[:, None] - centres[None]) ** 2
    total = squared.sum(-1)
    over = np.divide(k - 1, total, out=np.zeros_like(total), where=total > 0)
    sign = np.r_[np.full(n, -1 / n), np.full(m, 1 / m)]
    features = np.einsum("i,c,ic,icf->f", sign, theta, over, squared)
    cases.append({"n": n, "m": m, "d": d, "bandwidth": bandwidth, "regularisation": lam, "reference": x.ravel().tolist(),
                  "live": y.ravel().tolist(), "statistic": statistic, "effect": float(effect),
                  "difference": float(theta @ h), "rows": (k[n:] @ theta).tolist(), "features": features.tolist()})
content = {"versions": {"numpy": np.__version__}, "cases": cases}
(pathlib.Path(sys.argv[1]) / "density_difference.json").write_text(json.dumps(content) + "\n")
