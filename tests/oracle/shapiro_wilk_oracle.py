# SPDX-License-Identifier: Apache-2.0
"""scipy.stats.shapiro on samples of many sizes and shapes. Writes data/shapiro_wilk.json."""
import json
import pathlib
import warnings

import numpy
import scipy
from scipy import stats


def main():
    rng = numpy.random.default_rng(11)
    shapes = {
        "normal": lambda n: rng.normal(size=n),
        "exponential": lambda n: rng.exponential(size=n),
        "uniform": lambda n: rng.uniform(size=n),
        "cauchy": lambda n: rng.standard_cauchy(size=n),
        "rounded": lambda n: numpy.round(rng.normal(size=n), 1),
        "far": lambda n: 1e6 + rng.normal(size=n),
    }
    cases = []
    for name, draw in shapes.items():
        for n in (3, 4, 5, 6, 7, 11, 12, 20, 50):
            x = numpy.sort(draw(n))
            if x[0] == x[-1]:
                continue
            r = stats.shapiro(x)
            cases.append({"name": name, "x": x.tolist(), "w": float(r.statistic), "p": float(r.pvalue)})
    # Long ones by formula, so that the file stays small: quantiles of a Weibull-like law.
    long = []
    for n in (200, 1000, 4999, 5000, 6000):
        for power in (1.0, 1.1, 2.0):
            u = (numpy.arange(n) + 0.5) / n
            x = (-numpy.log1p(-u)) ** (power / 3.6)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                r = stats.shapiro(x)
            long.append({"n": n, "power": power, "w": float(r.statistic), "p": float(r.pvalue)})
    path = pathlib.Path(__file__).parent / "data" / "shapiro_wilk.json"
    path.write_text(json.dumps({"versions": {"numpy": numpy.__version__, "scipy": scipy.__version__}, "cases": cases,
                                "long": long}, indent=0) + "\n")


main()
