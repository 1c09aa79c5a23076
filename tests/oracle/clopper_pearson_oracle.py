# SPDX-License-Identifier: Apache-2.0
"""Writes Clopper and Pearson's limits of few hits among many trials: `python clopper_pearson_oracle.py data`.

Binomial sums at 60 digits, solved by bisection; takes a minute or two.
"""
import json
import pathlib
import sys

import mpmath as mp

mp.mp.dps = 60


def at_most(hits, trials, rate):
    term = mp.exp(trials * mp.log1p(-rate))
    total = mp.mpf(0)
    for i in range(hits + 1):
        total += term
        term *= mp.mpf(trials - i) / (i + 1) * rate / (1 - rate)
    return total


def at_least(hits, trials, rate):
    term = mp.exp(trials * mp.log1p(-rate))
    for i in range(hits):
        term *= mp.mpf(trials - i) / (i + 1) * rate / (1 - rate)
    total, i = mp.mpf(0), hits
    while i <= trials:
        total += term
        ratio = mp.mpf(trials - i) / (i + 1) * rate / (1 - rate)
        term *= ratio
        i += 1
        if ratio < 0.9 and term < total * mp.mpf(10) ** -55:
            break
    return total


def crossing(is_below, low, high):
    low, high = mp.mpf(low), mp.mpf(high)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return mp.exp(low)


rows = []
for trials in (2000, 10**6, 10**9, 10**12):
    for hits in (1, 2, 5, 20, 100, 350):
        for level in (0.95, 0.9999, 1 - 1e-9):
            tail = mp.mpf(0.5 * (1 - level))
            rate = mp.log(mp.mpf(hits) / trials)
            upper = crossing(lambda x: at_most(hits, trials, mp.exp(x)) > tail, rate, min(rate + 5, -mp.mpf(10) ** -20))
            lower = crossing(lambda x: at_least(hits, trials, mp.exp(x)) < tail, rate - 30, rate)
            rows.append({"successes": hits, "trials": trials, "level": level,
                         "interval": [mp.nstr(lower, 20), mp.nstr(upper, 20)]})
path = pathlib.Path(sys.argv[1]) / "clopper_pearson.json"
path.write_text(json.dumps({"mpmath": mp.__version__, "rows": rows}, indent=0) + "\n")
