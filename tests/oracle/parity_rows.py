# SPDX-License-Identifier: Apache-2.0
"""Expected values of the multivariate tests, from their definitions in NumPy, for the parity table."""
import numpy as np
from parity_inputs import draw, sample
from scipy import stats
from splits import split

PERMUTATIONS = 99


def hotelling(x, y):
    n, m, d = len(x), len(y), x.shape[1]
    delta, h = y.mean(0) - x.mean(0), n * m / (n + m)
    a, b = x - x.mean(0), y - y.mean(0)
    t2 = h * delta @ np.linalg.solve((a.T @ a + b.T @ b) / (n + m - 2), delta)
    out = {"hotelling_t2": [t2, stats.f.sf(t2 * (n + m - d - 1) / (d * (n + m - 2)), d, n + m - d - 1)]}
    if n > d + 1:
        t2 = h * delta @ np.linalg.solve(a.T @ a / (n - 1), delta)
        out["mahalanobis"] = [t2, stats.f.sf(t2 * (n - d) / (d * (n - 1)), d, n - d)]
    return out


def blocks(f, z, live):
    """Sums of f over pairs of squared distances, both in one sample or one in each, without the rows' own."""
    norms = lambda a, b: sum((a[:, None, j] - b[None, :, j]) ** 2 for j in range(a.shape[1]))
    x, y = z[~live], z[live]
    own = lambda a: f(norms(a, a)).sum() - len(a) * f(np.zeros(1))[0]
    return own(x), own(y), f(norms(x, y)).sum()


def kernels(z, live):
    n, m = int((~live).sum()), int(live.sum())
    xx, yy, xy = blocks(lambda s: np.exp(-s / 2), z, live)
    distance = blocks(np.sqrt, z, live)
    mmd = xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)
    energy = 2 * distance[2] / (n * m) - distance[0] / n**2 - distance[1] / m**2
    return mmd, n * m / (n + m) * energy


def energy_p(z, live):
    """By replaying the library's splits in full precision; it counts in bytes, so that near-ties may fall otherwise."""
    observed = kernels(z, live)[1]
    splits = [split(0, i, int(live.sum()), len(z)) == 1 for i in range(PERMUTATIONS)]
    return (1 + sum(kernels(z, q)[1] >= observed - 1e-12 for q in splits)) / (PERMUTATIONS + 1)


def density_difference(x, y):
    """Every distinct row a centre, lambda = 1/4, the median of distances between distinct rows over the root of 2."""
    z = np.concatenate([x, y])
    z = z - z.mean(0)
    z = z / z.std(0, ddof=1)
    centres = np.unique(z, axis=0)
    squared = lambda a, b: ((a[:, None] - b[None]) ** 2).sum(2)
    between = squared(centres, centres)
    s2 = np.median(np.sqrt(between[np.tril_indices(len(centres), -1)])) ** 2 / 2
    k = np.exp(-squared(z, centres) / (2 * s2))
    h = k[len(x):].mean(0) - k[: len(x)].mean(0)
    gram = np.exp(-between / (4 * s2))
    theta = np.linalg.solve(gram + np.eye(len(centres)) / 4, h)
    return 2 * theta @ h - theta @ gram @ theta


def expected(x, y):
    z, live = np.concatenate([x, y]), np.arange(len(x) + len(y)) >= len(x)
    out = hotelling(x, y)
    if len(z) > 5000:
        return out
    mmd, energy = kernels(z, live)
    out |= {"mmd": [mmd, None], "energy": [energy, energy_p(z, live) if len(z) <= 120 else None]}
    if len(np.unique(z, axis=0)) <= 200:
        out["density_difference"] = [density_difference(x, y), None]
    return out


def rows():
    pairs = [("two each", sample(2, 1, d=1), sample(2, 2, d=1)), ("three and one", sample(4, 3, d=1), sample(2, 4, d=1)),
             ("tied", sample(30, 5, d=2, levels=2), sample(20, 6, d=2, levels=2, shift=1.0)),
             ("NaN", sample(40, 7, d=3, nan=17), sample(30, 8, d=3, nan=23, shift=0.25)),
             ("tied, NaN", sample(60, 9, d=3, levels=2, nan=31), sample(50, 10, d=3, levels=2, nan=29)),
             ("thousands, NaN", sample(2000, 11, d=2, nan=501), sample(1500, 12, d=2, shift=0.0625)),
             ("far from 0", sample(50, 13, d=1, shift=1024.0), sample(45, 14, d=1, shift=1024.25)),
             ("a hundred thousand, NaN", sample(100000, 15, d=3, nan=997), sample(50000, 16, d=3, shift=0.0078125)),
             ("a million, tied", sample(1000000, 17, d=2, levels=4), sample(300000, 18, d=2, levels=4))]
    out = []
    for name, reference, live in pairs:
        print(name, flush=True)
        x, y = draw(reference), draw(live)
        out.append({"name": name, "reference": reference, "live": live,
                    "expected": expected(x[~np.isnan(x).any(1)], y[~np.isnan(y).any(1)])})
    return out
