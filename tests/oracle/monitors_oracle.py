# SPDX-License-Identifier: Apache-2.0
"""Writes what river, MOA and plain transcriptions of the papers say of the monitors' streams:
`python monitors_oracle.py data moa.jar` (river 0.26.1, SciPy; the jar of MOA that CapyMOA 0.15.1 carries, and Java 17)."""
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import river
import scipy
from river import drift
from river._river_rust.drift import AdaptiveWindowing
from river.drift import kswin as river_kswin
from scipy import stats

from monitor_streams import SplitMix, stream

folder = pathlib.Path(sys.argv[1])
jar = sys.argv[2]
here = pathlib.Path(__file__).parent


def short(value):
    return float(f"{value:.13g}")


def summary(flags, warnings, estimates):
    """Positions of changes, ranges of warnings, estimates at thirteen places, and a mean over all of them."""
    ranges = []
    for i, warned in enumerate(warnings):
        if warned and not flags[i]:
            if ranges and ranges[-1][1] == i:
                ranges[-1][1] = i + 1
            else:
                ranges.append([i, i + 1])
    out = {"changes": [i for i, flag in enumerate(flags) if flag], "warnings": ranges}
    if estimates is not None:
        n = len(estimates)
        out["estimates"] = [short(estimates[k * (n - 1) // 12]) for k in range(13)]
        out["estimate_mean"] = short(math.fsum(estimates) / n)
    return out


# --- river -----------------------------------------------------------------------------------------------------------

def river_trace(detector, values, estimate):
    flags, warnings, estimates = [], [], []
    for value in values:
        detector.update(value)
        flags.append(bool(detector.drift_detected))
        warnings.append(bool(getattr(detector, "warning_detected", False)))
        if estimate:
            estimates.append(float(estimate(detector)))
    return summary(flags, warnings, estimates if estimate else None)


def river_window(values, delta, clock, max_buckets, min_window_length, grace_period):
    """The windowing itself, without the class around it that empties the window after a change."""
    window = AdaptiveWindowing(delta, clock, max_buckets, min_window_length, grace_period)
    flags, estimates = [], []
    for value in values:
        flags.append(bool(window.update(value)))
        estimates.append(window.get_total() / window.get_width())
    return summary(flags, [False] * len(flags), estimates)


class Draws:
    """Stands in for Python's generator: samples that the test can draw too."""

    random = SplitMix(77)

    def __init__(self, seed=None):
        pass

    def sample(self, population, count):
        pool = list(population)
        for i in range(count):
            j = i + Draws.random.word() % (len(pool) - i)
            pool[i], pool[j] = pool[j], pool[i]
        return pool[:count]


def river_kswin_trace(values, **options):
    Draws.random = SplitMix(77)
    river_kswin.random.Random = Draws
    return river_trace(drift.KSWIN(**options), values, None)


def river_cases():
    binary = drift.binary
    adwin = {"delta": 0.002, "clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10}
    for name in ("levels:20000", "spreads:20000", "errors:20000", "flights"):
        for change in ({}, {"clock": 1, "delta": 0.05}, {"max_buckets": 2, "min_window_length": 1, "grace_period": 0}):
            if change.get("clock") == 1 and name == "flights":
                change = {"clock": 7}
            options = {**adwin, **change}
            yield "adwin", "river", {**options, "restart_after_change": True}, name, \
                lambda v, o=options: river_trace(drift.ADWIN(**o), v, lambda d: d.estimation)
            yield "adwin", "river", {**options, "restart_after_change": False}, name, \
                lambda v, o=options: river_window(v, **o)
    for name in ("levels:20000", "spreads:20000", "flights", "late_flights"):
        scale = 50.0 if name == "flights" else 1.0
        for options in ({"mode": "both", "threshold": 50.0 * scale},
                        {"mode": "up", "threshold": 20.0 * scale, "delta": 0.25, "alpha": 0.999},
                        {"mode": "down", "threshold": 8.0 * scale, "delta": 0.0, "min_instances": 5, "alpha": 1.0}):
            yield "page_hinkley", "river", options, name, \
                lambda v, o=options: river_trace(drift.PageHinkley(**o), v, lambda d: d._x_mean.get())
    for name in ("errors:20000", "rare_errors:20000", "late_flights"):
        for options in ({}, {"warm_start": 100, "warning_threshold": 1.5, "drift_threshold": 2.5}):
            yield "ddm", "river", options, name, \
                lambda v, o=options: river_trace(binary.DDM(**o), v, lambda d: d._p.get())
        for options in ({}, {"warm_start": 50, "alpha": 0.9, "beta": 0.75}):
            yield "eddm", "river", options, name, \
                lambda v, o=options: river_trace(binary.EDDM(**o), v, lambda d: d._error_distances.mean.get())
    for name in ("errors:20000", "rare_errors:20000", "shares:20000", "late_flights"):
        for options in ({}, {"two_sided_test": True, "drift_confidence": 0.01, "warning_confidence": 0.1}):
            yield "hddm_a", "river", options, name, \
                lambda v, o=options: river_trace(binary.HDDMA(**o), v, lambda d: d._z.get())
        for options in ({}, {"two_sided_test": True, "drift_confidence": 0.01, "warning_confidence": 0.1,
                             "lambda_val": 0.02}):
            yield "hddm_w", "river", options, name, \
                lambda v, o=options: river_trace(binary.HDDMW(**o), v, lambda d: d._total.ewma)
    for name in ("levels:4000", "spreads:4000", "flights"):
        for options in ({}, {"alpha": 0.05, "window_size": 60, "stat_size": 20}):
            yield "kswin", "river", options, name, lambda v, o=options: river_kswin_trace(v, **o)


# --- MOA -------------------------------------------------------------------------------------------------------------

def moa_trace(detector, values, with_estimates):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "values"
        path.write_text("".join(f"{value!r}\n" for value in values))
        out = subprocess.run(["java", "-cp", jar, str(here / "MonitorTraces.java"), detector, str(path)], check=True,
                             capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    assert len(rows) == len(values)
    estimates = [float(row[2]) for row in rows] if with_estimates else None
    return summary([row[0] == "1" for row in rows], [row[1] == "1" for row in rows], estimates)


def moa_cases():
    for name in ("levels:20000", "spreads:20000", "errors:20000", "flights"):
        yield "adwin", "moa", {}, name, lambda v: moa_trace("adwin", v, True)
        yield "page_hinkley", "moa", {}, name, lambda v: moa_trace("page_hinkley", v, True)
    for name in ("errors:20000", "rare_errors:20000", "late_flights"):
        for detector in ("ddm", "eddm", "stepd", "hddm_w", "hddm_a"):
            # The others' estimates are forgotten with a change, or are not made.
            yield detector, "moa", {}, name, lambda v, d=detector: moa_trace(d, v, d in ("ddm", "eddm"))


# --- the papers, by plain transcription: lists, no running sums --------------------------------------------------------

def segments(values, judge):
    """Calls judge(values since the last change) for each value; (change, warning, estimate)."""
    flags, warnings, estimates, since = [], [], [], []
    memory = {}
    for value in values:
        since.append(value)
        state, estimate = judge(since, memory)
        flags.append(state == 2)
        warnings.append(state == 1)
        estimates.append(estimate)
        if state == 2:
            since, memory = [], {}
    return summary(flags, warnings, estimates)


def gama(since, memory, warm=30, warning=2.0, drift_level=3.0):
    memory["errors"] = memory.get("errors", 0) + int(since[-1])
    n = len(since)
    p = memory["errors"] / n
    s = math.sqrt(p * (1 - p) / n)
    if n < warm:
        return 0, p
    if 0 < p < 1 and p + s <= memory.get("least", (math.inf, 0.0))[0] + memory.get("least", (0.0, 0.0))[1]:
        memory["least"] = (p, s)
    if "least" not in memory:
        return 0, p
    low, spread = memory["least"]
    return (2 if p + s >= low + drift_level * spread else 1 if p + s >= low + warning * spread else 0), p


def baena_garcia(since, memory, warm=30):
    state = memory.get("state", 0)
    if since[-1] == 1.0:
        places = memory.setdefault("places", [])
        places.append(len(since))
        distances = [b - a for a, b in zip(places, places[1:])]
        mean = statistics.fmean(distances) if distances else 0.0
        memory["mean"] = mean
        state = 0
        if len(places) >= warm:
            reach = mean + 2.0 * statistics.pstdev(distances)
            if reach > memory.get("most", 0.0):
                memory["most"] = reach
            else:
                ratio = reach / memory["most"]
                state = 2 if ratio < 0.9 else 1 if ratio < 0.95 else 0
        memory["state"] = state
    return state, memory.get("mean", 0.0)


def nishida(since, memory, window=30, drift_level=0.003, warning=0.05):
    n = len(since)
    recent = sum(since[-window:]) / min(n, window)
    if n < 2 * window:
        return 0, recent
    memory["older"] = memory.get("older", sum(since[:n - window - 1])) + since[n - window - 1]
    older_count = n - window
    p = (memory["older"] + sum(since[-window:])) / n
    if p in (0.0, 1.0):
        return 0, recent
    inverse = 1.0 / older_count + 1.0 / window
    z = max(0.0, abs(memory["older"] / older_count - recent) - inverse / 2.0) / math.sqrt(p * (1.0 - p) * inverse)
    tail = 2.0 * stats.norm.sf(z)
    return (2 if tail < drift_level else 1 if tail < warning else 0), recent


def weighted_mean(values, weight):
    """Weights and their squares by definition: the first value has what is left."""
    n = len(values)
    weights = [weight * (1.0 - weight) ** (n - 1 - i) for i in range(n)]
    weights[0] = (1.0 - weight) ** (n - 1)
    return math.fsum(w * v for w, v in zip(weights, values)), math.fsum(w * w for w in weights)


def frias_blanco(since, memory, weight=0.05, drift_level=0.001, warning=0.005):
    """The W-test for rises and falls."""
    mean, squares = weighted_mean(since[-800:], weight)  # what is older weighs less than 2^-53
    bound = math.sqrt(squares * math.log(1.0 / drift_level) / 2.0)
    state = 0
    for sign in (1.0, -1.0):
        low = memory.get(sign)
        if low is None or sign * mean + bound < low[0]:
            memory[sign] = (sign * mean + bound, mean, squares, len(since))
            continue
        later = since[low[3]:]
        later_mean, later_squares = weighted_mean(later[-800:], weight)
        for level, kind in ((drift_level, 2), (warning, 1)):
            if sign * (later_mean - low[1]) > math.sqrt((low[2] + later_squares) * math.log(1.0 / level) / 2.0):
                state = max(state, kind)
    return state, mean


def raab(values, level, window, recent):
    draws = Draws()
    Draws.random = SplitMix(77)
    kept, flags, distances = [], [], []
    for value in values:
        kept = (kept + [value])[-window:]
        change = False
        if len(kept) == window:
            newest = kept[window - recent:]
            drawn = [kept[i] for i in draws.sample(range(window - recent), recent)]
            distance = max(abs(sum(a <= x for a in newest) - sum(a <= x for a in drawn)) for x in kept)
            distances.append(distance)
            change = distance / recent > math.sqrt(-math.log(level) / recent)
            if change:
                kept = newest
        flags.append(change)
    return {**summary(flags, [False] * len(flags), None), "height_sum": sum(distances), "looks": len(distances)}


def chart(values, mean, sd, weight, width, warning, varying):
    """The EWMA chart from the weights of each value."""
    flags, warnings, estimates, since = [], [], [], []
    for value in values:
        since.append(value - mean)
        t = len(since)
        last = since[-1200:]
        z = math.fsum(weight * (1.0 - weight) ** i * d for i, d in enumerate(reversed(last)))
        squares = math.fsum((weight * (1.0 - weight) ** i) ** 2 for i in range(min(t, 1200) if varying else 1200))
        unit = sd * math.sqrt(squares)
        flags.append(abs(z) > width * unit)
        warnings.append(abs(z) > warning * unit)
        estimates.append(mean + z)
        if flags[-1]:
            since = []
    return summary(flags, warnings, estimates)


def cusum(values, mean, sd, slack, threshold):
    """Both sums as the largest sum of a run that ends now."""
    flags, estimates, since = [], [], []
    for value in values:
        since.append((value - mean) / sd)
        best, total = [0.0, 0.0], [0.0, 0.0]
        for z in reversed(since[-400:]):
            for side, sign in enumerate((1.0, -1.0)):
                total[side] += sign * z - slack
                best[side] = max(best[side], total[side])
        flags.append(max(best) > threshold)
        estimates.append(best[0] - best[1])
        if flags[-1]:
            since = []
    return summary(flags, [False] * len(flags), estimates)


def paper_cases():
    for name in ("errors:20000", "rare_errors:20000", "late_flights"):
        yield "ddm", "gama", {}, name, lambda v: segments(v, gama)
        yield "eddm", "baena_garcia", {}, name, lambda v: segments(v, baena_garcia)
        yield "stepd", "nishida", {}, name, lambda v: segments(v, nishida)
    for name in ("errors:4000", "rare_errors:4000", "shares:4000", "late_flights"):
        yield "hddm_w", "frias_blanco", {"two_sided_test": True}, name, lambda v: segments(v, frias_blanco)
    for name in ("levels:4000", "spreads:4000", "flights"):
        for options in ({"alpha": 0.005, "window_size": 100, "stat_size": 30},
                        {"alpha": 0.01, "window_size": 50, "stat_size": 25}):
            yield "kswin", "raab", options, name, \
                lambda v, o=options: raab(v, o["alpha"], o["window_size"], o["stat_size"])
    for name, mean, sd in (("levels:4000", 0.25, 1.5), ("shares:4000", 0.375, 0.3125), ("flights", 6.8137, 41.2719)):
        for varying in (True, False):
            options = {"mean": mean, "sd": sd, "weight": 0.1, "width": 3.0, "warning_width": 2.5,
                       "time_varying_limits": varying}
            yield "ewma_chart", "roberts", options, name, lambda v, o=options: chart(v, *o.values())
        options = {"mean": mean, "sd": sd, "slack": 0.5, "threshold": 5.0}
        yield "cusum", "page", options, name, lambda v, o=options: cusum(v, *o.values())


# --- run lengths, by the Markov chain of Brook and Evans (1972) ----------------------------------------------------------

def chain_run_length(matrix, start):
    n = len(matrix)
    return float(np.linalg.solve(np.eye(n) - matrix, np.ones(n))[start])


def cusum_run_length(slack, threshold, shift, states):
    """One-sided; states: 0, then cells of equal width."""
    width = 2.0 * threshold / (2 * states - 1)
    place = np.arange(states) * width
    upper = (place[None, :] + width / 2.0) - place[:, None] + slack - shift
    cdf = stats.norm.cdf(upper)
    matrix = np.diff(np.concatenate([np.zeros((states, 1)), cdf], axis=1), axis=1)
    return chain_run_length(matrix, 0)


def ewma_run_length(weight, width, shift, states):
    """Two-sided, limits of the variance's limit; unit: the standard deviation of a value."""
    limit = width * math.sqrt(weight / (2.0 - weight))
    cell = 2.0 * limit / states
    place = -limit + (np.arange(states) + 0.5) * cell
    edges = -limit + np.arange(states + 1) * cell
    cdf = stats.norm.cdf((edges[None, :] - (1.0 - weight) * place[:, None]) / weight - shift)
    return chain_run_length(np.diff(cdf, axis=1), states // 2)


def extrapolated(run_length, *arguments):
    """The error of the chain falls as the square of the cells' width."""
    coarse, fine = run_length(*arguments, 401), run_length(*arguments, 801)
    return fine + (fine - coarse) / 3.0


def run_lengths():
    rows = []
    for slack, threshold in ((0.5, 4.0), (0.5, 5.0), (0.25, 8.0), (1.0, 3.0), (0.5, 3.0), (0.125, 12.0)):
        for shift in (0.0, 0.25, 0.5, 1.0, 2.0, 3.0):
            up = extrapolated(cusum_run_length, slack, threshold, shift)
            down = extrapolated(cusum_run_length, slack, threshold, -shift)
            rows.append({"chart": "cusum", "slack": slack, "threshold": threshold, "shift": shift, "up": up,
                         "both": 1.0 / (1.0 / up + 1.0 / down)})
    for weight, width in ((0.05, 2.615), (0.1, 2.814), (0.2, 2.962), (0.25, 2.998), (0.4, 3.054)):
        for shift in (0.0, 0.5, 1.0, 2.0):
            rows.append({"chart": "ewma", "weight": weight, "width": width, "shift": shift,
                         "both": extrapolated(ewma_run_length, weight, width, shift)})
    return rows


# --- the sliding Kolmogorov-Smirnov distance -----------------------------------------------------------------------------

def sliding():
    rows = []
    for name, reference_count, window in (("levels:3000", 500, 200), ("spreads:3000", 333, 250), ("flights", 1024, 1000)):
        values = stream(name)
        # From all of the stream, so that D stays below 1 throughout.
        reference, live = values[:: len(values) // reference_count][:reference_count], values
        looks = []
        for i in range(window, len(live) + 1, max(1, len(live) // 40)):
            result = stats.ks_2samp(reference, live[i - window:i], method="asymp")
            looks.append([i, float(result.statistic), float(result.pvalue)])
        rows.append({"stream": name, "reference": reference_count, "window": window, "looks": looks})
    return rows


def equal_size_tails():
    """Exact p of D = height/n for two samples of n, without ties."""
    rows = []
    for n in (1, 2, 5, 20, 30, 200):
        for height in sorted({1, 2, n // 3, n // 2, n} - {0}):
            if height > n:
                continue
            a = np.arange(n, dtype=float)
            b = a + height - 0.5  # D is height/n
            result = stats.ks_2samp(a, b, method="exact")
            assert round(result.statistic * n) == height
            rows.append([n, height, float(result.pvalue)])
    return rows


def main():
    cases = []
    for source in (river_cases, moa_cases, paper_cases):
        for monitor, rule, options, name, run in source():
            cases.append({"monitor": monitor, "rule": rule, "options": options, "stream": name, **run(stream(name))})
            print(monitor, rule, name, options, len(cases[-1]["changes"]), file=sys.stderr)
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]
    content = {"versions": {"river": river.__version__, "scipy": scipy.__version__, "numpy": np.__version__,
                            "python": platform.python_version(), "moa": "the jar of CapyMOA 0.15.1", "java": java},
               "cases": cases, "run_lengths": run_lengths(), "sliding": sliding(), "tails": equal_size_tails()}
    lines = json.dumps(content, separators=(",", ":")).replace('{"monitor"', '\n{"monitor"')
    (folder / "monitors.json").write_text(lines + "\n")


if __name__ == "__main__":
    main()
