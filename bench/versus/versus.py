# SPDX-License-Identifier: Apache-2.0
"""Vedette beside the peers a user would pick, on the same data in one process, with a check that answers agree."""
import argparse
import ctypes
import sys
import warnings

import numpy as np
import pandas as pd
import scipy
import scipy.stats

import vedette_c
from results import RUNS, Results, header, interleaved, verdict
from vedette_c import Library

warnings.simplefilter("ignore")

def compare_counting(library, results, random):
    """(a) one f32 column into the cells of a frozen grid."""
    size, batches, pool = 250_000, 8, 12  # a megabyte each: out of L2, in the last cache
    reference = random.normal(size=20_000).astype(np.float32)
    live = [random.normal(size=size).astype(np.float32) for _ in range(pool)]
    for cells, bar in ((64, 25), (16, 50)):
        baseline = library.baseline([vedette_c.numeric_column(b"x", reference)], cells)
        window = library.window(baseline)
        edges = library.numbers("vdt_baseline_edges", baseline, 0, np.float64).astype(np.float32)
        total = np.zeros(len(edges) + 1, np.int64)

        def ours(i):
            for batch in range(i * batches, (i + 1) * batches):
                library.observe_column(window, 0, vedette_c.numeric_column(b"x", live[batch % pool]))

        def numpy_way(i):
            nonlocal total
            for batch in range(i * batches, (i + 1) * batches):
                cells_of_values = np.searchsorted(edges, live[batch % pool], side="right")
                total += np.bincount(cells_of_values, minlength=len(edges) + 1)

        times = interleaved({"ours": ours, "numpy": numpy_way})
        results.add(f"count batches of 250,000 values into {len(edges) + 1} cells, f32", times["ours"] / (size * batches),
                    "NumPy searchsorted + bincount", times["numpy"] / (size * batches), "ns/value", 1e9, bar)
        counted = library.numbers("vdt_window_counts", window, 0, np.uint64)
        results.check(f"counts in {len(edges) + 1} cells equal NumPy's", np.array_equal(counted, total),
                      f"{int(np.abs(counted.astype(np.int64) - total).sum())} values differ")
        library.destroy("window", window)
        library.destroy("baseline", baseline)


