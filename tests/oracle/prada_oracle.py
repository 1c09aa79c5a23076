# SPDX-License-Identifier: Apache-2.0
"""PRADA written from its definition (Juuti, Szyller, Marchal and Asokan 2019, with the pooling by classes and the look at
every tenth query of the authors' program), W by scipy. Writes data/prada.json."""
import json
import pathlib

import numpy
import scipy
from scipy import stats


def prada(inputs, classes):
    growing, joined, limit, distances = {}, {}, {}, {}
    order, looks = [], []
    for i, (x, c) in enumerate(zip(inputs, classes), 1):
        if c not in growing:
            growing[c], joined[c], limit[c], distances[c] = [x], [0.0], 0.0, []
            order.append(None)
        else:
            d = min(float(numpy.linalg.norm(x - y)) for y in growing[c])
            order.append(d)
            distances[c].append(d)
            if d > limit[c]:
                growing[c].append(x)
                joined[c].append(d)
                limit[c] = max(limit[c], float(numpy.mean(joined[c]) - numpy.std(joined[c])))
        if i % 10 == 0:
            pooled = numpy.array([d for ds in distances.values() if len(ds) >= 10 for d in ds])
            if len(pooled):
                pooled = pooled[abs(pooled - pooled.mean()) < 3 * pooled.std()]
            looks.append(float(stats.shapiro(pooled).statistic) if len(pooled) > 100 else None)
    return order, looks, sum(len(g) for g in growing.values())


def main():
    rng = numpy.random.default_rng(5)
    n = 400
    x = rng.normal(size=(n, 3)).astype(numpy.float32).round(3)
    # The second half steps from inputs before, as synthetic queries do.
    for i in range(n // 2, n):
        x[i] = x[i - n // 2] + numpy.float32(0.25) * numpy.sign(x[i])
    x = x.round(3)
    classes = [(0 if v[0] > 0.3 else 1 if v[1] > 0 else 2) if k % 97 else 3 for k, v in enumerate(x)]
    order, looks, kept = prada(x.astype(float), classes)
    path = pathlib.Path(__file__).parent / "data" / "prada.json"
    path.write_text(json.dumps({"versions": {"numpy": numpy.__version__, "scipy": scipy.__version__},
                                "inputs": x.astype(float).round(3).ravel().tolist(), "classes": classes,
                                "distances": order, "looks": looks, "kept": kept}) + "\n")


main()
