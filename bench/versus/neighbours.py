# SPDX-License-Identifier: Apache-2.0
"""The k nearest of known embeddings beside faiss and usearch, 128 normal columns divided by their norms:
python neighbours.py --benches BUILD/bench   (an interpreter that has neighbours.txt; environment.sh makes one)
One request a call, one thread, exhaustive search; recall against faiss's in float. Ours is exact whatever the scan."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import time

os.environ["OMP_NUM_THREADS"] = "1"
import faiss
import numpy as np
from usearch.index import MetricKind, search

from results import cpu_name, number

COLUMNS, QUERIES, RUNS = 128, 64, 5
BARS = {10_000: 30, 100_000: 350}


def ours(folder):
    """Least CPU microseconds a request, by name."""
    command = [folder / "bench_scores", "--benchmark_filter=^neighbours", "--benchmark_min_time=0.1",
               "--benchmark_format=json"]
    best = {}
    for _ in range(RUNS):
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for entry in done["benchmarks"]:
            spent = entry["cpu_time"] * {"ns": 1e-3, "us": 1.0, "ms": 1e3}[entry["time_unit"]]
            best[entry["name"]] = min(spent, best.get(entry["name"], spent))
    return best


def each(find, queries, calls):
    """Least CPU microseconds of a call, of runs over `calls` queries in turn."""
    best = float("inf")
    for _ in range(RUNS):
        before = time.process_time_ns()
        for i in range(calls):
            find(queries[i % QUERIES:i % QUERIES + 1])
        best = min(best, (time.process_time_ns() - before) / calls / 1e3)
    return best


def recall(found, truth):
    return np.mean([len(set(map(int, a)) & set(map(int, b))) / len(b) for a, b in zip(found, truth)])


def unit(random, rows):
    x = random.standard_normal((rows, COLUMNS)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", type=pathlib.Path, required=True)
    mine = ours(parser.parse_args().benches)
    faiss.omp_set_num_threads(1)
    random = np.random.default_rng(1)
    print(f"{cpu_name()}, one thread, CPU time, the least of {RUNS} runs. "
          + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("faiss-cpu", "usearch")) + ".\n")
    print("| rows, k | int8 scan | float scan | peer | its time | ratio | its recall | bar |\n|---|--:|--:|---|--:|--:|--:|---|")
    for rows in BARS:
        known, queries, calls = unit(random, rows), unit(random, QUERIES), 400_000 // rows
        flat = faiss.IndexFlatL2(COLUMNS)
        flat.add(known)
        quantised = faiss.IndexScalarQuantizer(COLUMNS, faiss.ScalarQuantizer.QT_8bit)
        quantised.train(known)
        quantised.add(known)
        scale = 127 / np.abs(known).max()
        codes, query_codes = (np.clip(np.round(x * scale), -127, 127).astype(np.int8) for x in (known, queries))
        for k in (10, 50):
            truth = flat.search(queries, k)[1]
            own, floats = mine[f"neighbours/{rows}/{k}/1/0"], mine[f"neighbours/{rows}/{k}/0/0"]
            by_codes = lambda x: search(codes, x, k, MetricKind.IP, exact=True, threads=1).keys
            by_floats = lambda x: search(known, x, k, MetricKind.IP, exact=True, threads=1).keys
            for peer, find, asked in (("faiss flat", lambda x: flat.search(x, k)[1], queries),
                                      ("faiss SQ8", lambda x: quantised.search(x, k)[1], queries),
                                      ("usearch exact f32", by_floats, queries),
                                      ("usearch exact i8", by_codes, query_codes)):
                spent = each(find, asked, calls)
                bar = f"≤ {BARS[rows]} µs {'met' if own <= BARS[rows] else 'MISSED'}" if k == 10 else ""
                print(f"| {rows:,}, {k} | {number(own)} µs | {number(floats)} µs | {peer} | {number(spent)} µs | "
                      f"{number(spent / own)}× | {recall(find(asked), truth):.3f} | {bar} |", flush=True)


if __name__ == "__main__":
    main()
