# SPDX-License-Identifier: Apache-2.0
"""Expected values of the multivariate tests, from their definitions in NumPy, for the parity table."""
import numpy as np
from classifier_oracle import separation, standardise
from parity_inputs import draw, sample
from scipy import stats

BANDWIDTHS = [0.5, 1.0, 2.0]


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
    mmd, rms = {}, {}
    for width in BANDWIDTHS:
        xx, yy, xy = blocks(lambda s: np.exp(-s / (2 * width**2)), z, live)
        mmd[width] = xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m)
        xx, yy, xy = blocks(lambda s: np.exp(-s / width**2), z, live)
        rms[width] = np.sqrt((xx + yy + 2 * xy) / ((n + m) * (n + m - 1)))
    sharp = np.sqrt(min(n, m) * (min(n, m) - 1))
    fuse = np.log(np.mean([np.exp(sharp * mmd[b] / rms[b]) for b in BANDWIDTHS])) / sharp
    xx, yy, xy = blocks(np.sqrt, z, live)
    energy = n * m / (n + m) * (2 * xy / (n * m) - xx / n**2 - yy / m**2)
    return {"mmd": [mmd[1.0], None], "mmd_mean": [np.mean(list(mmd.values())), None], "mmd_fuse": [fuse, None],
            "energy": [energy, None]}


def density_difference(x, y):
    """Every distinct row a centre, lambda = 1/4, the upper median of distances between distinct rows over the root of 2."""
    z = np.concatenate([x, y])
    z = z - z.mean(0)
    z = z / z.std(0, ddof=1)
    centres = np.unique(z, axis=0)
    squared = lambda a, b: ((a[:, None] - b[None]) ** 2).sum(2)
    between = squared(centres, centres)
    pairs = np.sort(between[np.tril_indices(len(centres), -1)])
    s2 = pairs[len(pairs) // 2] / 2
    k = np.exp(-squared(z, centres) / (2 * s2))
    h = k[len(x):].mean(0) - k[: len(x)].mean(0)
    gram = np.exp(-between / (4 * s2))
    theta = np.linalg.solve(gram + np.eye(len(centres)) / 4, h)
    return 2 * theta @ h - theta @ gram @ theta


def classifier(x, y):
    """Three folds dealt in turn. Scores of many rows differ by little: less of them is rounded away."""
    fold = np.concatenate([np.arange(len(x)) % 3, np.arange(len(y)) % 3])
    labels = np.repeat([0, 1], [len(x), len(y)])
    found = separation(standardise(np.concatenate([x, y])), labels, fold, 3, 1.0, 12)
    return [found["area"], found["p"]]


def expected(x, y):
    z, live = np.concatenate([x, y]), np.arange(len(x) + len(y)) >= len(x)
    out = hotelling(x, y)
    if min(len(x), len(y)) >= 6:
        out["classifier"] = classifier(x, y)
    if len(z) > 5000:
        return out
    out |= kernels(z, live)
    if len(np.unique(z, axis=0)) <= 200:
        out["density_difference"] = [density_difference(x, y), None]
    return out


def rows():
    pairs = [("two each", sample(2, 1, d=1), sample(2, 2, d=1)), ("four and two", sample(4, 3, d=1), sample(2, 4, d=1)),
             ("six each", sample(6, 19, d=2), sample(6, 20, d=2, shift=1.0)),
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
