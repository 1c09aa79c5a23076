# SPDX-License-Identifier: Apache-2.0
"""Bounds of privacy audits in 50 digits, from sums of binomial probabilities; needs mpmath.

One run: Steinke, Nasr and Jagielski (2023), theorem 5.2, with the maximum taken over every i. One event: Clopper and Pearson's ends as roots of the binomial sums, then the formulas."""

import json
import pathlib

import mpmath
from mpmath import mpf

mpmath.mp.dps = 50


def masses(n, p):
    q = 1 - p
    values = [q**n]
    for k in range(n):
        values.append(values[-1] * (n - k) / (k + 1) * p / q)
    return values


def root(rises, low, high):
    """Where a function that rises from below 0 crosses it."""
    low, high = mpf(low), mpf(high)
    for _ in range(120):
        middle = (low + high) / 2
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
    return low


def p_value(m, r, v, epsilon, delta):
    mass = masses(r, 1 / (1 + mpmath.exp(-mpf(epsilon))))
    below, largest = mpf(0), mpf(0)
    if delta > 0:
        for i in range(1, v + 1):  # beyond v nothing is added and i grows
            below += mass[v - i]
            largest = max(largest, below / i)
    return min(mpf(1), mpmath.fsum(mass[v:]) + 2 * m * mpf(delta) * largest)


def one_run_epsilon(m, r, v, delta, confidence):
    level = 1 - mpf(confidence)
    if p_value(m, r, v, 0, delta) > level:
        return mpf(0)
    # On a grid first, so that no crossing but the last one is found.
    steps = [mpf(k) / 2 for k in range(1, 31)]
    last = max([mpf(0)] + [e for e in steps if p_value(m, r, v, e, delta) <= level])
    low, high = last, last + mpf(1) / 2
    for _ in range(50):
        middle = (low + high) / 2
        if p_value(m, r, v, middle, delta) <= level:
            low = middle
        else:
            high = middle
    return low


def upper_end(k, n, confidence):
    tail = (1 - mpf(confidence)) / 2
    if k == n:
        return mpf(1)
    return root(lambda p: tail - mpmath.fsum(masses(n, p)[: k + 1]), 0, 1)


def divergence(p, q, order):
    a = mpf(order)
    return mpmath.log(p**a * q ** (1 - a) + (1 - p) ** a * (1 - q) ** (1 - a)) / (a - 1)


def normal_quantile(p):
    return mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)


def gaussian_epsilon(mu, delta):
    def phi(x):
        return mpmath.erfc(-x / mpmath.sqrt(2)) / 2

    def excess(e):
        return mpf(delta) - (phi(mu / 2 - e / mu) - mpmath.exp(e) * phi(-mu / 2 - e / mu))

    return mpf(0) if excess(mpf(0)) >= 0 else root(excess, 0, 200)


def number(x):
    return mpmath.nstr(x, 20)


p_values = []
for m, r, v in ((1000, 100, 75), (1000, 100, 40), (100, 100, 100), (100, 100, 0), (50, 1, 1), (300, 300, 190), (2000, 1500, 800),
                (10000, 3000, 2000), (10, 0, 0)):
    for epsilon in (0.0, 0.5, 2.0, 8.0):
        for delta in (0.0, 1e-9, 1e-4):
            p_values.append([m, r, v, epsilon, delta, number(p_value(m, r, v, epsilon, delta))])
epsilons = []
for m, r, v, delta, confidence in ((1000, 100, 75, 1e-4, 0.95), (100000, 1510, 1439, 1e-5, 0.95), (1000, 1000, 1000, 0.0, 0.95),
                                   (1000, 1000, 1000, 1e-5, 0.95), (1000, 1000, 700, 0.0, 0.99), (400, 40, 40, 1e-6, 0.9),
                                   (500, 200, 101, 0.0, 0.95), (1000, 100, 75, 1e-2, 0.95)):
    epsilons.append([m, r, v, delta, confidence, number(one_run_epsilon(m, r, v, delta, confidence))])

events = []
for first_runs, first_hits, second_runs, second_hits in ((1000, 800, 1000, 200), (1000, 1000, 1000, 0), (500, 30, 700, 0),
                                                         (2000, 2000, 1500, 1400), (1, 1, 1, 0), (100, 50, 100, 50)):
    for confidence in (0.9, 0.99):
        positive = upper_end(second_hits, second_runs, confidence)
        negative = upper_end(first_runs - first_hits, first_runs, confidence)
        by_delta = []
        for delta in (0.0, 1e-5, 0.1):
            ratios = ((1 - mpf(delta) - negative) / positive, (1 - mpf(delta) - positive) / negative)
            by_delta.append([delta, number(max([mpf(0)] + [mpmath.log(x) for x in ratios if x > 0]))])
        mu = mpf(0) if positive + negative >= 1 else -normal_quantile(positive) - normal_quantile(negative)
        p, q = 1 - negative, positive
        by_order = [[a, number(max(divergence(p, q, a), divergence(q, p, a)) if p > q else mpf(0))] for a in (1.01, 2.0, 16.0, 500.0)]
        events.append({
            "counts": [first_runs, first_hits, second_runs, second_hits],
            "confidence": confidence,
            "false_positive": number(positive),
            "false_negative": number(negative),
            "epsilons": by_delta,
            "mu": number(mu),
            "gaussian_epsilon": number(gaussian_epsilon(mu, 1e-5) if mu > 0 else mpf(0)),
            "renyi": by_order,
        })



def contradicts_gdp(m, r, v, mu, level):
    """Mahloujifar, Melis and Chaudhuri (2024): chances of i or more right guesses, from v downwards."""
    share = mpf(r) / m
    right, wrong = level * share * v / r, level * share * (r - v) / r
    for i in range(v - 1, -1, -1):
        image = mpmath.ncdf(normal_quantile(right) - mu) if 0 < right < 1 else right
        grown = max(wrong, image)
        right, wrong = right + mpf(i) / (r - i) * (grown - wrong), grown
        if right + wrong > share:
            return True
    return False


def one_run_gdp_mu(m, r, v, confidence):
    level = 1 - mpf(confidence)
    if v == 0 or not contradicts_gdp(m, r, v, mpf(0), level):
        return mpf(0)
    low, high = mpf(0), mpf(40)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if contradicts_gdp(m, r, v, middle, level) else (low, middle)
    return low


gdp = [[m, r, v, confidence, number(one_run_gdp_mu(m, r, v, confidence))]
       for m, r, v, confidence in ((100, 100, 80, 0.95), (1000, 100, 75, 0.95), (1000, 60, 60, 0.99), (200, 40, 22, 0.9),
                                   (100, 20, 19, 0.999))]

text = "{\n" + f'"mpmath": "{mpmath.__version__}",\n'
text += "\n,\n".join(
    f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]"
    for name, rows in (("one_run_p_values", p_values), ("one_run_epsilons", epsilons), ("one_run_gdp_mu", gdp), ("events", events)))
text = text.replace("\n,\n\"", ",\n\"") + "\n}\n"
(pathlib.Path(__file__).parent / "data" / "privacy_audit.json").write_text(text)
