# SPDX-License-Identifier: Apache-2.0
"""Writes what dp-accounting's distributions of privacy losses give at one step, by connecting the dots where it can, as
an upper and a lower (optimistic) epsilon, for a grid of mechanisms, sampling rates, compositions and deltas; and exact
epsilons, from the definitions in 40 digits, where there is a closed form: `python privacy_loss_grid_oracle.py data`.
A row: mechanisms [kind, noise, whole, rate, times], step, delta, upper, lower, exact or null. Both directions of adding
and removing count, the worse of them."""
import importlib.metadata
import itertools
import json
import math
import pathlib
import sys

import mpmath
from dp_accounting.pld import privacy_loss_distribution as pld

mp = mpmath.mp
mp.dps = 40
mpf = mpmath.mpf


def theirs(kind, noise, whole, rate, step, pessimistic):
    both = {"pessimistic_estimate": pessimistic, "value_discretization_interval": step}
    dots = {"use_connect_dots": pessimistic}
    if kind == "gaussian":
        return pld.from_gaussian_mechanism(noise, sampling_prob=rate, **both, **dots)
    if kind == "laplace":
        return pld.from_laplace_mechanism(noise, sampling_prob=rate, **both, **dots)
    if kind == "discrete_gaussian":
        return pld.from_discrete_gaussian_mechanism(noise, whole, sampling_prob=rate, **both, **dots)
    if kind == "discrete_laplace":
        return pld.from_discrete_laplace_mechanism(1 / noise, whole, sampling_prob=rate, **both, **dots)
    assert kind == "randomized_response" and rate == 1
    return pld.from_randomized_response(whole / (math.exp(noise) + whole - 1), whole, **both)


def epsilon_of(parts, step, delta, pessimistic):
    total = None
    for kind, noise, whole, rate, times in parts:
        one = theirs(kind, noise, whole, rate, step, pessimistic).self_compose(times)
        total = one if total is None else total.compose(one)
    return float(total.get_epsilon_for_delta(delta))


def upper_tail(x):
    return mpmath.erfc(x / mpmath.sqrt(2)) / 2


def gaussian_delta(sigma, e):
    return upper_tail(e * sigma - 1 / (2 * sigma)) - mpmath.exp(e) * upper_tail(e * sigma + 1 / (2 * sigma))


def lattice(kind, noise, whole):
    """P and Q on the integers: the law shifted by the sensitivity, and the law."""
    noise = mpf(noise)
    if kind == "discrete_gaussian":
        weight, reach = lambda x: mpmath.exp(-mpf(x) ** 2 / (2 * noise**2)), int(16 * noise) + whole + 4
    else:
        weight, reach = lambda x: mpmath.exp(-abs(mpf(x)) / noise), int(80 * noise) + whole + 4
    q = {x: weight(x) for x in range(-reach, reach + 1)}
    total = mpmath.fsum(q.values())
    q = {x: w / total for x, w in q.items()}
    return {x: q.get(x - whole, mpf(0)) for x in q}, q


def hockey(p, q, e):
    """sum (p - e^e q)+"""
    factor = mpmath.exp(e)
    return mpmath.fsum(max(mpf(0), p[x] - factor * q[x]) for x in p)


def one_delta(kind, noise, whole, rate, e):
    """Of a single step, the worse direction."""
    rate = mpf(rate)
    if kind == "gaussian" and rate == 1:
        return gaussian_delta(mpf(noise), e)
    if kind == "gaussian":
        # Removed: P = (1 - q) N(0) + q N(1) against N(0): (P - e^e N(0))+ = q (N(1) - c N(0))+, c = 1 + (e^e - 1) / q.
        removed = rate * gaussian_delta(mpf(noise), mpmath.log(1 + mpmath.expm1(e) / rate))
        # Added: N(0) against P: (1 - e^e (1 - q)) N(0) - e^e q N(1), positive on one side where its factor is.
        k = 1 - mpmath.exp(e) * (1 - rate)
        added = mpf(0)
        if k > 0:
            s, edge = mpf(noise), None
            edge = mpf(noise) ** 2 * mpmath.log(k / (mpmath.exp(e) * rate)) + mpf(1) / 2
            added = k * upper_tail(-edge / s) - mpmath.exp(e) * rate * upper_tail(-(edge - 1) / s)
        return max(removed, added)
    if kind == "laplace":
        b = mpf(noise)
        one = lambda x: max(mpf(0), -mpmath.expm1((x - 1 / b) / 2))  # noqa: E731
        if rate == 1:
            return one(e)
        removed = rate * one(mpmath.log(1 + mpmath.expm1(e) / rate))
        k = 1 - mpmath.exp(e) * (1 - rate)
        added = k * one(-mpmath.log(k / (mpmath.exp(e) * rate))) if k > 0 else mpf(0)
        return max(removed, added)
    if kind == "randomized_response":
        p = mpmath.exp(mpf(noise)) / (mpmath.exp(mpf(noise)) + whole - 1)
        return max(mpf(0), p - mpmath.exp(e) * (1 - p) / (whole - 1))
    p, q = lattice(kind, noise, whole)
    mixed = {x: (1 - rate) * q[x] + rate * p[x] for x in p}
    return max(hockey(mixed, q, e), hockey(q, mixed, e))


