# SPDX-License-Identifier: Apache-2.0
"""Sums, means and variances of awkward samples by exact fractions, and their order statistics.

Writes tests/oracle/data/statistics.json. Run: python3 tests/oracle/statistics_oracle.py
"""
import json
import math
import pathlib
import sys
from fractions import Fraction

import mpmath
import numpy


def nearest(x):
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def sample(name, values):
    values = [float(v) for v in values]
    exact = [Fraction(v) for v in values]
    n = len(exact)
    total = sum(exact)
    mean = total / n
    variance = sum((x - mean) ** 2 for x in exact) / (n - 1)
    # Another way to the same: long floating point of more bits than any of these sums has.
    with mpmath.workprec(5000):
        again = mpmath.fsum(mpmath.mpf(v) for v in values)
        assert Fraction(int(mpmath.ldexp(again, 1200)), 2**1200) == total
    if 1e-300 < float(nearest(variance)) < 1e150:
        assert abs(numpy.var(numpy.array(values, dtype=numpy.longdouble), ddof=1) / nearest(variance) - 1) < 1e-3
    ordered = sorted(values)
    quantiles = [[q, repr(ordered[max(1, math.ceil(q * n)) - 1])] for q in (0.0, 0.01, 0.25, 0.5, 0.9, 1.0)]
    return {"name": name, "values": [repr(v) for v in values], "sum": repr(nearest(total)),
            "mean": repr(nearest(mean)), "variance": repr(nearest(variance)), "quantiles": quantiles}


def main():
    random = numpy.random.default_rng(20261127)
    normal = random.standard_normal(60)
    samples = [
        sample("normal", normal),
        sample("floats", normal.astype(numpy.float32)),
        sample("far from zero", 1e15 + numpy.floor(8 * normal) / 8),
        sample("floats far from zero", (1e6 + normal).astype(numpy.float32)),
        sample("of all sizes", normal * 10.0 ** random.integers(-140, 140, 60)),
        sample("floats of all sizes", (normal * 10.0 ** random.integers(-42, 37, 60)).astype(numpy.float32)),
        sample("cancelling", numpy.concatenate([1e200 * normal[:20], -1e200 * normal[:20], normal[20:40]])),
        sample("subnormal", normal * 1e-320),
        sample("float subnormals", (normal * 1e-40).astype(numpy.float32)),
        sample("largest", [1.7e308, 1.7e308, 1.6e308, 1.7e308, -1.5e308]),
        sample("whole", numpy.floor(normal * 100)),
        sample("equal", [0.1] * 30),
        sample("two", [1.0, 1.0 + 2.0**-52]),
    ]
    data = {"generator": "statistics_oracle.py", "python": sys.version.split()[0], "numpy": numpy.__version__,
            "mpmath": mpmath.__version__, "samples": samples}
    path = pathlib.Path(__file__).parent / "data" / "statistics.json"
    path.write_text(json.dumps(data, indent=0) + "\n")


main()
