# SPDX-License-Identifier: Apache-2.0
"""Scores of logits and embeddings, squeezing and fitting beside NumPy, SciPy, OpenCV and, where it is installed,
pytorch-ood (its Mahalanobis without a perturbed input) on the CPU; and the bars: python scores.py --benches BUILD/bench   (an interpreter that has scores.txt;
environment.sh makes one). VEDETTE_ISA chooses our kernels. One thread; every peer scores one request a call, as a
server would, its model prepared; least CPU time of many calls on requests by turns."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import cv2
import numpy as np
import scipy.ndimage

try:
    import torch
    from pytorch_ood.detector import Mahalanobis
    torch.set_num_threads(1)
except ImportError:
    torch = None

from results import cpu_name, number

RUNS, REQUESTS = 5, 64
cv2.setNumThreads(1)


def ours(folder):
    """Least CPU nanoseconds and the counters of that run, by name."""
    wanted = "^(all_of_logits/1000|mahalanobis(_int16)?/.*/100/0|fit_mahalanobis.*|p_value/10000|squeezing.*|neighbours/.*/10/./0|read_.*)$"
    command = [folder / "bench_scores", f"--benchmark_filter={wanted}", "--benchmark_min_time=0.1",
               "--benchmark_format=json"]
    best = {}
    for _ in range(RUNS):
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for entry in done["benchmarks"]:
            entry["cpu_time"] *= {"ns": 1.0, "us": 1e3, "ms": 1e6}[entry["time_unit"]]
            if entry["name"] not in best or entry["cpu_time"] < best[entry["name"]]["cpu_time"]:
                best[entry["name"]] = entry
    return best


def each(call, requests, calls=200):
    """Least CPU nanoseconds of a call, of runs over requests in turn."""
    best = float("inf")
    for _ in range(RUNS):
        begin = time.process_time_ns()
        for i in range(calls):
            call(requests[i % len(requests)])
        best = min(best, (time.process_time_ns() - begin) / calls)
    return best


def logit_scores(z, gamma=0.1, largest=100):
    top = z.max()
    e = np.exp(z - top)
    total = e.sum()
    p = np.partition(e / total, -largest)[-largest:]
    return -(top + np.log(total)), 1 - 1 / total, (p ** gamma * (1 - p) ** gamma).sum()


def mahalanobis(random, d, classes):
    """NumPy's product of the gaps to all means with the precision, and pytorch-ood's own."""
    means = random.standard_normal((classes, d))
    rows = random.standard_normal((4 * d + 2 * classes, d)).astype(np.float32)
    labels = np.arange(len(rows)) % classes
    rows += means[labels].astype(np.float32)
    found = np.stack([rows[labels == c].mean(axis=0) for c in range(classes)])
    precision = np.linalg.inv(np.cov((rows - found[labels]).T, bias=True)).astype(np.float32)

    def score(x):
        gaps = x - found
        return (gaps @ precision * gaps).sum(axis=1).min()

    peer = None
    if torch is not None:
        detector = Mahalanobis(torch.nn.Identity())
        detector.fit_features(torch.from_numpy(rows), torch.from_numpy(labels))
        peer = lambda x: detector.predict_features(torch.from_numpy(x[None]))
    return score, peer


def row(work, bar, mine, limit, peers, note="", least_ratio=0):
    """`least_ratio`: that to the first peer."""
    verdict = "met" if mine <= limit else "MISSED"
    if least_ratio:
        verdict += ", ratio " + ("met" if peers[0][1] >= least_ratio * mine else "MISSED")
    beside = ", ".join(f"{name} {number(spent / 1e3)} µs ({number(spent / mine)}×)" for name, spent in peers)
    print(f"| {work} | {bar} | {number(mine / 1e3)} µs | {verdict} | {beside}{note} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", type=pathlib.Path, required=True)
    mine = ours(parser.parse_args().benches)
    spent = lambda name: mine[name]["cpu_time"]
    random = np.random.default_rng(1)
    versions = [f"{name} {importlib.metadata.version(name)}"
                for name in ("numpy", "scipy", "opencv-python-headless") + (("torch", "pytorch-ood") if torch else ())]
    print(f"{cpu_name()}, VEDETTE_ISA={os.environ.get('VEDETTE_ISA', 'the best')}, one thread, CPU time, the least of "
          f"{RUNS} runs. {', '.join(versions)}.\n\n| work | bar | vedette |  | beside |\n|---|---|--:|---|---|")
    logits = 3 * random.standard_normal((REQUESTS, 1000)).astype(np.float32)
    row("energy, MSP and GEN of 1,000 logits (and the other three)", "≤ 1 µs", spent("all_of_logits/1000"), 1000,
        [("NumPy", each(logit_scores, logits))])
    for d, bar in ((64, 300), (256, 2800), (768, 20000)):
        score, peer = mahalanobis(random, d, 100)
        requests = random.standard_normal((REQUESTS, d)).astype(np.float32)
        peers = [("NumPy", each(score, requests, 50))]
        if peer is not None:
            peers.append(("pytorch-ood", each(peer, requests, 20)))
        row(f"Mahalanobis, 100 classes, d = {d}", f"≤ {bar / 1e3:g} µs, ≥ 60× NumPy", spent(f"mahalanobis/{d}/100/0"),
            bar, peers, least_ratio=60, note="; reading its bytes alone "
            f"{number(spent(f'read_mahalanobis/{d}') / 1e3)} µs")
        compact = mine[f"mahalanobis_int16/{d}/100/0"]
        row(f"the same, map in int16 (squared distances within {100 * compact['storage_error']:.2g} %)", "",
            compact["cpu_time"], bar, peers, least_ratio=60)
    for rows, bar in ((10_000, 30e3), (100_000, 350e3)):
        row(f"k-NN, d = 128, {rows:,} rows, k = 10, int8", f"≤ {bar / 1e3:g} µs", spent(f"neighbours/{rows}/10/1/0"), bar,
            [])
        read, scan = spent(f"read_floats/{rows}"), spent(f"neighbours/{rows}/10/0/0")
        row("the same, floats", "≥ 85 % of reading", scan, read / 0.85, [],
            f"reading the bytes {number(read / 1e3)} µs: {100 * read / scan:.0f} %")
    known = np.sort(random.standard_normal(10_000))
    row("conformal p-value, n = 10,000", "≤ 60 ns", spent("p_value/10000"), 60,
        [("np.searchsorted", each(lambda x: np.searchsorted(known, x), random.standard_normal(REQUESTS)))])
    images = random.integers(0, 256, (8, 224, 224, 3), dtype=np.uint8)
    row("3×3 median, 224×224×3 bytes", "≤ 30 µs", spent("squeezing<std::uint8_t>/3"), 30e3,
        [("OpenCV", each(lambda x: cv2.medianBlur(x, 3), images)),
         ("SciPy", each(lambda x: scipy.ndimage.median_filter(x, (3, 3, 1)), images, 2))])
    table = np.rint(np.rint(np.arange(256) * 31 / 255) * 255 / 31).astype(np.uint8)
    row("bit depth, 224×224×3 bytes", "≤ 10 µs", spent("squeezing<std::uint8_t>/0"), 10e3,
        [("OpenCV's table", each(lambda x: cv2.LUT(x, table), images)),
         ("NumPy's", each(lambda x: table[x], images))])
    fit = next(entry for name, entry in mine.items() if name.startswith("fit_mahalanobis"))
    square = random.standard_normal((1500, 1500))
    rate = 2 * 1500 ** 3 / each(lambda x: x @ x, [square], 1)
    share = fit["gflops"] / rate
    print(f"| fit Mahalanobis, n = 100,000, d = 512, in double | ≥ 70 % of the GEMM rate | {fit['cpu_time'] / 1e6:.0f} ms | "
          f"{'met' if share >= 0.7 else 'MISSED'} | {fit['gflops']:.0f} GFLOP/s at n d² operations: {100 * share:.0f} % of "
          f"NumPy's dgemm ({rate:.0f}), {100 * fit['share']:.0f} % of our kernel's ({fit['gemm_gflops']:.0f}) |")


if __name__ == "__main__":
    main()
