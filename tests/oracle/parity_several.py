# SPDX-License-Identifier: Apache-2.0
"""Writes what tests of weighted rows and of several samples must give, for the parity table:
`python parity_several.py data`. SciPy; p-values of weighted rows by the same splits, replayed."""
import json
import pathlib
import sys

import numpy as np
import scipy
from parity_inputs import draw, sample
from scipy import stats
from splits import split

PERMUTATIONS, SEED = 199, 7
MEASURES = {"wasserstein_1": stats.wasserstein_distance, "energy_distance": stats.energy_distance}


def weights(n, seed, zeros=False):
    """Between 1/2 and 7/2, or the whole numbers from 0 to 3."""
    return sample(n, seed, levels=1, shift=2.0) if zeros else sample(n, seed, shift=2.0)


def weighted_cases():
    specs = [
        ("one each", sample(1, 41), weights(1, 42), sample(1, 43), weights(1, 44)),
        ("one and forty", sample(1, 45), weights(1, 46), sample(40, 47), weights(40, 48)),
        ("tied, weights of 0", sample(40, 49, levels=2), weights(40, 50, True), sample(60, 51, levels=2),
         weights(60, 52, True)),
        ("NaN", sample(60, 53, nan=7), weights(60, 54), sample(50, 55, nan=11, shift=0.5), weights(50, 56)),
        ("far from 0", sample(30, 57, shift=1024.0), weights(30, 58), sample(70, 59, shift=1025.0), weights(70, 60)),
        ("a million, tied, NaN", sample(1000000, 61, levels=8, nan=997), weights(1000000, 62, True),
         sample(500000, 63, levels=8), weights(500000, 64)),
    ]
    out = []
    for name, *given in specs:
        x, a, y, b = map(draw, given)
        x, a, y, b = x[~np.isnan(x)], a[~np.isnan(x)], y[~np.isnan(y)], b[~np.isnan(y)]
        values, mass = np.concatenate([x, y]), np.concatenate([a, b])
        order = np.argsort(values, kind="stable")
        values, mass = values[order], mass[order]
        expected = {}
        for test, measure in MEASURES.items():
            observed, p = measure(x, y, a, b), None
            if len(values) <= 120:
                hits = 0
                for i in range(PERMUTATIONS):
                    first = split(SEED, i, len(x), len(values)) == 1
                    whole = mass[first].sum() > 0 and mass[~first].sum() > 0
                    hits += not whole or measure(values[first], values[~first], mass[first], mass[~first]) >= (
                        observed * (1 - 1e-10))
                p = (1 + int(hits)) / (PERMUTATIONS + 1)
            expected[test] = [float(observed), p]
        keys = ["reference", "reference_weights", "live", "live_weights"]
        out.append({"name": name, **dict(zip(keys, given)), "expected": expected})
    return out


def several_cases():
    specs = [
        ("two each", [sample(2, 71 + i, shift=0.25 * i) for i in range(3)]),
        ("five of seven and more", [sample(7 + i, 75 + i, nan=4) for i in range(4)]),
        ("tied", [sample(30, 80 + i, levels=2) for i in range(3)]),
        ("ten samples", [sample(25, 85 + i, scale=2.0 if i == 4 else 1.0) for i in range(10)]),
        ("three and two thousand", [sample(3, 96), sample(2000, 97), sample(50, 98, shift=0.5)]),
        ("a quarter of a million, tied, NaN", [sample(250000, 99 + i, levels=64, nan=997) for i in range(4)]),
    ]
    out = []
    for name, given in specs:
        samples = [draw(spec) for spec in given]
        samples = [values[~np.isnan(values)] for values in samples]
        expected = {}
        for variant in ["midrank", "right"]:
            r = stats.anderson_ksamp(samples, variant=variant)
            expected["anderson_darling_table_" + variant] = [float(r.statistic), float(r.pvalue)]
        for centre in ["median", "mean", "trimmed"] if min(map(len, samples)) > 2 else []:
            r = stats.levene(*samples, center=centre)
            expected["levene_" + centre] = [float(r.statistic), float(r.pvalue)]
        out.append({"name": name, "samples": given, "expected": expected})
    return out


content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "weighted": weighted_cases(),
           "several": several_cases()}
text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("},{", "},\n{")
(pathlib.Path(sys.argv[1]) / "parity_several.json").write_text(text + "\n")
