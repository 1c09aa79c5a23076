# SPDX-License-Identifier: Apache-2.0
"""Writes the expected ECOD and COPOD scores, by PyOD one row at a time and by the papers' formula in NumPy:
`python tail_scores_oracle.py data`. Needs pyod."""
import json
import pathlib
import sys

import numpy as np
import pyod
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from scipy.stats import skew

generator = np.random.default_rng(20261129)


def paper(train, row):
    n = len(train)
    left = -np.log(((train <= row).sum(0) + 1) / (n + 1))
    right = -np.log(((train >= row).sum(0) + 1) / (n + 1))
    skewed = np.where(skew(train, axis=0) < 0, left, right)
    return max(left.sum(), right.sum(), skewed.sum())


cases = []
for n, d in [(25, 3), (60, 11)]:
    # Skewed enough that one more row does not turn a sign, which PyOD would recompute.
    train = np.float32(generator.gamma(1.0, size=(n, d)).round(1) * np.where(np.arange(d) % 2 == 0, 1, -1))
    queries = np.concatenate([train[:3], train[:2] * 3, np.float32([[0] * d, [50] * d, [-50] * d])])
    kept = [q for q in queries if (np.sign(np.nan_to_num(skew(np.vstack([train, q]), axis=0))) ==
                                   np.sign(np.nan_to_num(skew(train, axis=0)))).all()]
    rows = []
    for q in kept:
        # A fitted detector of PyOD is changed by what it scores: a new one for every row.
        rows.append({"row": [float(x) for x in q], "ecod": float(paper(train, q)),
                     "ecod_pyod": float(ECOD().fit(train).decision_function(q[None])[0]),
                     "copod_pyod": float(COPOD().fit(train).decision_function(q[None])[0])})
    cases.append({"n": n, "d": d, "train": [float(x) for x in train.ravel()], "rows": rows})

(pathlib.Path(sys.argv[1]) / "tail_scores.json").write_text(
    json.dumps({"versions": {"numpy": np.__version__, "pyod": pyod.__version__}, "cases": cases}) + "\n")
