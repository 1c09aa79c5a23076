#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Confidence sequences by the package confseq of their authors, where its definitions are ours: the stitched curve, the
empirical-Bernstein bounds that it makes, the hedged capital process, and the beta-binomial mixture, whose evidence against
1/2 is that of our prior if both of its numbers are the same.

confseq 0.0.11 names a pybind11 that Python 3.11 no longer compiles. It builds with a newer one:
    python3 -m venv V && V/bin/pip install numpy==1.26.4 scipy pandas matplotlib multiprocess pybind11==2.13.6 \\
        'setuptools<70' wheel 'cmake<4' scikit-build && V/bin/pip install --no-build-isolation confseq==0.0.11
Usage: V/bin/python confseq_oracle.py > data/confseq.json
"""
import importlib.metadata
import json
import math
import sys

import numpy as np
from confseq.betting import betting_cs
from confseq.boundaries import beta_binomial_log_mixture, poly_stitching_bound

LOOKS = [1, 2, 5, 20, 60, 150, 400]


def streams():
    # Written out, so that no generator is shared with the library.
    wave = np.array([(i * 7919 % 1009) / 1009 for i in range(400)])
    yield "even", wave
    yield "skewed", wave ** 4
    yield "rare ones", np.array([1.0 if i % 37 == 5 else 0.0 for i in range(400)])
    yield "rising", np.clip(0.2 + 0.6 * np.arange(400) / 400 + 0.1 * (wave - 0.5), 0, 1)


def curve():
    return [{"level": level, "intrinsic_time": start, "squares": squares,
             "bound": float(poly_stitching_bound(squares, level, start, c=1.0, s=1.4, eta=2.0))}
            for level in (0.4, 0.025, 1e-6) for start in (1.0, 10.0, 500.0)
            for squares in (0.0, 0.3, 1.0, 9.9, 10.1, 123.0, 4567.8, 1e6, 3e9)]


def empirical_bernstein(values, level, start):
    """Theorem 4 of Howard et al. (2021), predicting each value by the mean before it."""
    t = np.arange(1, len(values) + 1)
    predicted = np.concatenate([[0.5], (0.5 + np.cumsum(values)) / (t + 1)])[:-1]
    squares = np.cumsum((values - predicted) ** 2)
    width = np.array([poly_stitching_bound(v, level / 2, start, c=1.0, s=1.4, eta=2.0) for v in squares]) / t
    mean = np.cumsum(values) / t
    return [[float(max(0.0, mean[i - 1] - width[i - 1])), float(min(1.0, mean[i - 1] + width[i - 1]))] for i in LOOKS]


def betting(values, level, cells):
    lower, upper = betting_cs(values, alpha=level, breaks=cells, running_intersection=False)
    return [[float(lower[i - 1]), float(upper[i - 1])] for i in LOOKS]


def mixtures():
    """Levels at which a bound of the mixture under Beta(prior, prior) is 1/2 exactly."""
    found = []
    for v_opt in (4.0, 40.0, 300.0):
        # Where g = h = 1/2 the prior is some Beta(a, a) of its own choice, which its evidence tells.
        for successes, trials in ((0, 12), (30, 100), (412, 1000), (5300, 10_000)):
            s, v = successes - trials / 2, trials / 4
            evidence = float(beta_binomial_log_mixture(s, v, v_opt, 0.5, 0.5, 0.05, False))
            # One success: B(a + 1, a)/B(a, a) is 1/2 for each a; two of two have (a + 1)/(2 (2 a + 1)).
            two = math.exp(float(beta_binomial_log_mixture(1.0, 0.5, v_opt, 0.5, 0.5, 0.05, False))) / 4
            prior = (1 - 2 * two) / (2 * (2 * two - 0.5))
            if evidence > 0.1:
                found.append({"prior": prior, "successes": successes, "trials": trials, "level": math.exp(-evidence)})
    return found


def main():
    sequences = []
    for name, values in streams():
        for level in (0.05, 0.5):
            sequences.append({"name": name, "level": level, "values": values.tolist() if level == 0.05 else None,
                              "empirical_bernstein": empirical_bernstein(values, level, 10.0),
                              "cells": 64, "betting": betting(values, level, 64)})
    print(json.dumps({"confseq": importlib.metadata.version("confseq"), "numpy": np.__version__, "looks": LOOKS,
                      "curve": curve(), "sequences": sequences, "mixtures": mixtures()}))


sys.exit(main())
