# SPDX-License-Identifier: Apache-2.0
"""Writes what tests of weighted rows and of several samples must give, for the parity table:
`python parity_several.py data`. SciPy; p-values of weighted rows by the same splits, replayed."""
import json
import pathlib
import sys

import mpmath
import numpy as np
import scipy
from parity_inputs import draw, sample
from scipy import stats
from splits import split

PERMUTATIONS, SEED = 199, 7
MEASURES = {"wasserstein_1": stats.wasserstein_distance, "energy_distance": stats.energy_distance}


def limit_tail(degrees, x):
    """P(sum over j of chi-square(degrees)/(j (j + 1)) > x), by Gil-Pelaez' integral of its characteristic function
    (-2 pi i t/cos(pi/2 sqrt(1 + 8 i t)))^(degrees/2) as a sum over a grid (Davies 1973), which errs by the law's mass
    beyond the grid's period alone: 1e-40 here, as does its end. For two degrees the partial fractions agree."""
    with mpmath.workdps(45):
        x = mpmath.mpf(x)
        step = 2 * mpmath.pi / (x + 100)
        last = (2 * 40 * mpmath.log(10) / (mpmath.pi * degrees) + 8) ** 2
        total, root, k = mpmath.mpf(0), mpmath.mpc(1), 0
        while (k + 0.5) * step < last:
            t = (k + mpmath.mpf(0.5)) * step
            next_root = mpmath.sqrt(-2j * mpmath.pi * t / mpmath.cos(mpmath.pi / 2 * mpmath.sqrt(1 + 8j * t)))
            # The root is continued from 1 at t = 0: from place to place its phase grows by some step/2.
            root = next_root if mpmath.re(next_root * mpmath.conj(root)) > 0 else -next_root
            total += mpmath.im(root**degrees * mpmath.expj(-t * x)) / (k + mpmath.mpf(0.5))
            k += 1
        p = mpmath.mpf(1) / 2 + total / mpmath.pi
        if degrees == 2:
            terms = (mpmath.mpf(-1) ** (j + 1) * (2 * j + 1) * mpmath.exp(-x * j * (j + 1) / 2) for j in range(1, 400))
            assert abs(p - mpmath.fsum(terms)) < mpmath.mpf(10) ** -20 * p
        return float(p)


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
            pooled = np.concatenate(samples)
            if len(np.unique(pooled)) == len(pooled):
                degrees = len(samples) - 1
                variance = degrees * 2 * (mpmath.pi**2 / 3 - 3)
                expected["anderson_darling_limit_" + variant] = [
                    float(r.statistic), limit_tail(degrees, degrees + mpmath.mpf(r.statistic) * mpmath.sqrt(variance))]
        for centre in ["median", "mean", "trimmed"] if min(map(len, samples)) > 2 else []:
            r = stats.levene(*samples, center=centre)
            expected["levene_" + centre] = [float(r.statistic), float(r.pvalue)]
        out.append({"name": name, "samples": given, "expected": expected})
    return out


content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "weighted": weighted_cases(),
           "several": several_cases()}
text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("},{", "},\n{")
(pathlib.Path(sys.argv[1]) / "parity_several.json").write_text(text + "\n")
