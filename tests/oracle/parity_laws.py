# SPDX-License-Identifier: Apache-2.0
"""Writes, for the parity table, what has a law of its own: p-values on grids, unseen categories, sketches, random
features, relabelled density differences: `python parity_laws.py data`."""
import json
import math
import pathlib
import sys
from fractions import Fraction

import mpmath
import numpy as np
import scipy
from kolmogorov_oracle import finite_sf
from parity_counts import grid_case, hypergeometric
from parity_inputs import draw, sample
from random_feature_mmd_oracle import expected as random_features
from scipy import integrate, stats
from splits import philox, split

MASK, LAST = 0xFFFFFFFF, 2**64 - 1
# To many digits, or where these would take long as SciPy has it, to 1e-5.
kolmogorov = lambda d, n: float(finite_sf(d, n) if n <= 50000 else stats.kstwo.sf(d, n))
complete = lambda rows: rows[~np.isnan(rows).any(1)] if rows.ndim > 1 else rows[~np.isnan(rows)]


def tail_of_norm(norm, covariance, t):
    """P(norm(Z) >= t) of a normal Z: of two parts an integral over directions, of more 2 000 000 draws."""
    root = np.linalg.cholesky(covariance)
    if len(covariance) == 2:
        at = lambda angle: math.exp(-t * t / (2 * norm(root @ np.array([[math.cos(angle)], [math.sin(angle)]]))[0] ** 2))
        return integrate.quad(at, 0, math.pi, epsabs=0, epsrel=1e-10, limit=1000)[0] / math.pi
    generator, hits = np.random.default_rng(20261127), 0
    for _ in range(40):
        hits += int((norm(root @ generator.normal(size=(len(root), 50000))) >= t).sum())
    assert hits > 2000
    return hits / 2e6


def grid_laws(reference, live, places=None):
    """Cells in order. `places`: all mass of a cell sits there; without them the cells are even steps of 1, mass spread
    over each. Total variation and Wasserstein in the limit: the norm of a normal vector with the covariance of shares."""
    n, m, cells = sum(reference), sum(live), len(reference)
    a, b, pooled = (np.array(v) / sum(v) for v in (reference, live, np.array(reference) + np.array(live)))
    above, unit = np.cumsum(a - b)[:-1], 1 / n + 1 / m
    size = n * m / (n + m)
    d = max(Fraction(abs(sum(reference[:i]) * m - sum(live[:i]) * n), n * m) for i in range(1, cells + 1))
    # A supremum seen at equal steps falls short of the full one (Broadie, Glasserman and Kou 1997).
    step = Fraction(min(reference), n) if places is None and cells >= 3 else 0
    shortfall = 0.5826 * math.sqrt(step / size)
    out = {"kolmogorov_smirnov": [float(d), kolmogorov(float(d) + shortfall, round(size))]}
    covariance = lambda q: (np.diag(q) - np.outer(q, q))[:-1, :-1] * unit
    variation = lambda z: (np.abs(z).sum(0) + np.abs(z.sum(0))) / 2
    x = float(np.abs(a - b).sum() / 2)
    out["total_variation"] = [x, tail_of_norm(variation, covariance(pooled), x)]
    if places is None:
        def area(height):  # of straight lines between edges
            h = np.concatenate([np.zeros((1, height.shape[1])), height, np.zeros((1, height.shape[1]))])
            left, right = np.abs(h[:-1]), np.abs(h[1:])
            apart = h[:-1] * h[1:] < 0
            return np.where(apart, (left**2 + right**2) / np.where(apart, 2 * (left + right), 1), (left + right) / 2).sum(0)
        distance = area
    else:
        widths = np.diff(places)[:, None]
        distance = lambda height: (widths * np.abs(height)).sum(0)
    w = float(distance(above[:, None])[0])
    # Cells' masses are those of the reference.
    out["wasserstein"] = [w, tail_of_norm(lambda z: distance(np.cumsum(z, 0)), covariance(a), w)]
    return {"reference": reference, "live": live, "places": places, "expected": out}


