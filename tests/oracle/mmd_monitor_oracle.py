# SPDX-License-Identifier: Apache-2.0
"""Writes what the windowed random-feature MMD does under the null, by an independent simulation in NumPy: statistics of
a stream, the range in which simulated thresholds must lie, and run lengths: `python mmd_monitor_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np

from random_features import frequencies

generator = np.random.default_rng(20261128)

# Of the library: its simulation, and over how many resampled means of the reference it goes.
N, D, R, WINDOW, FIRST, RUN, SEED, SIMULATIONS, MEANS = 150, 2, 8, 12, 3, 40.0, 11, 100_000, 512
# Of this one: streams to each resampled mean.
OWN_MEANS, PER_MEAN = 4000, 200
ERRORS = 5.0  # standard errors; there are eleven thresholds and three means

reference = np.round(generator.normal(size=(N, D)) * [2.0, 0.5] + [10.0, -1.0], 3)
mean, deviation = reference.mean(0), reference.std(0, ddof=1)
z = (reference - mean) / deviation
distances = np.sqrt(((z[:, None] - z[None]) ** 2).sum(-1)[np.triu_indices(N, 1)])
bandwidth = np.sort(distances)[len(distances) // 2]
w = frequencies(SEED, R, D)


def features(rows):
    t = (rows - mean) / deviation / bandwidth @ w.T
    return np.concatenate([np.cos(t), np.sin(t)], -1) / np.sqrt(R)


f = features(reference)
center = f.mean(0)


def statistics(streams, centers):
    """At every row of each stream (streams x rows x 2R): n m/(n + m) |mean of the window - center|^2."""
    sums = np.cumsum(streams, 1)
    sums[:, WINDOW:] -= sums[:, :-WINDOW].copy()
    m = np.minimum(np.arange(1, streams.shape[1] + 1), WINDOW)
    apart = sums / m[:, None] - centers[:, None]
    return N * m / (N + m) * (apart**2).sum(-1)


# A growing window is a stage for each row from the first look on; all rows of a full one that slides are the last.
STAGES = WINDOW - FIRST + 2
alarms = np.full(STAGES, 1 / RUN)
alarms[-1] = 1 - (1 - 1 / RUN) ** WINDOW

largest = np.empty((OWN_MEANS, PER_MEAN, STAGES))
for i in range(OWN_MEANS):
    resampled = f[generator.integers(N, size=N)].mean(0)
    path = statistics(f[generator.integers(N, size=(PER_MEAN, 2 * WINDOW))], resampled[None])
    largest[i, :, :-1] = path[:, FIRST - 1:WINDOW]
    largest[i, :, -1] = path[:, WINDOW:].max(1)

running = np.ones((OWN_MEANS, PER_MEAN), bool)
thresholds, lower, upper = [], [], []
for stage in range(STAGES):
    values, p = largest[:, :, stage], alarms[stage]
    threshold = np.quantile(values[running], 1 - p)
    beyond = (values > threshold) & running
    # The rate differs from one resampled mean to another: what means differ by, freed of what their streams do.
    rates = beyond.sum(1) / running.sum(1)
    between = max(0.0, rates.var(ddof=1) - np.mean(p * (1 - p) / running.sum(1)))
    survivors = SIMULATIONS * running.mean()
    variance = p * (1 - p) * (1 / survivors + 1 / running.sum()) + between * (1 / MEANS + 1 / OWN_MEANS)
    margin = ERRORS * np.sqrt(variance)
    thresholds.append(threshold)
    lower.append(np.quantile(values[running], 1 - p - margin))
    upper.append(np.quantile(values[running], 1 - p + margin))
    running &= ~beyond

# Run lengths of streams drawn from the reference, against its own mean, from the first look on.
COUNT, LONGEST = 40_000, 4000


def run_lengths(limits):
    lengths = np.zeros(COUNT)
    sums = np.zeros((COUNT, 2 * R))
    ring = np.zeros((COUNT, WINDOW), int)
    alive = np.arange(COUNT)
    draws = np.random.default_rng(5)  # the same for all limits
    for row in range(1, LONGEST):
        drawn = draws.integers(N, size=COUNT)[alive]
        place = (row - 1) % WINDOW
        sums[alive] += f[drawn] - (f[ring[alive, place]] if row > WINDOW else 0.0)
        ring[alive, place] = drawn
        m = min(row, WINDOW)
        if row < FIRST:
            continue
        value = N * m / (N + m) * ((sums[alive] / m - center) ** 2).sum(1)
        stage = min(row - FIRST, STAGES - 1)
        told = value > limits[stage]
        lengths[alive[told]] = row - FIRST + 1
        alive = alive[~told]
        if len(alive) == 0:
            return lengths
    raise RuntimeError("a run without an end")


lengths = run_lengths(thresholds)
ends = [float(np.mean(run_lengths(limits))) for limits in (lower, upper)]
live = np.round(generator.normal(size=(40, D)) * [2.0, 0.5] + [10.0, -1.0], 3)
path = statistics(features(live)[None], center[None])[0]
content = {"versions": {"numpy": np.__version__},
           "options": {"features": R, "window": WINDOW, "first_look": FIRST, "expected_run": RUN, "seed": SEED,
                       "simulations": SIMULATIONS},
           "reference": reference.ravel().tolist(), "live": live.ravel().tolist(), "bandwidth": bandwidth,
           "statistics": path.tolist(), "thresholds": thresholds, "lower": lower, "upper": upper,
           "run_length": {"mean": lengths.mean(), "sd": lengths.std(ddof=1), "count": COUNT,
                          "at_lower": ends[0], "at_upper": ends[1],
                          "within_a_window": float(np.mean(lengths <= WINDOW))}}
(pathlib.Path(sys.argv[1]) / "mmd_monitor.json").write_text(json.dumps(content) + "\n")
