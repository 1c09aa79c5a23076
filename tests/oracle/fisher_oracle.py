# SPDX-License-Identifier: Apache-2.0
"""Writes the expected p-values of Fisher's test of tables beyond 2 x 2: `python fisher_oracle.py data`.

Small tables by adding up all tables of the same margins in whole numbers, two larger ones by SciPy's Monte Carlo.
"""
import json
import math
import pathlib
import sys

import numpy as np
import scipy
from scipy import stats


def exact(table):
    """P(no likelier table): the number of ways to fill a table is prod row! / prod cell!, an integer."""
    table = np.asarray(table, dtype=object)
    rows, columns = table.sum(1).tolist(), table.sum(0).tolist()
    ways_of = lambda row: math.factorial(sum(row)) // math.prod(math.factorial(x) for x in row)

    def fillings(left, room):
        if len(room) == 1:
            if left <= room[0]:
                yield (left,)
            return
        for x in range(min(left, room[0]) + 1):
            for rest in fillings(left - x, room[1:]):
                yield (x, *rest)

    observed = math.prod(ways_of(row) for row in table.tolist())
    counts = {(tuple(columns), 1): 1}  # what columns still hold, ways so far -> how often
    for row in rows:
        following = {}
        for (room, ways), times in counts.items():
            for filling in fillings(row, room):
                key = (tuple(a - b for a, b in zip(room, filling)), ways * ways_of(filling))
                following[key] = following.get(key, 0) + times
        counts = following
    total = sum(ways * times for (_, ways), times in counts.items())
    as_extreme = sum(ways * times for (_, ways), times in counts.items() if ways <= observed)
    return as_extreme / total, observed / total


small = [[[3, 1, 4], [1, 5, 2]], [[0, 2, 0, 5], [4, 0, 3, 1]], [[6, 2], [1, 5], [3, 3]], [[2, 1, 0], [0, 3, 1], [1, 0, 4]],
         [[10, 8, 3, 1, 2], [4, 9, 9, 6, 1]], [[30, 12, 5], [18, 25, 9]], [[1, 1, 1, 1, 1, 1], [0, 2, 0, 2, 0, 2]],
         [[0, 0, 9], [4, 5, 0]], [[5, 0, 2, 1], [1, 4, 0, 2], [0, 1, 3, 3]], [[7, 7, 7], [7, 7, 7]],
         [[60, 1, 2, 0], [50, 6, 9, 4]]]
cases = []
for table in small:
    p, probability = exact(table)
    cases.append({"table": table, "p": p, "log_probability": math.log(probability)})
sampled = []
for table in [[[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]],
              [[400, 300, 200, 100, 50, 9], [180, 190, 90, 60, 20, 12]]]:
    method = stats.MonteCarloMethod(n_resamples=200_000, rng=np.random.default_rng(3))
    result = stats.fisher_exact(table, method=method)
    cells = lambda values: math.fsum(math.lgamma(v + 1) for v in values)
    flat, array = np.ravel(table), np.asarray(table)
    sampled.append({"table": table, "p": float(result.pvalue), "resamples": 200_000,
                    "log_probability": cells(array.sum(0)) + cells(array.sum(1)) - cells(flat) - cells([flat.sum()])})
content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "exact": cases, "sampled": sampled}
(pathlib.Path(sys.argv[1]) / "fisher.json").write_text(json.dumps(content, indent=0) + "\n")
