# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of Epps and Singleton's test: `python epps_singleton_oracle.py data`.

The separate covariances are SciPy's own test; the pooled one is from the formulas, in NumPy: R^2 by least squares of
the label on the cosines and sines, the F law, and its inversion.
"""
import json
import pathlib
import sys
import warnings

import numpy as np
import scipy
from scipy import optimize, stats

warnings.simplefilter("ignore")
generator = np.random.default_rng(20261126)


def unit(pooled):
    half = stats.iqr(pooled) / 2
    if half > 0:
        return half
    distances = np.abs(pooled - np.median(pooled))
    return float(np.median(distances[distances > 0]))


def pooled(reference, live, points):
    n, m = len(reference), len(live)
    total = n + m
    values = np.concatenate([reference, live])
    phases = np.outer((values - np.median(values)) / unit(values), points)
    waves = np.hstack([np.cos(phases), np.sin(phases)])
    waves = waves - waves.mean(0)
    label = np.repeat([0.0, 1.0], [n, m]) - m / total
    _, _, rank, _ = np.linalg.lstsq(waves, label, rcond=1e-5)
    fitted = waves @ np.linalg.lstsq(waves, label, rcond=1e-5)[0]
    share = float(fitted @ fitted / (label @ label))
    b = total - 1 - rank
    f = share / (1 - share) * b / rank

    def limit(tail):
        if stats.f.sf(f, rank, b) >= tail:
            return 0.0
        root = optimize.brentq(lambda x: stats.ncf.sf(f, rank, b, x) - tail, 1e-9, 1500, xtol=1e-13, rtol=1e-14)
        return float(np.sqrt(root / (total + root)))

    return {"statistic": total * share, "rank": int(rank), "p": float(stats.f.sf(f, rank, b)), "lower": limit(0.025),
            "upper": limit(0.975)}


def case(name, reference, live, points=(0.4, 0.8)):
    reference, live = np.asarray(reference, float), np.asarray(live, float)
    row = {"name": name, "reference": reference.tolist(), "live": live.tolist(), "points": list(points),
           "pooled": pooled(reference, live, points)}
    if stats.iqr(np.concatenate([reference, live])) > 0:
        separate = stats.epps_singleton_2samp(reference, live, t=points)
        row["separate"] = [float(separate.statistic), float(separate.pvalue)]
    return row


normal = lambda n, shift=0.0, scale=1.0: np.round(generator.normal(shift, scale, n), 6)
cases = [case("five each", normal(5), normal(5, 1)), case("below the correction's limit", normal(24), normal(20, 0.5)),
         case("at the limit", normal(25), normal(20, 0.5)), case("scale alone", normal(120), normal(100, 0, 2)),
         case("far from 0", normal(60, 1e4), normal(80, 1e4 + 0.3)), case("unequal", normal(300), normal(30, 0.6)),
         case("whole numbers", generator.integers(0, 7, 90), generator.integers(1, 8, 70)),
         case("coin tosses", [0, 1, 1, 0, 1, 1, 0, 1] * 5, [0, 0, 0, 1, 0, 0, 1] * 6),
         case("three points", normal(150), np.round(generator.standard_cauchy(130), 6), (0.3, 0.7, 1.5)),
         case("one point", normal(40), normal(60, 0.4), (1.0,)),
         case("mostly zeros", [0] * 70 + normal(30, 5).tolist(), [0] * 50 + normal(20, 7).tolist())]
content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "cases": cases}
text = json.dumps(content, separators=(",", ":")).replace("},{", "},\n{")
(pathlib.Path(sys.argv[1]) / "epps_singleton.json").write_text(text + "\n")
