# SPDX-License-Identifier: Apache-2.0
"""Writes what correlated running totals are held against: `python privacy_matrix_oracle.py data`. Dense matrices in 40
digits: C from the coefficients' definition, B as running totals times C's inverse, the longest column of C, the rows'
squares of B; and how near buffered ones come to the root, in doubles, at horizons that dense matrices are too large for.
The root's coefficients are binomials, the buffers' decays and scales those of the trapezoidal rule."""
import json
import pathlib
import sys

import mpmath
import numpy
from mpmath import mp, mpf

mp.dps = 40


def root(n):
    return [mpmath.binomial(2 * k, k) / mpf(4) ** k for k in range(n)]


def nodes(n, d):
    span = mpmath.log(n) + 3
    h = span / max(d - 1, 1)
    rates = [mpmath.exp(-span + j * h) for j in range(d)]
    decays = [mpmath.exp(-r) for r in rates]
    # dx = -x r ds, and sqrt(x / (1 - x)) x^(k - 1)
    return decays, [h / mp.pi * r * x * mpmath.sqrt(x / (1 - x)) for r, x in zip(rates, decays)]


def buffered(n, d):
    decays, scales = nodes(n, d)
    return [mpf(1)] + [mpmath.fsum(s * x ** (k - 1) for s, x in zip(scales, decays)) for k in range(1, n)]


def automatic(n):
    return int((mpmath.log(n) + 3) / mpf("2.5")) + 2


def entry(n, name, d):
    c = root(n) if name == "root" else buffered(n, d)
    inverse = [1 / c[0]]
    for t in range(1, n):
        inverse.append(-mpmath.fsum(c[k] * inverse[t - k] for k in range(1, t + 1)) / c[0])
    b, total = [], mpf(0)
    for x in inverse:
        total += x
        b.append(total)
    rows, total = [], mpf(0)
    for x in b:
        total += x * x
        rows.append(float(total))
    return {"horizon": n, "factor": name, "buffers": d, "coefficients": [float(x) for x in c[:8]],
            "column": float(mpmath.sqrt(mpmath.fsum(x * x for x in c))), "rows_squared": rows}


def longest(n, d):
    """The longest of all columns of C, from its dense entries; and the longest row of B, the inverse of C summed up.
    d = 0: the root. The root's coefficients as Beta integrals, not as binomials."""
    if d == 0:
        c = [mpmath.beta(k + mpf(1) / 2, mpf(1) / 2) / mp.pi for k in range(n)]
    else:
        c = buffered(n, d)
    columns = [mpmath.fsum(c[row - column] ** 2 for row in range(column, n)) for column in range(n)]
    inverse = [1 / c[0]]
    for t in range(1, n):
        inverse.append(-mpmath.fsum(c[k] * inverse[t - k] for k in range(1, t + 1)) / c[0])
    b = [mpmath.fsum(inverse[: t + 1]) for t in range(n)]
    rows = [mpmath.fsum(b[row - column] ** 2 for column in range(row + 1)) for row in range(n)]
    return [n, d, float(mpmath.sqrt(max(columns))), float(max(rows))]


def loss(n, d):
    """The worst variance of the buffered factor over the root's, per rho."""
    c = numpy.cumprod(numpy.concatenate([[1.0], 1 - 0.5 / numpy.arange(1, n)]))
    best = float(c @ c) ** 2
    decays, scales = ([float(x) for x in xs] for xs in nodes(n, d))
    decays, scales = numpy.array(decays), numpy.array(scales)
    column = 1 + sum(float(s) * float(u) * (1 - (x * y) ** (n - 1)) / (1 - x * y)
                     for s, x in zip(scales, decays) for u, y in zip(scales, decays))
    state, b, squares = numpy.zeros(d), 0.0, 0.0
    for t in range(n):  # C b = (1, 1, ...)
        b = 1 - scales @ state
        state = decays * state + b
        squares += b * b
    return column * squares / best


document = {
    "made_by": f"mpmath {mpmath.__version__}, 40 digits; numpy {numpy.__version__}",
    "factors": [entry(n, "root", 0) for n in (1, 2, 7, 64, 200)]
    + [entry(n, "buffered", d) for n, d in ((1, 3), (2, 3), (7, 4), (64, 4), (64, 2), (200, 5), (200, 9))],
    # horizon, buffers (0: the root), the longest column of C, the largest row of B squared
    "longest": [longest(n, d) for n in (1, 2, 3, 5, 9, 17, 40, 90) for d in (0, 1, 2, 3, 5, 8, 13, 30, 64)],
    # horizon, buffers chosen, the worst variance over the root's
    "losses": [[n, automatic(n), loss(n, automatic(n))] for n in (16, 100, 1024, 16384, 131072)],
}
(pathlib.Path(sys.argv[1]) / "privacy_matrix.json").write_text(json.dumps(document, indent=1) + "\n")
for row in document["losses"]:
    print(row)