def exact_epsilon(parts, delta):
    if len(parts) == 1 and parts[0][4] == 1:
        kind, noise, whole, rate, _ = parts[0]
        curve = lambda e: one_delta(kind, noise, whole, rate, e)  # noqa: E731
    elif all(part[0] == "gaussian" and part[3] == 1 for part in parts):
        squares = mpmath.fsum(part[4] / mpf(part[1]) ** 2 for part in parts)
        curve = lambda e: gaussian_delta(1 / mpmath.sqrt(squares), e)  # noqa: E731
    elif len(parts) == 1 and parts[0][0] == "randomized_response" and parts[0][2] == 2:
        e0, k = mpf(parts[0][1]), parts[0][4]
        p = 1 / (1 + mpmath.exp(-e0))
        def curve(e):
            return mpmath.fsum(mpmath.binomial(k, j) * max(mpf(0), p ** (k - j) * (1 - p) ** j
                                                           - mpmath.exp(e) * p**j * (1 - p) ** (k - j)) for j in range(k + 1))
    else:
        return None
    if curve(mpf(0)) <= delta:
        return 0.0
    low, high = mpf(0), mpf(1)
    while curve(high) > delta:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if curve(middle) > delta else (low, middle)
    return float(high)


STEP = 1e-3
grid = []
for sigma, rate, times in itertools.product((0.6, 1.0, 3.0, 20.0), (1.0, 0.3, 0.01), (1, 10, 300)):
    grid.append([["gaussian", sigma, 0, rate, times]])
for scale, rate, times in itertools.product((0.5, 2.0, 10.0), (1.0, 0.2, 0.01), (1, 3, 50)):
    grid.append([["laplace", scale, 0, rate, times]])
for sigma, whole, rate, times in itertools.product((0.7, 2.0, 9.0), (1, 3), (1.0, 0.1), (1, 20)):
    grid.append([["discrete_gaussian", sigma, whole, rate, times]])
for scale, whole, rate, times in itertools.product((0.5, 2.0, 9.0), (1, 3), (1.0, 0.1), (1, 20)):
    grid.append([["discrete_laplace", scale, whole, rate, times]])
for epsilon, whole, times in itertools.product((0.1, 1.0, 4.0), (2, 7), (1, 5, 40)):
    grid.append([["randomized_response", epsilon, whole, 1.0, times]])
grid += [
    [["gaussian", 2.0, 0, 1.0, 5], ["laplace", 4.0, 0, 1.0, 3]],
    [["gaussian", 1.0, 0, 0.05, 100], ["discrete_gaussian", 4.0, 1, 1.0, 2]],
    [["laplace", 3.0, 0, 0.1, 30], ["randomized_response", 0.5, 3, 1.0, 4], ["gaussian", 5.0, 0, 1.0, 1]],
    [["discrete_laplace", 6.0, 2, 0.5, 12], ["gaussian", 0.9, 0, 0.02, 200]],
    [["gaussian", 3.0, 0, 1.0, 4], ["gaussian", 8.0, 0, 1.0, 20]],
]
rows = []
for i, parts in enumerate(grid):
    for delta in ((1e-3, 1e-6), (1e-6, 1e-9))[i % 2]:
        upper, lower = (epsilon_of(parts, STEP, delta, pessimistic) for pessimistic in (True, False))
        finite = lambda x: x if math.isfinite(x) else None  # noqa: E731
        rows.append([parts, STEP, delta, finite(upper), finite(lower), exact_epsilon(parts, delta)])
versions = {n: importlib.metadata.version(n) for n in ("dp-accounting", "mpmath")}
(pathlib.Path(sys.argv[1]) / "privacy_loss_grid.json").write_text(
    json.dumps({"versions": versions, "rows": rows}).replace("[[[", "\n[[[") + "\n")
print(len(rows), "rows,", sum(row[5] is not None for row in rows), "exact")
