# SPDX-License-Identifier: Apache-2.0
"""Writes the finite Kolmogorov law to 17 digits: `python kolmogorov_oracle.py data`.

Up to a tail of 1e-6 by Durbin's matrix in extended precision (all its entries are positive, so nothing cancels), beyond
it, where the terms left out are below 1e-17 of it, by twice Smirnov's sum in 60 digits."""
import json
import pathlib
import sys
from fractions import Fraction

import mpmath
import numpy as np

mpmath.mp.dps = 60
wide = np.longdouble


def as_wide(x):
    high = wide(float(x))
    return high + wide(float(x - Fraction(float(x))))


def durbin_sf(d, n):
    c = n * Fraction(d)
    k = -(-c.numerator // c.denominator)
    h, m = as_wide(k - c), 2 * k - 1
    inverse = np.cumprod(np.concatenate([[np.exp(wide(-1))], 1 / np.arange(1, m + 1, dtype=wide)]))
    matrix = np.zeros((m, m), dtype=wide)
    for i in range(m):
        matrix[i, : min(m, i + 2)] = inverse[i + 1 - np.arange(min(m, i + 2))]
    powers = h ** np.arange(1, m + 1) * inverse[1:]
    matrix[:, 0] -= powers
    matrix[-1, :] -= powers[::-1]
    matrix[-1, 0] += max(2 * h - 1, wide(0)) ** m * inverse[m]
    row = np.zeros(m, dtype=wide)
    row[k - 1] = 1
    left = n
    while left:
        if left % 2:
            row = row @ matrix
        left //= 2
        if left:
            matrix = matrix @ matrix
    factor = mpmath.exp(mpmath.loggamma(n + 1) + n - n * mpmath.log(n))
    high = float(row[k - 1])
    return 1 - factor * (mpmath.mpf(high) + mpmath.mpf(float(row[k - 1] - wide(high))))


def smirnov_sf(d, n):
    exact = Fraction(d)
    d = mpmath.mpf(exact.numerator) / exact.denominator
    last = int(mpmath.floor(n * (1 - d)))
    return 2 * d * sum(mpmath.binomial(n, j) * (d + mpmath.mpf(j) / n) ** (j - 1) * (1 - d - mpmath.mpf(j) / n) ** (n - j)
                       for j in range(last + 1))


def finite_sf(d, n):
    """P(D_n >= d) by whichever of the two keeps its digits."""
    return smirnov_sf(d, n) if d >= 0.5 or d * n**0.5 >= 2.7 else durbin_sf(d, n)


if __name__ == "__main__":
    rows = []
    for n in [1, 2, 3, 5, 8, 13, 20, 30, 50, 63, 64, 100, 141, 200, 500, 1000, 1999, 2000, 3000]:
        for z in [0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.2, 1.36, 1.48, 1.63, 1.9, 2.06, 2.08, 2.3, 2.7, 3.5, 6.0, 12.0, 18.0]:
            d = z / n ** 0.5
            if not 0.5 / n < d < 1 or (n > 1000 and z > 2.7 and z not in (3.5, 18.0)):
                continue
            value = finite_sf(d, n)
            if value > 1e-300:
                rows.append([d, n, float(value)])
    versions = {"mpmath": mpmath.__version__, "numpy": np.__version__}
    text = json.dumps({"versions": versions, "rows": rows}).replace("], [", "],\n[")
    (pathlib.Path(sys.argv[1]) / "kolmogorov_finite.json").write_text(text + "\n")
