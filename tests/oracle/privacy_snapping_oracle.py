# SPDX-License-Identifier: Apache-2.0
"""Writes what the snapping mechanism gives: `python privacy_snapping_oracle.py data`. From Mironov (2012), section 5:
logarithms in 60 digits rounded once, products and sums in doubles, multiples of a power of two in fractions."""
import fractions
import json
import pathlib
import random
import sys

import mpmath

mpmath.mp.prec = 400


def log(u):
    return float(mpmath.log(mpmath.mpf(u)))  # to nearest


def snap(value, scale, bound, u, negative):
    clamp = lambda x: min(max(x, -bound), bound)  # noqa: E731
    noise = scale * log(u)
    noised = clamp(value) + (-noise if negative else noise)
    step = fractions.Fraction(1)
    while step < fractions.Fraction(scale):
        step *= 2
    while step / 2 >= fractions.Fraction(scale):
        step /= 2
    nearest = (fractions.Fraction(noised) / step + fractions.Fraction(1, 2)).__floor__()  # ties upwards
    return clamp(float(nearest * step))


draw = random.Random(2012)
logs = [float.fromhex(x) for x in ("0x1.fffffffffffffp-1", "0x1p-1", "0x1p-40", "0x1.8p-1", "0x1p-1000", "0x1.5bf0a8b145769p-2")]
logs += [draw.random() * 2.0 ** -draw.choice([0, 0, 1, 5, 30, 200]) for _ in range(250)]
rows = []
for _ in range(300):
    scale = draw.choice([0.25, 0.3, 1.0, 1.5, 8.0, 100.0, 2.0**-20])
    bound = scale * draw.choice([1.5, 10.0, 1e3, 1e9])
    value = draw.choice([0.0, scale * draw.uniform(-20, 20), bound * draw.uniform(-2, 2), bound, 0.5 * scale])
    u = draw.random() * 2.0 ** -draw.choice([0, 0, 0, 1, 6, 40])
    negative = draw.random() < 0.5
    rows.append([value, scale, bound, u, negative, snap(value, scale, bound, u, negative)])
# Ties: u = 1/e nearly has no exact half; without noise (u next to 1) a value of half a step has one.
rows += [[x, 1.0, 16.0, float.fromhex("0x1.fffffffffffffp-1"), n, snap(x, 1.0, 16.0, float.fromhex("0x1.fffffffffffffp-1"), n)]
         for x in (0.5, -0.5, 2.5, 2.0**30) for n in (False, True)]
document = {"made_by": f"mpmath {mpmath.__version__}", "logs": [[u, log(u)] for u in logs], "snapped": rows}
(pathlib.Path(sys.argv[1]) / "privacy_snapping.json").write_text(json.dumps(document) + "\n")