def grids():
    even = lambda cells, each: [each] * cells
    wave = lambda cells, each, size: [each + round(size * math.sin(6.3 * i / cells)) for i in range(cells)]
    return [grid_laws([500, 600, 700], [350, 400, 500], [0, 1, 2]), grid_laws([500, 600, 700], [130, 130, 150], [0, 1, 5]),
            grid_laws([60, 40, 50], [12, 0, 20], [0, 1, 3]), grid_laws([10**6, 2 * 10**6, 10**6], [10**6, 2003000, 10**6 + 900], [0, 1, 4]),
            grid_laws([100, 9000, 200], [14, 900, 36], [0, 2, 3]), grid_laws([20, 20, 20], [8, 14, 8], [0, 1, 2]),
            grid_laws(even(8, 200), wave(8, 100, 9)), grid_laws(even(62, 300), wave(62, 100, 4)),
            grid_laws(even(62, 100000), wave(62, 30000, 60)),
            grid_laws([100, 200, 300, 200, 100, 50], [40, 90, 140, 110, 60, 30], [0, 1, 2, 4, 8, 16])]


def categories():
    """Tests of categories: rare in both samples together (each side expects below 5, of over 16 cells more), or absent
    from the reference: one cell."""
    out = []
    for reference, live in [([500, 600, 700], [0, 400, 500]), ([40, 60], [30, 25]), ([300, 200, 100, 3, 4, 0, 5], [290, 180, 120, 9, 2, 7, 4]),
                            ([10**6, 2 * 10**6, 4, 30], [10**6 + 900, 2 * 10**6, 40, 0]), ([12, 11], [10, 15])]:
        n, m = sum(reference), sum(live)
        least = 5 * max(1, math.sqrt(len(reference)) / 4)
        rare = [r == 0 or (r + v) * min(n, m) < least * (n + m) for r, v in zip(reference, live)]
        pooled = lambda side: [s for s, k in zip(side, rare) if not k] + ([sum(s for s, k in zip(side, rare) if k)] if any(rare) else [])
        out.append({"reference": reference, "live": live, "expected": grid_case(pooled(reference), pooled(live))["expected"]})
    return out


