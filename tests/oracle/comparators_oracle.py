# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Data Validation's comparators on histograms and counts, computed another way: cumulative functions and SciPy.

As its documentation and metrics.cc describe them: histograms cut at the union of their edges, a bucket's count spread
evenly; points beside them; infinite ends and NaN in cells of their own on each side.
Writes tests/oracle/data/comparators.json. Run: python3 tests/oracle/comparators_oracle.py
"""
import json
import pathlib
import random
import sys

import numpy
import scipy
from scipy.spatial.distance import jensenshannon


def cumulative(buckets, x):
    total = 0.0
    for low, high, count in buckets:
        total += count * min(max((x - low) / (high - low), 0.0), 1.0)
    return total


def divergence(p, q):
    return float(jensenshannon(p, q, base=2) ** 2)


def histogram(source):
    edges = sorted(source.uniform(-5, 5) for _ in range(source.randrange(2, 8)))
    buckets = [[low, high, source.randrange(0, 50)] for low, high in zip(edges, edges[1:])]
    points = [[x, x, source.randrange(1, 20)] for x in source.sample([-1.0, 0.0, 2.5], source.randrange(0, 3))]
    infinite = [["-inf", edges[0], source.randrange(1, 5)]] if source.random() < 0.3 else []
    return {"buckets": infinite + sorted(buckets + points), "nan": source.choice([0, 0, 7])}


def compare(a, b):
    wide = [[x for x in h["buckets"] if x[0] != "-inf" and x[0] != x[1]] for h in (a, b)]
    points = [{x[0]: x[2] for x in h["buckets"] if x[0] == x[1]} for h in (a, b)]
    infinite = [sum(x[2] for x in h["buckets"] if x[0] == "-inf") for h in (a, b)]
    edges = sorted({edge for side in wide for low, high, _ in side for edge in (low, high)})
    sides = []
    for i in (0, 1):
        steps = [cumulative(wide[i], edge) for edge in edges]
        cells = list(numpy.diff(steps)) + [points[i].get(x, 0) for x in sorted(set(points[0]) | set(points[1]))]
        for alone in ([infinite[0], 0], [0, infinite[1]], [a["nan"], 0], [0, b["nan"]]):
            cells.append(alone[i])
        sides.append(numpy.array(cells, dtype=float))
    return divergence(*sides)


def main():
    source = random.Random(8)
    histograms = []
    while len(histograms) < 60:
        a, b = histogram(source), histogram(source)
        if all(sum(x[2] for x in h["buckets"]) + h["nan"] > 0 for h in (a, b)):
            histograms.append({"a": a, "b": b, "jensen_shannon": compare(a, b)})
    texts = []
    for _ in range(40):
        sides = [{f"v{k}": source.randrange(0, 30) for k in range(6)} for _ in range(2)]
        sides = [{k: v for k, v in side.items() if v > 0} or {"v0": 1} for side in sides]
        keys = sorted(set(sides[0]) | set(sides[1]))
        x, y = (numpy.array([side.get(key, 0) for key in keys], dtype=float) for side in sides)
        texts.append({"a": sides[0], "b": sides[1], "infinity_norm": float(abs(x / x.sum() - y / y.sum()).max()),
                      "normalized_difference": float(abs(x - y).max() / (x.sum() + y.sum())),
                      "jensen_shannon": divergence(x, y)})
    versions = {"python": sys.version.split()[0], "numpy": numpy.__version__, "scipy": scipy.__version__}
    target = pathlib.Path(__file__).parent / "data" / "comparators.json"
    target.write_text(json.dumps({"versions": versions, "histograms": histograms, "texts": texts}) + "\n")


main()
