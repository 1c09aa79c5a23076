# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of Hotelling's tests, from their formulas in NumPy: `python hotelling_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
from scipy import optimize, stats

generator = np.random.default_rng(20240612)


def distance_bound(f, r, b, tail, harmonic):
    if stats.f.sf(f, r, b) >= tail:
        return 0.0
    root = optimize.brentq(lambda x: stats.ncf.sf(f, r, b, x) - tail, 1e-9, 1500, xtol=1e-13, rtol=1e-14)
    return float(np.sqrt(root / harmonic))


rows = []
for n, m, d, shift in [(30, 20, 3, 0.0), (50, 80, 6, 0.4), (12, 100, 2, 1.0), (40, 40, 10, 0.2)]:
    mix = generator.normal(size=(d, d))
    x = generator.normal(size=(n, d)) @ mix + 5
    y = generator.normal(size=(m, d)) @ mix + 5
    y[:, 0] += shift
    delta, h = y.mean(0) - x.mean(0), n * m / (n + m)
    pooled = ((n - 1) * np.cov(x.T) + (m - 1) * np.cov(y.T)) / (n + m - 2)
    weights = np.linalg.solve(pooled, delta)
    t2 = h * delta @ weights
    f = t2 * (n + m - d - 1) / (d * (n + m - 2))
    frozen = np.linalg.solve(np.cov(x.T), delta)
    frozen_t2 = h * delta @ frozen
    rows.append({"n": n, "m": m, "d": d, "reference": x.ravel().tolist(), "live": y.ravel().tolist(), "t2": t2,
                 "p": stats.f.sf(f, d, n + m - d - 1), "contributions": (h * delta * weights).tolist(),
                 "lower": distance_bound(f, d, n + m - d - 1, 0.025, h),
                 "upper": distance_bound(f, d, n + m - d - 1, 0.975, h), "frozen_t2": frozen_t2,
                 "frozen_p": stats.f.sf(frozen_t2 * (n - d) / (d * (n - 1)), d, n - d),
                 "frozen_contributions": (h * delta * frozen).tolist()})
content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "cases": rows}
(pathlib.Path(sys.argv[1]) / "hotelling.json").write_text(json.dumps(content) + "\n")
