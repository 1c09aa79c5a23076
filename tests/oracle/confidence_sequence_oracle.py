#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bounds of the beta-binomial mixture, by mpmath with 60 digits, from the definition.

Usage: confidence_sequence_oracle.py > data/confidence_sequence.json (mpmath 1.3.0).
"""
import json
import sys

import mpmath as mp

mp.mp.dps = 60


def bounds(successes, trials, level, a, b):
    failures = trials - successes

    def excess(p):
        # ln of the mixture's likelihood over that of p, over 1/level.
        mixture = (mp.loggamma(a + successes) + mp.loggamma(b + failures) - mp.loggamma(a + b + trials)
                   - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(a + b))
        return mixture - successes * mp.log(p) - failures * mp.log(1 - p) + mp.log(level)

    rate = mp.mpf(successes) / trials

    def root(outside, inside):
        for _ in range(220):
            middle = (outside + inside) / 2
            if excess(middle) >= 0:
                outside = middle
            else:
                inside = middle
        return outside

    lower = mp.mpf(0) if successes == 0 else root(mp.mpf(0), rate)
    upper = mp.mpf(1) if failures == 0 else root(mp.mpf(1), rate)
    return float(lower), float(upper)


def main():
    cases = []
    for level, a, b in [("0.05", "0.5", "0.5"), ("1e-6", "3", "40"), ("0.5", "0.01", "1000")]:
        for successes, trials in [(0, 1), (1, 1), (0, 50), (3, 50), (50, 50), (17, 1000), (500000, 1000000),
                                  (1, 10**9), (3 * 10**11, 10**12), (10**15, 4 * 10**15)]:
            # The level and the prior that the library is given are doubles.
            exact = [mp.mpf(float(number)) for number in (level, a, b)]
            lower, upper = bounds(successes, trials, *exact)
            cases.append({"level": float(level), "a": float(a), "b": float(b), "successes": successes,
                          "trials": trials, "lower": lower, "upper": upper})
    print(json.dumps({"mpmath": mp.__version__, "proportions": cases}, indent=1))


sys.exit(main())
