# SPDX-License-Identifier: Apache-2.0
"""Writes the hockey-stick divergences of sampled sums of which one record is replaced: `python
privacy_replaced_oracle.py data`. The record is u in one data set and v in the other, each in the sampled sum with
probability q: (1 - q) L(0) + q L(u) against (1 - q) L(0) + q L(v), L the noise. Where one exceeds the other is found by
its sign on a fine grid and bisection, the masses there from the laws' distribution functions; the definition, no chords
and no thresholds of ours. `one`: kind, noise, q, epsilon, the value at u = 1 and v = -1, the greatest at any other u and
v of a grid in both orders, and those. `plane`: of Gaussian noise and vectors, u = (1, 0) and v at an angle, by
integration over the second coordinate. `two`: at u = 1, v = -1 twice, one step's divergence at every outcome of the
other."""
import importlib.metadata
import itertools
import json
import pathlib
import sys

import numpy as np
from scipy.special import ndtr


class Law:
    def __init__(self, kind, noise):
        self.gaussian, self.b = kind == "gaussian", noise

    def density(self, x):
        if self.gaussian:
            return np.exp(-0.5 * (x / self.b) ** 2) / (self.b * np.sqrt(2 * np.pi))
        return np.exp(-np.abs(x) / self.b) / (2 * self.b)

    def above(self, x):
        if self.gaussian:
            return ndtr(-x / self.b)
        tail = 0.5 * np.exp(-np.abs(x) / self.b)
        return np.where(x > 0, tail, 1 - tail)

    def reach(self):
        return 2 + (14 if self.gaussian else 40) * self.b


def divergence(law, terms):
    """Integral of the positive part of a sum of weight * L(shift)."""
    density = lambda x: sum(w * law.density(x - s) for w, s in terms)  # noqa: E731
    above = lambda x: sum(w * law.above(x - s) for w, s in terms)  # noqa: E731
    x = np.unique(np.concatenate([np.linspace(-law.reach(), law.reach(), 3001), [s for _, s in terms]]))
    floor = 1e-18 * sum(abs(w) for w, _ in terms) * law.density(np.abs(x) * 0.5)  # what cancels is 0
    sign = density(x) > floor
    edges = np.nonzero(sign[1:] != sign[:-1])[0]
    low, high, first = x[edges], x[edges + 1], sign[edges]
    for _ in range(60):
        middle = (low + high) / 2
        same = (density(middle) > 0) == first
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    total = sum(w for w, _ in terms) if sign[0] else 0.0
    # Up to an edge at which the sign falls the mass counts, from one at which it rises.
    return float(total + np.sum(np.where(first, -above(low), above(low))))


def pair(law, q, u, v, a):
    return divergence(law, [((1 - q) * (1 - a), 0.0), (q, u), (-a * q, v)])


one = []
ends = (-1.0, -0.6, -0.2, 0.0, 0.3, 0.8, 1.0)
for kind, noise, q, epsilon in itertools.product(("gaussian", "laplace"), (0.4, 1.0, 3.0), (0.02, 0.3, 0.9),
                                                 (0.0, 0.02, 0.2, 0.7, 1.5)):
    law, a = Law(kind, noise), np.exp(epsilon)
    value = pair(law, q, 1.0, -1.0, a)
    if value < 1e-9:
        continue
    others = [(pair(law, q, u, v, a), u, v) for u, v in itertools.product(ends, ends)
              if u != v and (u, v) not in ((1.0, -1.0), (-1.0, 1.0))]
    one.append([kind, noise, q, epsilon, value, *max(others)])
plane = []
for noise, q, epsilon, degrees in itertools.product((0.5, 1.5), (0.1, 0.6), (0.3,), (60, 120, 170)):
    law, a = Law("gaussian", noise), np.exp(epsilon)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    y = np.linspace(-10 * noise, 10 * noise + 1, 401)
    at = [divergence(law, [((1 - q) * (1 - a) * law.density(t), 0.0), (q * law.density(t), 1.0),
                           (-a * q * law.density(t - s), c)]) for t in y]
    plane.append([noise, q, epsilon, degrees, float(np.trapezoid(at, y)), pair(law, q, 1.0, -1.0, a)])
two = []
for kind, noise, q, epsilon in itertools.product(("gaussian", "laplace"), (0.7, 2.0), (0.05, 0.5), (0.3,)):
    law, a = Law(kind, noise), np.exp(epsilon)
    # Gauss-Legendre between the places where densities have kinks.
    places = np.array([-law.reach(), -4, -1, 0, 1, 4, law.reach()])
    nodes, weights = np.polynomial.legendre.leggauss(150)
    total = 0.0
    for left, right in zip(places, places[1:]):
        for t, w in zip(0.5 * (right - left) * nodes + 0.5 * (right + left), 0.5 * (right - left) * weights):
            p = (1 - q) * law.density(t) + q * law.density(t - 1)
            r = (1 - q) * law.density(t) + q * law.density(t + 1)
            total += w * p * pair(law, q, 1.0, -1.0, a * r / p)
    two.append([kind, noise, q, epsilon, float(total)])
versions = {n: importlib.metadata.version(n) for n in ("numpy", "scipy")}
(pathlib.Path(sys.argv[1]) / "privacy_replaced.json").write_text(
    json.dumps({"versions": versions, "one": one, "plane": plane, "two": two}).replace("], [", "],\n[") + "\n")
print(len(one), len(plane), len(two), max(r[5] - r[4] for r in one), max(r[4] - r[5] for r in plane))
