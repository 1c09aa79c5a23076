# SPDX-License-Identifier: Apache-2.0
"""Performance without labels beside NannyML, on rows of the same law: python performance.py --benches BUILD/bench
Needs nannyml, in an environment of its own: it asks for older packages than the other peers."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import time
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import nannyml
import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
METRICS = ["accuracy", "precision", "recall", "specificity", "f1", "roc_auc"]
ROWS = 1 << 17
RUNS = 5


def ours(folder, pattern):
    command = [folder / "bench_performance", f"--benchmark_filter={pattern}$", "--benchmark_min_time=0.05",
               "--benchmark_format=json"]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    entry = done["benchmarks"][0]
    return entry["cpu_time"] * {"ns": 1.0, "us": 1e3, "ms": 1e6}[entry["time_unit"]] / (
        ROWS if pattern.startswith("observe/") else 1)


def spent(work):
    before = time.process_time()
    work()
    return time.process_time() - before


def binary():
    random = np.random.default_rng(1)
    p = random.uniform(size=2 * ROWS)
    frame = pd.DataFrame({"p": p, "yhat": (p > 0.5).astype(int), "y": (random.uniform(size=2 * ROWS) < p).astype(int)})
    cbpe = nannyml.CBPE(y_pred_proba="p", y_pred="yhat", y_true="y", problem_type="classification_binary",
                        metrics=METRICS, chunk_size=ROWS)
    cbpe.fit(frame.iloc[:ROWS])
    live = frame.iloc[ROWS:].drop(columns="y").reset_index(drop=True)
    return lambda: cbpe.estimate(live)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", type=pathlib.Path, required=True)
    folder = parser.parse_args().benches
    work = binary()
    work()
    peers, rows, estimates = [], [], []
    for _ in range(RUNS):  # by turns, so that what else the machine does meets both
        peers.append(spent(work))
        rows.append(ours(folder, "observe/even"))
        estimates.append(ours(folder, "estimate/1"))
    mine, peer = min(rows) + min(estimates) / ROWS, min(peers) / ROWS * 1e9
    print(f"NannyML {importlib.metadata.version('nannyml')}, NumPy {np.__version__}; {ROWS:,} rows in one chunk, six "
          f"metrics; the least of {RUNS} runs, CPU time, one thread\n")
    print("| work | vedette | NannyML | ratio |\n|---|--:|--:|--:|")
    print(f"| calibrate, count and estimate, per row | {mine:.1f} ns | {peer:.0f} ns | {peer / mine:.0f}× |")


if __name__ == "__main__":
    main()
