#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hedged capital confidence sequence (Waudby-Smith and Ramdas 2024) by mpmath with 40 digits, from the definition.

The wealth against each candidate mean of a lattice is a product of its own, without any of the library's shortcuts; the
interval reaches from the last candidate that is too low to the first one that is too high.

Usage: betting_sequence_oracle.py > data/betting_sequence.json (mpmath 1.3.0).
"""
import json
import sys

import mpmath as mp

mp.mp.dps = 40


def stakes(values, level):
    """lambda_t of equation 26, before it is cut to the candidate: from the values before t alone."""
    total, squares, found = mp.mpf(0), mp.mpf(0), []
    for t, value in enumerate(values, 1):
        variance = (mp.mpf(1) / 4 + squares) / t
        found.append(mp.sqrt(2 * mp.log(2 / level) / (variance * t * mp.log(t + 1))))
        total += value
        squares += (value - (mp.mpf(1) / 2 + total) / (t + 1)) ** 2
    return found


def wealth(values, bets, candidate, sign, cut):
    room = candidate if sign > 0 else 1 - candidate
    capital, found = mp.mpf(1), []
    for value, bet in zip(values, bets):
        stake = bet if room == 0 else min(bet, cut / room)
        capital *= 1 + sign * stake * (value - candidate)
        found.append(capital)
    return found


def bounds(values, level, cells, cut, looks):
    values = [mp.mpf(v) for v in values]
    bets = stakes(values, level)
    candidates = [mp.mpf(j) / cells for j in range(cells + 1)]
    above = [wealth(values, bets, m, 1, cut) for m in candidates]
    below = [wealth(values, bets, m, -1, cut) for m in candidates]
    found = []
    for look in looks:
        low = [j for j in range(cells + 1) if above[j][look - 1] / 2 >= 1 / level]
        high = [j for j in range(cells + 1) if below[j][look - 1] / 2 >= 1 / level]
        last_low, first_high = max(low, default=0), min(high, default=cells)
        found.append(None if last_low >= first_high else [last_low / cells, first_high / cells])
    return found


def streams():
    # Doubles written out, so that no generator is shared with the library.
    wave = [(i * 7919 % 1009) / 1009 for i in range(400)]
    yield "even", wave
    yield "skewed", [v ** 4 for v in wave]
    yield "rare ones", [1.0 if i % 37 == 5 else 0.0 for i in range(400)]
    yield "zeros", [0.0] * 400
    yield "ones", [1.0] * 400
    yield "constant", [0.3125] * 400
    yield "moved", [0.0625 * v for v in wave[:200]] + [1.0 - 0.0625 * v for v in wave[200:]]


def main():
    looks = [1, 2, 10, 50, 150, 250, 400]
    cases = []
    for name, values in streams():
        for level, cells, cut in [(0.05, 100, 0.5), (0.001, 64, 0.9), (0.5, 16, 0.0625)]:
            cases.append({"name": name, "values": values if level == 0.05 else None, "level": level, "cells": cells,
                          "largest_bet": cut,
                          "bounds": bounds(values, mp.mpf(level), cells, mp.mpf(cut), looks)})
    print(json.dumps({"mpmath": mp.__version__, "looks": looks, "cases": cases}, indent=None,
                     separators=(",", ":")).replace('{"name"', '\n{"name"'))


sys.exit(main())