def compare_moments(kernels, results, random):
    """(b) count, NaN, extremes, mean and variance of a column that does not fit into the caches."""
    size = 1 << 25
    clean = random.standard_normal(size, dtype=np.float32)
    holed = clean.copy()
    holed[random.integers(0, size, size // 1000)] = np.nan
    out = np.zeros(9)

    def numpy_way(values):
        return (np.nanmin(values), np.nanmax(values), np.nanmean(values, dtype=np.float64),
                np.nanvar(values, dtype=np.float64), np.isnan(values).sum())

    def ours(values):
        kernels.versus_moments_f32(values.ctypes.data, size, out.ctypes.data)
        return out[5], out[6], out[7], out[8] / out[0], out[1]

    read = interleaved({"read": lambda i: kernels.versus_read(clean.ctypes.data, clean.nbytes)})["read"]
    for name, values in (("no NaN", clean), ("0.1 % NaN", holed)):
        times = interleaved({"ours": lambda i: ours(values), "numpy": lambda i: numpy_way(values),
                             "read": lambda i: kernels.versus_read(values.ctypes.data, values.nbytes)})
        results.add(f"moments of a column out of cache, f32, {name}", times["ours"] / size, "NumPy nan-functions",
                    times["numpy"] / size, "ns/value", 1e9, 20)
        share = min(times["read"], read) / times["ours"]
        bandwidth = values.nbytes / 1e9
        results.note(f"the same as a share of read bandwidth, {name}", f"{bandwidth / times['ours']:.3g} GB/s",
                     "plain read", f"{bandwidth / min(times['read'], read):.3g} GB/s", f"{share:.0%}",
                     f"≥ 80 % {verdict(share >= 0.8)}")
        for what, got, wanted in zip(("min", "max", "mean", "variance", "NaN count"), ours(values), numpy_way(values)):
            results.check(f"{what} equals NumPy's, {name}", np.isclose(got, wanted, rtol=1e-9, atol=1e-12),
                          f"{got} against {wanted}")


def compare_requests(library, kernels, results, random):
    """(c) one request of 100 features: checked and counted."""
    features, count = 100, 4096
    reference = random.normal(size=(20_000, features)).astype(np.float32)
    rows = random.normal(size=(count, features)).astype(np.float32)
    baseline = library.baseline([vedette_c.numeric_column(b"f%d" % f, reference[:, f]) for f in range(features)])
    guard, window = library.guard(baseline), library.window(baseline)
    answer = vedette_c.sized(vedette_c.Verdict)
    check = library.lib.vdt_guard_check_f32
    address = ctypes.addressof(answer)
    edges = [library.numbers("vdt_baseline_edges", baseline, f, np.float64) for f in range(features)]
    width = max(map(len, edges))
    grid = np.array([np.pad(e, (0, width - len(e)), constant_values=np.inf) for e in edges], np.float32)
    low, high = grid[:, 0].copy(), np.array([e[-1] for e in edges], np.float32)
    counters = np.zeros((features, width + 1), np.int64)
    index = np.arange(features)

    def rows_of(i):
        first = (i * 400) % (count - 400)
        return range(first, first + 400)

    def numpy_check(row):
        return bool(np.isfinite(row).all() and (row >= low).all() and (row < high).all())

    def numpy_count(row):
        counters[index, (row[:, None] >= grid).sum(axis=1)] += 1
        return numpy_check(row)

    data, stride = rows.ctypes.data, features * 4
    nanoseconds = np.zeros(400)
    inside = []

    def in_process(i):
        first = rows_of(i).start
        if kernels.versus_check_rows(check, guard, data + first * stride, 400, features, window, address,
                                     nanoseconds.ctypes.data) != 0:
            raise RuntimeError("vdt_guard_check_f32 failed")
        inside.extend(nanoseconds)

    times = interleaved({
        "python": lambda i: [check(guard, data + r * stride, features, window, address, None) for r in rows_of(i)],
        "in process": in_process,
        "numpy check": lambda i: [numpy_check(rows[r]) for r in rows_of(i)],
        "numpy count": lambda i: [numpy_count(rows[r]) for r in rows_of(i)]}, 3 * RUNS)
    per_row = {name: spent / 400 for name, spent in times.items()}
    work = "check and count one row of 100 features"
    p50, p99 = np.percentile(inside, [50, 99])
    results.add(f"{work}, called from C", p50 * 1e-9, "NumPy, checks and counts", per_row["numpy count"], "µs", 1e6)
    results.add(f"{work}, called from C", p50 * 1e-9, "NumPy, checks only", per_row["numpy check"], "µs", 1e6)
    results.add(f"{work}, called from Python (ctypes)", per_row["python"], "NumPy, checks and counts",
                per_row["numpy count"], "µs", 1e6)
    results.note("latency of that call from C", f"p50 {p50:.0f} ns", "", f"p99 {p99:.0f} ns", f"{p99 / p50:.2g}×",
                 f"p50 ≤ 700 ns {verdict(p50 <= 700)}, p99 ≤ 2× {verdict(p99 <= 2 * p50)}")
    # The same rows once more, counted by both.
    fresh = library.window(baseline)
    counters[:] = 0
    for r in range(1000):
        numpy_count(rows[r])
        check(guard, data + r * stride, features, fresh, address, None)
    same = all(np.array_equal(library.numbers("vdt_window_counts", fresh, f, np.uint64),
                              counters[f, :len(edges[f]) + 1]) for f in range(features))
    results.check("counters of 1,000 checked rows equal NumPy's", same)


NUMERIC, CATEGORICAL, FRAME_ROWS = 15, 5, 10_000
CATEGORIES = [f"category {i}" for i in range(8)]


def make_frame(random, shifted):
    """20 features; every second one is shifted when asked for: 0.3 deviations, or weight moved between categories."""
    columns = {}
    for f in range(NUMERIC):
        values = random.normal(size=FRAME_ROWS) if f % 3 else random.lognormal(sigma=0.5, size=FRAME_ROWS)
        columns[f"n{f}"] = values + (0.3 if shifted and f % 2 else 0.0)
    for f in range(CATEGORICAL):
        weights = np.arange(8, 0, -1.0)
        if shifted and f % 2:
            weights = weights[::-1] + 3.0
        codes = random.choice(8, size=FRAME_ROWS, p=weights / weights.sum())
        columns[f"c{f}"] = pd.Categorical.from_codes(codes, CATEGORIES)
    return pd.DataFrame(columns)


def is_shifted(name):
    return int(name[1:]) % 2 == 1


TEXTS = vedette_c.texts_of(CATEGORIES)


def views_of(frame):
    """The columns of a frame for the C library: zero-copy but for the categories' codes."""
    columns = []
    for name in frame.columns:
        if name.startswith("n"):
            columns.append(vedette_c.numeric_column(name.encode(), frame[name].to_numpy()))
        else:
            codes = frame[name].cat.codes.to_numpy().astype(np.int32)
            columns.append(vedette_c.dictionary_column(name.encode(), codes, TEXTS))
    return columns


def scipy_tests(reference, current):
    p_values = {}
    for name in reference.columns:
        if name.startswith("n"):
            p_values[name] = scipy.stats.ks_2samp(reference[name], current[name], method="asymp").pvalue
        else:
            table = [np.bincount(frame[name].cat.codes, minlength=8) for frame in (reference, current)]
            p_values[name] = scipy.stats.chi2_contingency(table, correction=False).pvalue
    return p_values


def evidently_tests(reference, current):
    """Whether each column drifted, by evidently's preset with its defaults."""
    from evidently import Report
    from evidently.presets import DataDriftPreset
    snapshot = Report([DataDriftPreset()]).run(current, reference)
    verdicts = {}
    for metric in snapshot.dict()["metrics"]:
        config = metric.get("config", {})
        if "column" in config:
            method, threshold = config["method"], config["threshold"]
            value = float(metric["value"])
            verdicts[config["column"]] = value < threshold if "p_value" in method else value >= threshold
    return verdicts


def compare_reports(library, results, random):
    """(d) a drift report of a frame of 20 features x 10,000 rows."""
    reference = make_frame(random, False)
    live = [make_frame(random, True) for _ in range(RUNS + 1)]
    peers = {"SciPy ks_2samp (asymptotic) + chi2_contingency": lambda i: scipy_tests(reference, live[i])}
    try:
        import evidently
        peers[f"evidently {evidently.__version__} DataDriftPreset"] = lambda i: evidently_tests(reference, live[i])
    except ImportError as error:
        print(f"evidently is left out: {error}", file=sys.stderr)
    frozen = library.baseline(views_of(reference))

    def report_against(baseline, frame):
        window = library.window(baseline)
        library.observe_table(window, views_of(frame))
        report = library.assess(baseline, window)
        library.destroy("window", window)
        return report

    def with_frozen(i):
        library.destroy("report", report_against(frozen, live[i]))

    def from_scratch(i):
        baseline = library.baseline(views_of(reference))
        library.destroy("report", report_against(baseline, live[i]))
        library.destroy("baseline", baseline)

    times = interleaved({"frozen": with_frozen, "scratch": from_scratch, **peers})
    for name in peers:
        results.add("drift report, 20 features × 10,000 rows, both sides given", times["scratch"], name, times[name],
                    "ms", 1e3)
        results.add("the same against a frozen baseline", times["frozen"], name, times[name], "ms", 1e3)

    check_statistics(library, results, frozen, reference, live[0], report_against(frozen, live[0]))
    check_verdicts(library, results, frozen, reference, live[0], report_against(frozen, live[0]))
    unshifted = make_frame(random, False)
    check_verdicts(library, results, frozen, reference, unshifted, report_against(frozen, unshifted), False)


def check_statistics(library, results, baseline, reference, live, report):
    """Chi-square on the same cells equals SciPy's; KS on the grid lies within one cell of the full one."""
    window = library.window(baseline)
    library.observe_table(window, views_of(live))
    for f, name in enumerate(reference.columns):
        here = library.numbers("vdt_baseline_counts", baseline, f, np.uint64).astype(np.int64)
        there = library.numbers("vdt_window_counts", window, f, np.uint64).astype(np.int64)
        ours = library.statistic(report, f, vedette_c.CHI_SQUARE)
        table = np.array([here, there])
        if name.startswith("n"):  # the cells beyond the reference's range join their neighbours
            table[:, 1] += table[:, 0]
            table[:, -2] += table[:, -1]
            table = table[:, 1:-1]
        else:
            table = table[:, table[0] > 0]
        peer = scipy.stats.chi2_contingency(table, correction=False)
        agrees = (ours.degrees_of_freedom == peer.dof and np.isclose(ours.statistic, peer.statistic, rtol=1e-9) and
                  np.isclose(ours.p_value, peer.pvalue, rtol=1e-9, atol=1e-300))
        results.check(f"chi-square of {name} equals SciPy's on the same cells", agrees,
                      f"{ours.statistic!r} with {ours.degrees_of_freedom} degrees of freedom, p {ours.p_value!r}, "
                      f"against {peer.statistic!r} with {peer.dof}, p {peer.pvalue!r}")
        if name.startswith("n"):
            ours = library.statistic(report, f, vedette_c.KOLMOGOROV_SMIRNOV)
            full = scipy.stats.ks_2samp(reference[name], live[name], method="asymp").statistic
            resolution = max((here / here.sum()).max(), (there / there.sum()).max())
            results.check(f"KS of {name} lies within a cell below SciPy's",
                          full - resolution - 1e-12 <= ours.statistic <= full + 1e-12,
                          f"{ours.statistic} against {full}, resolution {resolution}")
    library.destroy("window", window)


def check_verdicts(library, results, baseline, reference, live, report, shifted=True):
    """Who says that a column drifted? Truth, vedette, SciPy after Benjamini-Hochberg at 1 %, and evidently."""
    names = list(reference.columns)
    truth = {name: shifted and is_shifted(name) for name in names}
    p_values = scipy_tests(reference, live)
    adjusted = dict(zip(names, scipy.stats.false_discovery_control([p_values[name] for name in names])))
    try:
        evidently_says = evidently_tests(reference, live)
    except ImportError:
        evidently_says = {}
    kind = "shifted" if shifted else "unshifted"
    for f, name in enumerate(names):
        ours = vedette_c.DECISIONS[library.feature_report(report, f).decision]
        results.check(f"vedette's verdict on {name} ({kind} frame) is the truth", (ours == "alarm") == truth[name],
                      f"{ours}, truth {truth[name]}")
        results.check(f"vedette's verdict on {name} ({kind} frame) is SciPy's", (ours in ("warn", "alarm")) ==
                      (adjusted[name] <= 0.01), f"{ours}, SciPy adjusted p {adjusted[name]:.3g}")
        if name in evidently_says:
            results.check(f"vedette's verdict on {name} ({kind} frame) is evidently's",
                          (ours == "alarm") == evidently_says[name], f"{ours}, evidently {evidently_says[name]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--kernels", required=True)
    parser.add_argument("--output")
    options = parser.parse_args()
    library = Library(options.library)
    kernels = ctypes.CDLL(options.kernels)
    kernels.versus_moments_f32.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    kernels.versus_read.argtypes, kernels.versus_read.restype = [ctypes.c_void_p, ctypes.c_size_t], ctypes.c_uint64
    kernels.versus_check_rows.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t,
                                          ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    kernels.versus_isa.restype = ctypes.c_char_p
    results = Results()
    random = np.random.default_rng(2026)
    compare_counting(library, results, random)
    compare_moments(kernels, results, random)
    compare_requests(library, kernels, results, random)
    compare_reports(library, results, random)
    text = results.markdown(header(kernels.versus_isa().decode(), RUNS, ("NumPy", np.__version__),
                                   ("SciPy", scipy.__version__), ("pandas", pd.__version__)))
    print(text)
    if options.output:
        with open(options.output, "w") as file:
            file.write(text)
    return 1 if results.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
