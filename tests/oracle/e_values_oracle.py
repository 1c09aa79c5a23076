#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""E-values by their definitions: calibrators, merging and e-BH, by mpmath with 60 digits and by counting.

Calibrators: Shafer, Shen, Vereshchagin and Vovk (2011), the mixture as the integral over exponents. e-BH: Wang and
Ramdas (2022), the set of the k* largest, k* = max{k: k e_[k] >= m/level}, for each level; no adjusted values.

Usage: e_values_oracle.py > data/e_values.json (mpmath 1.4.1, numpy 2.4.6).
"""
import json
import sys

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def power_calibrator(p, exponent):
    return exponent * p ** (exponent - 1)


def mixture_calibrator(p):
    """The integral itself, piece by piece: the integrand is steep near 0 for a tiny p."""
    return mp.quad(lambda exponent: power_calibrator(p, exponent), mp.linspace(0, 1, 33))


def rejected(e_values, level):
    """Indices that e-BH rejects, by counting for each k."""
    m = len(e_values)
    best = 0
    for k in range(1, m + 1):
        kth = sorted(e_values, reverse=True)[k - 1]
        if mp.mpf(k) * mp.mpf(kth) >= mp.mpf(m) / mp.mpf(level):
            best = k
    if best == 0:
        return []
    kth = sorted(e_values, reverse=True)[best - 1]
    return [i for i, e in enumerate(e_values) if e >= kth]


def main():
    ps = [1e-300, 1e-100, 1e-12, 1e-5, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.9, 0.98, 0.989999, 0.99, 0.990001, 0.9999,
          1 - 1e-9, 1.0]
    powers = [{"p": p, "exponent": x, "e": float(power_calibrator(mp.mpf(p), mp.mpf(x)))}
              for p in ps for x in (0.01, 0.25, 0.5, 0.9)]
    mixtures = [{"p": p, "e": float(mixture_calibrator(mp.mpf(p)))} for p in ps]

    random = np.random.Generator(np.random.PCG64(4))
    merged, tested = [], []
    for size, spread in [(1, 1.0), (2, 300.0), (7, 2.0), (50, 30.0), (400, 3.0)]:
        e_values = [float(e) for e in np.exp(np.clip(spread * random.standard_normal(size), -700, 700))]
        exact = [mp.mpf(e) for e in e_values]
        product = mp.fprod(exact)
        merged.append({"e_values": e_values, "mean": float(mp.fsum(exact) / size),
                       "log_product": float(mp.log(product))})
    for size, signals in [(1, 1), (5, 2), (40, 10), (200, 60), (200, 0)]:
        e_values = np.exp(2.0 * random.standard_normal(size) - 2.0)
        e_values[:signals] *= np.exp(5.0 * random.random(signals))
        e_values = [float(e) for e in np.round(random.permutation(e_values), 2)]  # with ties and zeros
        tested.append({"e_values": e_values, "rejected": [{"level": level, "indices": rejected(e_values, level)}
                                                          for level in (0.01, 0.0487, 0.1, 0.23, 0.5, 0.99)]})
    json.dump({"versions": {"mpmath": mp.__version__, "numpy": np.__version__}, "power": powers, "mixture": mixtures,
               "merged": merged, "e_bh": tested}, sys.stdout, separators=(",", ":"))
    print()


sys.exit(main())
