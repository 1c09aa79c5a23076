# SPDX-License-Identifier: Apache-2.0
"""Scores of raw features beside PyOD, isotree, scikit-learn and river, 10,000 reference rows of 30 normal features:
python tabular_scores.py --benches BUILD/bench   (an interpreter that has tabular.txt; environment.sh makes one)
Every peer scores one row a call, as a server would, fresh each time; those marked "batch" 10,000 rows in one call."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import isotree
import numpy as np
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.hbos import HBOS
from pyod.models.loda import LODA
from river.anomaly import HalfSpaceTrees
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from results import cpu_name, number

warnings.simplefilter("ignore")
ROWS, FEATURES, RUNS = 10_000, 30, 5


def ours(folder):
    """Least CPU nanoseconds a row, by name."""
    command = [folder / "bench_tabular_scores", "--benchmark_min_time=0.1",
               "--benchmark_format=json"]
    best = {}
    for _ in range(RUNS):
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for entry in done["benchmarks"]:
            spent = entry["cpu_time"] * {"ns": 1.0, "us": 1e3, "ms": 1e6}[entry["time_unit"]]
            best[entry["name"]] = min(spent, best.get(entry["name"], spent))
    return best


def single(score, rows, calls):
    """Least CPU nanoseconds of one call on one row."""
    best = float("inf")
    for i in range(calls + 1):
        before = time.process_time_ns()
        score(rows[i:i + 1])
        best = min(best, time.process_time_ns() - before) if i else best
    return best


def batch(score, rows):
    return min(single(lambda _: score(rows), rows, 1) for _ in range(RUNS)) / len(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", type=pathlib.Path, required=True)
    mine = ours(parser.parse_args().benches)
    random = np.random.default_rng(1)
    train, rows = random.normal(size=(ROWS, FEATURES)), random.normal(size=(ROWS, FEATURES))
    versions = {name: importlib.metadata.version(name) for name in ("pyod", "isotree", "scikit-learn", "river")}
    table = []

    def add(work, name, peer, spent, bar=None, ratio_bar=None):
        ratio = spent / mine[name]
        bars = [] if bar is None else [f"≤ {bar / 1e3:g} µs {'met' if mine[name] <= bar else 'MISSED'}"]
        bars += [] if ratio_bar is None else [f"≥ {ratio_bar:,}× {'met' if ratio >= ratio_bar else 'MISSED'}"]
        table.append((work, f"{number(mine[name] / 1e3)} µs", peer, f"{number(spent / 1e3)} µs", f"{number(ratio)}×",
                      ", ".join(bars)))

    detector = ECOD().fit(train)
    add("ECOD", "ecod", "PyOD", single(detector.decision_function, rows, 4), 600, 1000)
    detector = COPOD().fit(train)
    add("COPOD", "copod_pyod", "PyOD", single(detector.decision_function, rows, 4))
    detector = HBOS().fit(train)
    add("HBOS, 10 bins", "hbos_pyod", "PyOD", single(detector.decision_function, rows, 50))
    add("HBOS, 10 bins", "hbos_pyod", "PyOD, batch", batch(detector.decision_function, rows))
    for extension in (0, 1, FEATURES - 1):
        ndim = extension + 1
        name = f"extended_forest/{extension}" if extension else "forest/100"
        work = f"extended isolation forest, {ndim} features a cut" if extension else "isolation forest"
        forest = isotree.IsolationForest(ntrees=100, sample_size=256, ndim=ndim, nthreads=1, missing_action="fail")
        forest.fit(train)
        add(f"{work}, 100 trees", name, "isotree, batch", batch(forest.predict, rows), *((3000, 1) if ndim == 1 else ()))
        add(f"{work}, 100 trees", name, "isotree", single(forest.predict, rows, 50))
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=1).fit(train)
    add("isolation forest, 100 trees", "forest/100", "scikit-learn, batch", batch(forest.score_samples, rows))
    add("isolation forest, 100 trees", "forest/100", "scikit-learn", single(forest.score_samples, rows, 20))
    detector = LODA(random_state=1).fit(train)
    add("LODA, 100 projections", "loda", "PyOD", single(detector.decision_function, rows, 50))
    add("LODA, 100 projections", "loda", "PyOD, batch", batch(detector.decision_function, rows))
    for algorithm in ("brute", "kd_tree"):
        detector = LocalOutlierFactor(n_neighbors=20, novelty=True, algorithm=algorithm).fit(train)
        add("LOF, 20 neighbours", "local_outlier_factor", f"scikit-learn, {algorithm}",
            single(detector.score_samples, rows, 50))
        add("LOF, 20 neighbours", "local_outlier_factor", f"scikit-learn, {algorithm}, batch",
            batch(detector.score_samples, rows[:1000]))
    names = [f"x{j}" for j in range(FEATURES)]
    limits = {name: (train[:, j].min(), train[:, j].max()) for j, name in enumerate(names)}
    trees = HalfSpaceTrees(n_trees=25, height=8, window_size=250, limits=limits, seed=1)
    streams = [dict(zip(names, row)) for row in train[:500]]
    for row in streams:
        trees.learn_one(row)
    add("half-space trees, 25 of height 8: score", "half_space_trees", "river",
        single(lambda row: trees.score_one(row[0]), streams, 400))
    add("half-space trees, 25 of height 8: learn", "half_space_trees/observe", "river",
        single(lambda row: trees.learn_one(row[0]), streams, 400))

    print(f"{cpu_name()}, one thread, CPU time, {ROWS:,} reference rows of {FEATURES} features; ours the least of {RUNS} "
          f"runs over 1,024 rows, peers the least call. " + ", ".join(f"{k} {v}" for k, v in versions.items()) + ".\n")
    print("| one row | vedette | peer | its time | ratio | bar |\n|---|--:|---|--:|--:|---|")
    for row in table:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
