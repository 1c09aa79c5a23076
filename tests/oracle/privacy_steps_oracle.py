# SPDX-License-Identifier: Apache-2.0
"""Writes the epsilons of 100,000 steps of subsampled Gaussian noise at a delta of 1e-6 by two other packages, and those
of mixtures, guarantees, replaced records and truncated batches: `python privacy_steps_oracle.py data`. A row of `steps`: noise multiplier, rate, steps,
dp-accounting's lower (optimistic) and upper end at a step of 1e-3, prv-accountant's lower end, estimate and
upper end at an error of 0.1, and the value by inversion of the loss's transform, from the definition: delta is 1/(2 pi
i) times the integral of E(e^(z L))^n e^(-z epsilon) / (z (z + 1)) along a vertical line, here through its saddle point; of
a record removed, the worse of both directions here. A row of `parts`: events [kind, numbers..., times], the loss interval, delta,
dp-accounting's lower (null where it has none) and upper end."""
import importlib.metadata
import json
import math
import pathlib
import sys

import numpy as np
from dp_accounting import NeighboringRelation
from dp_accounting.pld import privacy_loss_distribution as pld
from prv_accountant import PoissonSubsampledGaussianMechanism, PRVAccountant
from scipy.optimize import brentq

DELTA = 1e-6


def both(make, step):
    return [make(dict(value_discretization_interval=step, pessimistic_estimate=pessimistic,
                      use_connect_dots=pessimistic)) for pessimistic in (False, True)]


def composed(events, step):
    def make(options):
        total = None
        for kind, *numbers, times in events:
            if kind == "mixture":
                noise, shifts, weights = numbers
                one = pld.from_mixture_gaussian_mechanism(noise, shifts, weights, **options)
            elif kind == "gaussian":
                one = pld.from_gaussian_mechanism(numbers[0], sampling_prob=numbers[1], **options)
            elif kind == "replaced":  # a record by another one
                one = pld.from_gaussian_mechanism(numbers[0], sampling_prob=numbers[1],
                                                  neighboring_relation=NeighboringRelation.REPLACE_ONE, **options)
            elif not options["pessimistic_estimate"]:
                return None  # they have no optimistic one
            elif kind == "truncated":  # records, rate, the largest batch, noise
                one = pld.from_truncated_subsampled_gaussian_mechanism(*numbers, value_discretization_interval=step)
            else:
                one = pld.from_privacy_parameters(pld.common.DifferentialPrivacyParameters(*numbers),
                                                  value_discretization_interval=step)
            one = one.self_compose(times)
            total = one if total is None else total.compose(one)
        return float(total.get_epsilon_for_delta(DELTA))
    return both(make, step)


def inverted(sigma, rate, times, near):
    """The trapezoidal rule, which for such integrands is exact to rounding."""
    x = np.linspace(-14 * sigma, 1 + 14 * sigma, 30001)
    null = np.exp(-x * x / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi)) * (x[1] - x[0])

    def epsilon(removed):
        loss = np.log1p(rate * np.expm1((2 * x - 1) / (2 * sigma**2)))
        mass = null * np.exp(loss) if removed else null
        loss = loss if removed else -loss

        def log_delta(eps):
            def moments(t):
                w = mass * np.exp(t * loss)
                return [float((w * loss**k).sum() / w.sum()) for k in (1, 2)]
            t = brentq(lambda t: times * moments(t)[0] - eps - 1 / t - 1 / (1 + t), 1e-4, 60.0)
            first, second = moments(t)
            u = np.linspace(0, 14 / math.sqrt(times * (second - first**2)), 800)
            z = t + 1j * u
            moment = np.array([np.sum(mass * np.exp(one * loss)) for one in z])
            return math.log(np.trapezoid((np.exp(times * np.log(moment) - z * eps) / (z * (z + 1))).real, u) / math.pi)
        return brentq(lambda eps: log_delta(eps) - math.log(DELTA), 0.8 * near, 1.2 * near, xtol=1e-7)
    return max(epsilon(True), epsilon(False))


parts = []
for events in ([["mixture", 1.0, [0.0, 1.0, 2.0], [0.2, 0.6, 0.2], 3],
                ["mixture", 2.0, [0.0, 2.0, 3.0], [0.33, 0.34, 0.33], 2]],
               [["mixture", 4.0, [0.0, 1.0, 3.0], [0.7, 0.2, 0.1], 40]],
               [["mixture", 1.0, [1.0], [1.0], 4]],
               [["approximate", 0.5, 1e-9, 10], ["gaussian", 2.0, 0.1, 50]],
               [["approximate", 1.0, 0.0, 3], ["mixture", 3.0, [0.0, 2.0], [0.5, 0.5], 5]],
               [["replaced", 1.0, 0.01, 1000]], [["replaced", 1.0, 0.2, 50]], [["replaced", 0.5, 0.1, 20]],
               [["replaced", 2.0, 0.5, 100]], [["replaced", 3.0, 0.01, 1]], [["replaced", 1.0, 1.0, 10]],
               [["replaced", 1.0, 0.05, 30], ["gaussian", 2.0, 0.1, 50]],
               [["truncated", 4, 0.5, 2, 1.0, 3], ["truncated", 3, 0.5, 2, 1.0, 2]],
               [["truncated", 1000, 0.05, 60, 1.0, 100]]):
    parts.append([events, 1e-3, DELTA, *composed(events, 1e-3)])
steps = []
for sigma, rate in ((1.5, 0.05), (3.0, 0.05), (1.0, 0.001)):
    theirs = composed([["gaussian", sigma, rate, 100_000]], 1e-3)
    prv = PRVAccountant(PoissonSubsampledGaussianMechanism(rate, sigma), max_self_compositions=100_000, eps_error=0.1,
                        delta_error=1e-9)
    steps.append([sigma, rate, 100_000, *theirs, *(float(x) for x in prv.compute_epsilon(DELTA, [100_000]))])
    steps[-1].append(inverted(sigma, rate, 100_000, steps[-1][5]))
    print(steps[-1], flush=True)
versions = {n: importlib.metadata.version(n) for n in ("dp-accounting", "prv-accountant", "numpy", "scipy")}
(pathlib.Path(sys.argv[1]) / "privacy_steps.json").write_text(
    json.dumps({"versions": versions, "parts": parts, "steps": steps}).replace("[[[", "\n[[[") + "\n")
