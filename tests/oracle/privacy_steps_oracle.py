# SPDX-License-Identifier: Apache-2.0
"""Writes the epsilons of 100,000 steps of subsampled Gaussian noise at a delta of 1e-6 by two other packages, and those
of mixtures and guarantees: `python privacy_steps_oracle.py data`. A row of `steps`: noise multiplier, rate, steps,
dp-accounting's lower (optimistic) and upper end at a step of 5e-3 or 1e-3, prv-accountant's lower end, estimate and
upper end at an error of 0.1. A row of `parts`: events [kind, numbers..., times], the loss interval, delta,
dp-accounting's lower and upper end."""
import importlib.metadata
import json
import pathlib
import sys

from dp_accounting.pld import privacy_loss_distribution as pld
from prv_accountant import PoissonSubsampledGaussianMechanism, PRVAccountant

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
            else:
                options = {k: v for k, v in options.items() if k != "use_connect_dots"}
                one = pld.from_privacy_parameters(pld.common.DifferentialPrivacyParameters(*numbers), **options)
            one = one.self_compose(times)
            total = one if total is None else total.compose(one)
        return float(total.get_epsilon_for_delta(DELTA))
    return both(make, step)


parts = []
for events in ([["mixture", 1.0, [0.0, 1.0, 2.0], [0.2, 0.6, 0.2], 3],
                ["mixture", 2.0, [0.0, 2.0, 3.0], [0.33, 0.34, 0.33], 2]],
               [["mixture", 4.0, [0.0, 1.0, 3.0], [0.7, 0.2, 0.1], 40]],
               [["mixture", 1.0, [1.0], [1.0], 4]],
               [["approximate", 0.5, 1e-9, 10], ["gaussian", 2.0, 0.1, 50]],
               [["approximate", 1.0, 0.0, 3], ["mixture", 3.0, [0.0, 2.0], [0.5, 0.5], 5]]):
    parts.append([events, 1e-3, DELTA, *composed(events, 1e-3)])
steps = []
for sigma, rate in ((1.5, 0.05), (3.0, 0.05), (1.0, 0.001)):
    theirs = composed([["gaussian", sigma, rate, 100_000]], 1e-3)
    prv = PRVAccountant(PoissonSubsampledGaussianMechanism(rate, sigma), max_self_compositions=100_000, eps_error=0.1,
                        delta_error=1e-9)
    steps.append([sigma, rate, 100_000, *theirs, *(float(x) for x in prv.compute_epsilon(DELTA, [100_000]))])
    print(steps[-1], flush=True)
versions = {n: importlib.metadata.version(n) for n in ("dp-accounting", "prv-accountant")}
(pathlib.Path(sys.argv[1]) / "privacy_steps.json").write_text(
    json.dumps({"versions": versions, "parts": parts, "steps": steps}).replace("[[[", "\n[[[") + "\n")
