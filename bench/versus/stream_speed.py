# SPDX-License-Identifier: Apache-2.0
"""What a monitor of a stream costs, line by line, beside its bar and its peer: python stream_speed.py --benches BUILD/bench
[--rounds N] [--readme FILE]. One process at a time, one thread, CPU time. Ours and peers take turns, so that what else the
machine does meets all of them; of each line the least of all rounds."""
import argparse
import collections
import importlib.metadata
import json
import math
import os
import pathlib
import platform
import re
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
from river import drift
from scipy import stats

RIVER_VALUES = 20_000


# ---- ours: nanoseconds per value (of a bank: per feature and row) by name of the benchmark and instruction set ----

def bench(folder, program, pattern, isa):
    command = [folder / program, f"--benchmark_filter=^({pattern})$", "--benchmark_min_time=0.03", "--benchmark_format=json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "VEDETTE_ISA": isa})
    for run in json.loads(done.stdout)["benchmarks"]:
        yield run["name"], 1e9 / run["items_per_second"]


MONITORS = ["adwin_clock/steady/32", "adwin_clock/storm/32", "run/page_hinkley_steady", "run/cusum_steady", "run/ewma_chart_steady",
            "run/ddm", "run/eddm", "run/hddm_a", "run/hddm_w", "run/stepd", "run/kswin_steady", "run/e_process_steady",
            "run/e_process_storm", "run/e_detector_steady", "run/incremental_ks_steady", "run/incremental_ks_storm"]
BANKS = ["bank/adwin_steady/1", "bank/adwin_steady/16", "bank/adwin_storm/1", "bank/page_hinkley_steady/1",
         "bank/page_hinkley_steady/16", "bank/cusum_steady/1", "bank/cusum_steady/16", "bank/ewma_chart_steady/1",
         "bank/ewma_chart_steady/16", "bank/ddm/1", "bank/ddm/16", "bank/hddm_a/1", "bank/hddm_a/16"]
PERFORMANCE = ["observe/even", "observe_classes/3", "observe_classes/10", "observe_batch/1", "observe_batch/3", "observe_batch/10"]


def ours(folder, isa, best):
    for program, names in (("bench_monitors", (MONITORS if isa == ISAS[0] else ["run/incremental_ks_steady"]) + BANKS),
                           ("bench_performance", PERFORMANCE if isa == ISAS[0] else [])):
        if names:
            for name, ns in bench(folder, program, "|".join(names), isa):
                best[name, isa] = min(best[name, isa], ns)
    if isa == ISAS[0]:
        text = subprocess.run([folder / "bench_mmd_monitor"], check=True, capture_output=True, text=True).stdout
        for line in text.splitlines()[1:]:
            name, ns = re.match(r"(.*?)\s+(\d+) ns/row", line).groups()
            best["mmd: " + name, isa] = min(best["mmd: " + name, isa], float(ns))


# ---- peers, nanoseconds per value ----

def spent(work):
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1e9


def per_value(make, values):
    """A loop in Python as users write it, less the same loop that calls nothing."""
    update = make().update

    def loop():
        for x in values:
            update(x)

    def empty():
        for _ in values:
            pass
    return (spent(loop) - spent(empty)) / len(values)


def window_alone(values):
    """The compiled window of river's ADWIN, called from C: no line of Python runs between two values."""
    update = drift.ADWIN()._helper.update
    return spent(lambda: collections.deque(map(update, values), maxlen=0)) / len(values)


def peers(best):
    random = np.random.default_rng(1)
    values = random.normal(size=RIVER_VALUES).tolist()
    errors = (random.random(RIVER_VALUES) < 0.125).tolist()
    for name, make, stream in (("ADWIN", drift.ADWIN, values), ("PageHinkley", drift.PageHinkley, values),
                               ("DDM", drift.binary.DDM, errors), ("EDDM", drift.binary.EDDM, errors),
                               ("HDDM_A", drift.binary.HDDMA, errors), ("HDDM_W", drift.binary.HDDMW, errors),
                               ("KSWIN", drift.KSWIN, values[:600])):
        best["river " + name] = min(best["river " + name], per_value(make, stream))
    best["river ADWIN's window"] = min(best["river ADWIN's window"], window_alone(values))
    reference, window = random.normal(size=1024), random.normal(size=1000)
    best["SciPy"] = min(best["SciPy"], spent(lambda: [stats.ks_2samp(reference, window, method="asymp")
                                                      for _ in range(20)]) / 20)
    rows = random.normal(size=(1024, 512)).astype(np.float32)
    frequencies = random.normal(size=(256, 512)).astype(np.float32).T.copy()
    for _ in range(5):
        best["NumPy"] = min(best["NumPy"], spent(lambda: rows @ frequencies) / len(rows))


# ---- the table ----

class Table:
    def __init__(self, best, peer):
        self.best, self.peer, self.lines = best, peer, []

    def line(self, work, name, limit=None, beside=None, least=None, isa=None):
        """`limit` in nanoseconds; `least` times faster than `beside`, or a limit alone."""
        mine = self.best[name, isa or ISAS[0]]
        bar, holds = [], True
        if limit is not None:
            bar.append(f"≤ {limit:g} ns")
            holds = mine <= limit
        peer, ratio = "", ""
        if beside is not None:
            peer, ratio = f"{beside} {number(self.peer[beside])}", f"{self.peer[beside] / mine:,.1f}×"
            if least is not None:
                bar.append(f"≥ {least:g}×")
                holds = holds and self.peer[beside] >= least * mine
        self.add(work, ", ".join(bar), number(mine), peer, ratio, holds)

    def share(self, work, limit, mine, whole, shown):
        self.add(work, f"≤ {limit:g}×" if limit else "", number(mine), f"{shown} {number(whole)}",
                 f"{mine / whole:.2f}×",
                 limit is None or mine <= limit * whole)

    def add(self, work, bar, mine, peer, ratio, holds):
        verdict = "" if not bar else "MET" if holds else "MISSED"
        self.lines.append(f"| {work} | {bar} | {mine} | {peer} | {ratio} | {verdict} |")


def number(ns):
    return f"{ns:,.2f} ns" if ns < 10 else f"{ns:,.1f} ns" if ns < 1000 else f"{ns / 1000:,.1f} µs"


def table(best, peer):
    t = Table(best, peer)
    first, second = ISAS[0], ISAS[-1]
    t.line("ADWIN, clock 32, one stream", "adwin_clock/steady/32", 30, "river ADWIN", 5)
    t.line("the same, beside river's window called from C", "adwin_clock/steady/32", None, "river ADWIN's window")
    for isa in ISAS:
        for chunk, rows in ((1, "a row at a time"), (16, "16 rows at a time")):
            t.line(f"ADWIN bank of 1,000, {isa}, {rows}", f"bank/adwin_steady/{chunk}", 5, "river ADWIN", 30, isa)
    t.line(f"ADWIN bank of 1,000, {first}, a row at a time, beside river's window called from C", "bank/adwin_steady/1", None,
           "river ADWIN's window")
    single = best["adwin_clock/steady/32", first]
    t.share("cut storm, one stream", 4, best["adwin_clock/storm/32", first], single, "no cuts, one stream")
    t.share("cut storm, bank, all features at once", 4, best["bank/adwin_storm/1", first], single, "no cuts, one stream")
    for isa in ISAS:
        for name, words in (("page_hinkley", "Page-Hinkley, both sides"), ("cusum", "CUSUM, both sides")):
            for chunk, rows in ((16, "16 rows at a time"), (1, "a row at a time")):
                t.line(f"{words}, bank of 1,000, {isa}, {rows}", f"bank/{name}_steady/{chunk}", 0.35, isa=isa)
    for isa in ISAS:
        t.line(f"sliding exact KS, reference 1,024, window 1,000, {isa}", "run/incremental_ks_steady", 50, "SciPy", isa=isa)
    t.line("the same, a new level every 64 values", "run/incremental_ks_storm")
    t.line("e-process", "run/e_process_steady", 20)
    t.line("e-process, a new level every 64 values: alarm after alarm", "run/e_process_storm")
    t.line("e-detector", "run/e_detector_steady", 20)
    t.line("CBPE, a row of a binary model", "observe/even", 15)
    t.line("CBPE, rows of a binary model at once", "observe_batch/1", 15)
    t.line("CBPE, three classes", "observe_classes/3", 15)
    t.line("CBPE, three classes, rows at once", "observe_batch/3", 15)
    t.line("CBPE, ten classes", "observe_classes/10", 15)
    t.line("CBPE, ten classes, rows at once", "observe_batch/10", 15)
    t.share("windowed MMD, d = 512, 256 features, in batches", 1.3, best["mmd: monitor, batches", first],
            best["mmd: product, kernel", first], "our own product")
    t.share("the same beside NumPy", 1.3, best["mmd: monitor, batches", first], peer["NumPy"], "NumPy's product")
    t.share("the same, row by row", None, best["mmd: monitor, row by row", first], best["mmd: product, kernel", first],
            "our own product")
    for name, words, beside in (("page_hinkley_steady", "Page-Hinkley", "PageHinkley"), ("cusum_steady", "CUSUM", None),
                                ("ewma_chart_steady", "EWMA chart", None), ("ddm", "DDM", "DDM"), ("eddm", "EDDM", "EDDM"),
                                ("hddm_a", "HDDM-A", "HDDM_A"), ("hddm_w", "HDDM-W", "HDDM_W"), ("stepd", "STEPD", None),
                                ("kswin_steady", "KSWIN", "KSWIN")):
        t.line(f"{words}, one stream", f"run/{name}", beside=beside and f"river {beside}")
    for name, words in (("ewma_chart_steady", "EWMA chart"), ("ddm", "DDM"), ("hddm_a", "HDDM-A")):
        for chunk, rows in ((16, "16 rows at a time"), (1, "a row at a time")):
            t.line(f"{words}, bank of 1,000, {first}, {rows}", f"bank/{name}/{chunk}")
    return t.lines


def cpu():
    try:
        info = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    return " ".join(f"{key.strip()} {value.strip()}" for key, value in dict(
        re.findall(r"^(model name|cpu family|model)\s*:(.*)$", info, re.M)).items())


def main():
    global ISAS
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--readme", type=pathlib.Path, help="writes between its marks")
    arguments = parser.parse_args()
    flags = pathlib.Path("/proc/cpuinfo").read_text() if pathlib.Path("/proc/cpuinfo").exists() else ""
    ISAS = [isa for isa, flag in (("avx512", "avx512vl"), ("avx2", "avx2")) if flag in flags] or ["neon"]
    best, peer = collections.defaultdict(lambda: math.inf), collections.defaultdict(lambda: math.inf)
    for _ in range(arguments.rounds):
        for isa in ISAS:
            ours(arguments.benches, isa, best)
            peers(peer)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("river", "scipy", "numpy"))
    text = "\n".join([
        f"{cpu()}; {versions}, Python {platform.python_version()}. CPU time, the least of {arguments.rounds} rounds in turn.",
        "*river NAME*: `update(x)` of its detector in a Python loop, less the same loop without the call; ADWIN's is compiled",
        "(a class in Rust behind a method in Python). *river ADWIN's window*: that compiled class alone, called from C by `map`.",
        "*SciPy*: `ks_2samp` of the window anew, which is what a value costs without a sliding statistic. Of banks: per feature",
        "and row.", "",
        "| work | bar | vedette | beside | ratio | |", "|---|---|--:|---|--:|---|"] + table(best, peer)) + "\n"
    print(text)
    if arguments.readme:
        begin, end = "<!-- stream speed -->\n", "<!-- end of stream speed -->"
        head, rest = arguments.readme.read_text().split(begin)
        arguments.readme.write_text(head + begin + "\n" + text + "\n" + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
