#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""E-process and e-detector in exact fractions, from their definitions alone: for each start s and each bet the product of
its factors from s on, without recursions. The shares of the starts are those of the header; the urn is Wilks' and Polya's;
the sum and the maximum over starts are those of Shin, Ramdas and Rinaldo (2024).

It also enumerates all streams of some length over few cells: the mean of the e-value at any stopping time is exactly 1, and
that of the sum of Shiryaev and Roberts is exactly the time.

Usage: e_process_oracle.py > data/e_process.json (no packages needed).
"""
import bisect
import itertools
import json
import sys
from fractions import Fraction as F

SIZES = [F(s) for s in ("9/10", "-9/10", "3/10", "-3/10", "1/10", "-1/10", "9/10", "-9/10", "3/10", "-3/10")]
GROWTH = 1 + F(1, 512)  # how much more a value counts than the one before it, in what is learned
PRIOR = 32              # values' worth of the urn's own law, in what is learned


class Urn:
    def __init__(self, size, cells):
        edges = min(cells - 1, size)
        self.ranks = [i * (size - 1) // (edges - 1) + 1 for i in range(edges)]
        borders = [0] + self.ranks + [size + 1]
        self.mass = [F(b - a) for a, b in zip(borders, borders[1:])]
        self.level, self.spread = [], []
        for a, b in zip(borders, borders[1:]):
            middle = F(a + b, size + 1) - 1
            self.level.append(F(round(middle * 2 ** 20), 2 ** 20))
            self.spread.append(F(round((3 * middle ** 2 - 1) / 2 * 2 ** 20), 2 ** 20))
        self.seen = []

    def probabilities(self):
        mass = [m + self.seen.count(j) for j, m in enumerate(self.mass)]
        return [m / sum(mass) for m in mass]

    def factors(self):
        """What each of the twelve bets pays, by cell."""
        law = self.probabilities()
        found = []
        for scores, sizes in ((self.level, SIZES[:6]), (self.spread, SIZES[6:])):
            mean = sum(p * s for p, s in zip(law, scores))
            found += [[1 + size * (s - mean) / (1 + abs(mean)) for s in scores] for size in sizes]
        weights = [GROWTH ** (i - len(self.seen)) for i in range(len(self.seen))]
        learned = [sum((w for w, j in zip(weights, self.seen) if j == cell), F(0)) for cell in range(len(law))]
        mixed = [(PRIOR * p + l) / (PRIOR + sum(weights)) for p, l in zip(law, learned)]
        found.append([q / p for q, p in zip(mixed, law)])
        found.append([(q / p + 1) / 2 for q, p in zip(mixed, law)])
        for bet in found:
            assert sum(p * f for p, f in zip(law, bet)) == 1 and min(bet) >= 0
        return found


def share(start):
    """Of the capital, for a change at value `start`, from 1."""
    block = start.bit_length() - 1
    return F(1, (block + 1) * (block + 2) * 2 ** block)


def run(size, cells, stream):
    """After each value: the e-value, the e-detector's sum, its CUSUM."""
    urn = Urn(size, cells)
    paid, found = [], []
    for time, cell in enumerate(stream, 1):
        paid.append([bet[cell] for bet in urn.factors()])
        urn.seen.append(cell)
        products = []  # by start, last first: of each bet
        running = [F(1)] * 12
        for factors in reversed(paid):
            running = [r * f for r, f in zip(running, factors)]
            products.append(running)
        products.reverse()
        waiting = 1 - sum(share(s) for s in range(1, time + 1))
        e_value = waiting + sum(share(s + 1) * sum(bets) / 12 for s, bets in enumerate(products))
        found.append((e_value, sum(sum(bets) for bets in products) / 12,
                      sum(max(bets[k] for bets in products) for k in range(12)) / 12))
    return found


def enumerate_streams(size, cells, length):
    mean, total = F(0), F(0)
    for stream in itertools.product(range(cells), repeat=length):
        urn, probability = Urn(size, cells), F(1)
        for cell in stream:
            probability *= urn.probabilities()[cell]
            urn.seen.append(cell)
        found = run(size, cells, stream)
        # Stopped where the evidence first doubles, or at the end.
        stopped = next((time for time, (e_value, _, _) in enumerate(found) if e_value >= 2), length - 1)
        mean += probability * found[stopped][0]
        total += probability * (found[stopped][1] - (stopped + 1))
    assert mean == 1 and total == 0, (mean, total)


def main():
    enumerate_streams(8, 4, 5)
    cases = []
    for size, cells, count in ((8, 4, 40), (30, 6, 60), (200, 32, 40)):
        # Reference 0, 10, 20 ... in another order; live values between, of which the later ones are higher.
        reference = [10 * (i * 7 % size if size % 7 else i) for i in range(size)]
        live = [((i * 7919) % 1009) / 1009 * 10 * size - 4.5 for i in range(count)]
        live = [x if i < count // 2 else 0.5 * (x + 10 * size) for i, x in enumerate(live)]
        edges = [sorted(reference)[rank - 1] for rank in Urn(size, cells).ranks]
        assert not set(live) & set(reference)
        found = run(size, cells, [bisect.bisect_right(edges, x) for x in live])
        cases.append({"reference": reference, "cells": cells, "live": live,
                      "e_values": [float(e) for e, _, _ in found],
                      "sums": [float(s) for _, s, _ in found], "cusums": [float(c) for _, _, c in found]})
    print(json.dumps({"python": sys.version.split()[0], "cases": cases}))


sys.exit(main())
