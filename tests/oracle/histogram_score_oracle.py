# SPDX-License-Identifier: Apache-2.0
"""Writes the expected HBOS scores, by PyOD and by the paper's two forms in NumPy: `python histogram_score_oracle.py
data`. Needs pyod."""
import json
import math
import pathlib
import sys

import numpy as np
import pyod
from pyod.models.hbos import HBOS

generator = np.random.default_rng(20261128)


def static_score(column, x, bins):
    """Goldstein and Dengel 2012, heights over the highest; an empty bin and what is beyond count half a row."""
    heights, edges = np.histogram(column, bins=bins)
    if x < edges[0] or x > edges[-1]:
        height = 0.5
    else:
        bin = min(np.searchsorted(edges, x, side="right") - 1, bins - 1)
        height = max(heights[bin], 0.5)
    return math.log(heights.max() / height)


def dynamic_score(column, x, bins):
    values = sorted(column)
    size = len(values) // bins
    groups = []
    while values:
        end = size
        while end < len(values) and values[end] == values[end - 1]:
            end += 1
        groups.append(values[:end])
        values = values[end:]
    if len(groups) > 1 and groups[-1][0] == groups[-1][-1]:
        groups[-2:] = [groups[-2] + groups[-1]]
    begins = [g[0] for g in groups]
    widths = np.diff(begins + [groups[-1][-1]])
    heights = np.array([len(g) for g in groups]) / widths
    if x < begins[0] or x > groups[-1][-1]:
        height = 0.5 / widths.max()
    else:
        height = heights[np.searchsorted(begins, x, side="right") - 1]
    return math.log(heights.max() / height)


cases = []
for n, d, bins in [(40, 3, 5), (200, 9, 10), (121, 2, 11)]:
    # As doubles: NumPy's edges of floats would be floats.
    train = np.float64(np.float32(generator.gamma(2.0, size=(n, d)).round(2)))
    train[:, 0] = train[:, 0].round()
    queries = np.float64(np.float32(np.concatenate(
        [train[:6], generator.gamma(2.0, size=(6, d)), [train.min(0)], [train.max(0)], [train.min(0) - 0.01],
         [train.max(0) + 0.01], [[-30] * d], [[30] * d]])))
    pyod_scores = HBOS(n_bins=bins).fit(train).decision_function(queries)
    rows = []
    for query, score in zip(queries, pyod_scores):
        rows.append({"row": [float(x) for x in query], "pyod": float(score),
                     "equal_width": sum(static_score(train[:, j], query[j], bins) for j in range(d)),
                     "equal_count": sum(dynamic_score(train[:, j], query[j], bins) for j in range(d))})
    cases.append({"n": n, "d": d, "bins": bins, "train": [float(x) for x in train.ravel()], "rows": rows})

(pathlib.Path(sys.argv[1]) / "histogram_score.json").write_text(
    json.dumps({"versions": {"numpy": np.__version__, "pyod": pyod.__version__}, "cases": cases}) + "\n")