def numbers():
    """Tests of counts on samples: 62 inner cells of equal mass from the reference, or one for each of few values."""
    out = []
    for name, x, y in [("distinct", sample(6200, 201), sample(5000, 202, shift=0.0625)),
                       ("NaN", sample(6200, 203, shift=2.0), sample(6600, 204, nan=11, shift=2.0)),
                       ("tied", sample(300, 205, levels=2), sample(250, 206, levels=2)),
                       ("coins, NaN", sample(40, 207, levels=1, nan=9), sample(50, 208, levels=1)),
                       ("six hundred thousand", sample(620000, 209), sample(600000, 210, shift=0.00390625))]:
        a, b = np.sort(complete(draw(x))), complete(draw(y))
        values, counts = np.unique(a, return_counts=True)
        starts = a[:: len(a) // 62] if len(values) > 62 else values[counts > 0]
        if len(values) > 62:
            assert len(a) % 62 == 0
        cell = lambda v: np.bincount(np.clip(np.searchsorted(starts, v, side="right") - 1, 0, len(starts) - 1), minlength=len(starts))
        reference, live = cell(a).tolist(), cell(b).tolist()
        while len(values) <= 62 and min(reference[0], live[0]) < 8:  # of the tied: join rare ends as neighbours
            reference[:2], live[:2] = [sum(reference[:2])], [sum(live[:2])]
        while len(values) <= 62 and min(reference[-1], live[-1]) < 8:
            reference[-2:], live[-2:] = [sum(reference[-2:])], [sum(live[-2:])]
        out.append({"name": name, "reference": x, "live": y, "cells": len(reference),
                    "expected": grid_case(reference, live)["expected"]})
    return out


def unseen():
    """Good-Turing's newness on both sides, divided by how often rare categories come back."""
    out = []
    for f1, f2, n, b, m in [(0, 0, 1, 1, 1), (1, 0, 1, 0, 1), (3, 1, 50, 9, 40), (0, 0, 1000, 4, 1000), (12, 5, 400, 40, 700),
                            (7, 30, 9000, 3, 100), (50, 20, 1000000, 300, 2000000), (2, 0, 10**9, 11, 10**9), (10, 4, 20, 12, 15)]:
        spread = 1 + Fraction(2 * f2, max(1, f1)) * Fraction(m, n + m)
        waiting, seen = math.ceil(f1 / spread), math.floor(b / spread)
        p = 1.0 if b == 0 else hypergeometric(waiting, n + m, n, waiting + seen)
        out.append({"singletons": f1, "doubletons": f2, "n": n, "unseen": b, "m": m, "statistic": b, "p": p})
    return out


class Sketch:
    """Karnin, Lang and Liberty's, as kll_sketch.hpp describes it."""

    def __init__(self, k, seed):
        self.k, self.seed, self.levels, self.coins, self.faces = k, seed, [[]], [0], [None]
        self.buffer, self.variance, self.count = [], 0, 0

    def capacities(self):
        shares = [float(self.k)]
        while len(shares) < len(self.levels):
            shares.append(shares[-1] * (2.0 / 3.0))
        return [max(16, math.ceil(s)) for s in reversed(shares)]

    def coin(self, level):
        i, self.coins[level] = self.coins[level], self.coins[level] + 1
        words = philox([i >> 7 & MASK, i >> 39, level, 0x4B4C4C00], [self.seed & MASK, self.seed >> 32])
        return words[i >> 5 & 3] >> (i & 31) & 1

    def compress(self):
        capacities = self.capacities()
        while sum(map(len, self.levels)) > sum(capacities):
            h = next(i for i, v in enumerate(self.levels) if len(v) >= capacities[i])
            if h + 1 == len(self.levels):
                self.levels.append([]), self.coins.append(0), self.faces.append(None)
                capacities = self.capacities()
            if self.faces[h] is None:
                face = self.coin(h)
                self.faces[h], self.variance = 1 - face, self.variance + 4**h
            else:
                face, self.faces[h] = self.faces[h], None
            values = self.levels[h]
            odd = len(values) % 2
            self.levels[h + 1] = sorted(self.levels[h + 1] + values[odd + face :: 2])
            self.levels[h] = values[:odd]

    def update(self, values):
        for value in values:
            if len(self.buffer) == 64:
                self.levels[0] = sorted(self.levels[0] + self.buffer)
                self.buffer = []
                self.compress()
            self.buffer.append(value)
        self.count += len(values)
        return self

    def merge(self, other):
        """Of another seed: errors are independent."""
        while len(self.levels) < len(other.levels):
            self.levels.append([]), self.coins.append(0), self.faces.append(None)
        for i, values in enumerate(other.levels):
            self.levels[i] = sorted(self.levels[i] + values)
            self.coins[i] = max(self.coins[i], other.coins[i])
            self.faces[i] = other.faces[i] if self.faces[i] is None else self.faces[i]
        self.variance += other.variance
        self.count += other.count - len(other.buffer)
        self.compress()
        return self.update(other.buffer)

    def steps(self):
        weighted = [(v, 2**h) for h, level in enumerate(self.levels) for v in level] + [(v, 1) for v in self.buffer]
        values, weights = map(np.array, zip(*sorted(weighted)))
        assert weights.sum() == self.count
        return values, weights

    def error(self, probability):
        """Of all ranks at once: m - 1 quantiles overrun or undercut, and 1/m between; m in steps of a tenth."""
        if self.variance == 0:
            return 0.0
        best, m = 1.0, 2
        while m < 1e9:
            spread = math.sqrt(self.variance) / self.count
            best = min(best, spread * math.sqrt(2 * math.log(2 * (m - 1) / probability)) + 1 / m)
            m = math.ceil(1.1 * m)
        return best


def sketch_test(reference, live):
    """`reference`: a sample or a sketch. The p-value at the least D, plus what the sketches may break their word by."""
    sides, errors, spent = [], [], 0.0
    shares = 5e-5 if isinstance(reference, Sketch) else 1e-4
    for side in (reference, live):
        if isinstance(side, Sketch):
            sides.append(side.steps())
            errors.append(side.error(shares))
            spent += shares if side.variance else 0.0
        else:
            sides.append((np.sort(side), np.ones(len(side), dtype=int)))
    n, m = (int(weights.sum()) for _, weights in sides)
    points = np.union1d(sides[0][0], sides[1][0])
    below = [np.concatenate([[0], np.cumsum(w)])[np.searchsorted(v, points, side="right")] for v, w in sides]
    d = float(np.abs(below[0] / n - below[1] / m).max())
    least = max(0.0, d - sum(errors))
    p = 1.0 if least == 0.0 else kolmogorov(least, round(n * m / (n + m)))
    return [d, min(1.0, p + spent)]


def sketches():
    out = []
    cases = [("ties, NaN", sample(3000, 221, levels=8, nan=13), [sample(9000, 222, levels=8, nan=17, shift=0.5)], 64, 0),
             ("two sketches", sample(20000, 223), [sample(30000, 224, shift=0.25)], 200, 64),
             ("a million, NaN", sample(5000, 225), [sample(1000000, 226, shift=0.25, nan=997)], 200, 0),
             ("three merged, ties", sample(60000, 227, levels=64), [sample(50000, 228, levels=64, shift=0.0625), sample(70, 229, levels=64),
                                                                     sample(90000, 230, levels=64)], 400, 400),
             ("one and forty", sample(1, 231), [sample(40, 232)], 8, 0), ("no drift", sample(8000, 233), [sample(8000, 234)], 100, 100)]
    for name, reference, parts, k, reference_k in cases:
        print("sketch:", name, flush=True)
        live = None
        for i, part in enumerate(parts):
            own = Sketch(k, 11 + i).update(complete(draw(part)).tolist())
            live = own if live is None else live.merge(own)
        x = complete(draw(reference)).tolist()
        first = Sketch(reference_k, 5).update(x) if reference_k else np.array(x)
        out.append({"name": name, "reference": reference, "reference_k": reference_k, "live": parts, "k": k,
                    "expected": sketch_test(first, live)})
    return out


def density_difference(x, y, seed, permutations):
    """p by relabelling the sorted heap, lambda the largest 4^-i at which the halves agree, some rows centres."""
    z = np.concatenate([x, y])
    order = np.lexsort(z.T[::-1])
    live = order >= len(x)
    z = z[order]
    z = z - z.mean(0)
    z = z / z.std(0, ddof=1)
    distinct = np.sort(np.unique(z, axis=0, return_index=True)[1])
    chosen = lambda most, index: distinct[split(seed, index, min(most, len(distinct)), len(distinct)) == 1]
    squared = lambda a, b: sum((a[:, None, j] - b[None, :, j]) ** 2 for j in range(z.shape[1]))
    points, centres = z[chosen(1000, LAST - 1)], z[chosen(200, LAST)]
    pairs = np.sort(squared(points, points)[np.tril_indices(len(points), -1)])
    s2 = pairs[len(pairs) // 2] / 2
    k = np.exp(-squared(z, centres) / (2 * s2))
    k = k - k.mean(0)
    gram, covariance = np.exp(-squared(centres, centres) / (4 * s2)), np.cov(k.T)
    used, agree = 1024.0, False
    while not agree:
        inverse = np.linalg.inv(gram + used * np.eye(len(centres)))
        whole, other = np.trace(inverse @ covariance), np.trace(inverse @ gram @ inverse @ covariance)
        agree = 1 - other / whole <= 0.2
        used = used if agree else used / 4
    form = 2 * inverse - inverse @ gram @ inverse
    n, m = len(x), len(y)

    def statistic(labels):
        h = k[labels].sum(0) * (1 / n + 1 / m)
        return h @ form @ h

    observed = statistic(live)
    hits = sum(statistic(split(seed, i, m, n + m) == 1) >= observed * (1 - 1e-10) for i in range(permutations))
    return [float(observed), (1 + int(hits)) / (permutations + 1)]


def density_differences():
    out = []
    for name, x, y in [("tiny", sample(3, 241, d=2), sample(4, 242, d=2)), ("ties", sample(60, 243, d=2, levels=2), sample(40, 244, d=2, levels=2)),
                       ("NaN", sample(80, 245, d=3, nan=19), sample(70, 246, d=3, shift=0.5)),
                       ("a hundred thousand", sample(100000, 247, d=2, nan=501), sample(20000, 248, d=2, shift=0.015625))]:
        print("density difference:", name, flush=True)
        permutations = 19 if x["n"] > 1000 else 99
        out.append({"name": name, "reference": x, "live": y, "seed": 9, "permutations": permutations,
                    "expected": density_difference(complete(draw(x)), complete(draw(y)), 9, permutations)})
    return out


def features():
    out = []
    for name, x, y, r, whitening in [("twenty and one", sample(20, 251, d=2), sample(1, 252, d=2), 8, 0.1),
                                     ("ties", sample(60, 253, d=2, levels=2), sample(50, 254, d=2, levels=2), 8, 0.1),
                                     ("NaN", sample(80, 255, d=3, nan=19), sample(70, 256, d=3, nan=23, shift=0.5), 16, 0.0),
                                     ("a million, NaN", sample(150, 257, d=2), sample(1000000, 258, d=2, nan=997), 8, 0.025)]:
        print("random features:", name, flush=True)
        found = random_features(complete(draw(x)), complete(draw(y)), r, 3, whitening)
        out.append({"name": name, "reference": x, "live": y, "features": r, "seed": 3, "whitening": whitening,
                    "expected": [found["statistic"], found["p"]]})
    return out


if __name__ == "__main__":
    mpmath.mp.dps = 60
    content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "mpmath": mpmath.__version__},
               "grids": grids(), "categories": categories(), "numbers": numbers(), "unseen": unseen(), "sketches": sketches(),
               "density_differences": density_differences(), "features": features()}
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("},{", "},\n{")
    (pathlib.Path(sys.argv[1]) / "parity_laws.json").write_text(text + "\n")
