# SPDX-License-Identifier: Apache-2.0
"""The kernel two-sample test beside alibi-detect's MMDDrift, by PyTorch and by KeOps, on one thread and in CPU time:
python alibi.py BENCH_MMD [--backends pytorch,keops]. The peer's cost grows with its permutations alone, so a test of a few
is taken from one of more, and the difference scaled up to as many as ours has; its detector is made beforehand."""
import argparse
import json
import os
import subprocess
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import alibi_detect  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from alibi_detect.cd import MMDDrift  # noqa: E402

from results import Results, header  # noqa: E402

PERMUTATIONS = 1000
FEW, MORE = 2, 6
RUNS = 2


def seconds(detector, live):
    begin = time.process_time_ns()
    detector.predict(live)
    return (time.process_time_ns() - begin) * 1e-9


def peer_seconds(backend, n, d):
    """Of one test: what a few permutations cost, and as many more as are wanted."""
    random = np.random.default_rng(d)
    reference, live = (random.normal(size=(n, d)).astype(np.float32) for _ in range(2))
    least = {}
    for permutations in (FEW, MORE):
        detector = MMDDrift(reference, backend=backend, n_permutations=permutations, device="cpu")
        seconds(detector, live)  # warms up, and compiles
        least[permutations] = min(seconds(detector, live) for _ in range(RUNS))
    each = (least[MORE] - least[FEW]) / (MORE - FEW)
    return least[FEW] + each * (PERMUTATIONS - FEW)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench_mmd")
    parser.add_argument("--backends", default="pytorch,keops")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    report = json.loads(subprocess.run([options.bench_mmd, "--benchmark_filter=mmd_f32/plain", "--benchmark_format=json"],
                                       check=True, capture_output=True, text=True).stdout)
    ours = {entry["name"]: entry["best_ms"] * 1e-3 for entry in report["benchmarks"]}
    results = Results()
    for d in (64, 768):
        for backend in options.backends.split(","):
            results.add(f"MMD, {PERMUTATIONS:,} permutations, 2 × 1,000 rows of {d} features, f32",
                        ours[f"mmd_f32/plain/1000/{d}"],
                        f"alibi-detect {alibi_detect.__version__} MMDDrift, {backend} ({FEW} and {MORE} permutations, "
                        "scaled up)", peer_seconds(backend, 1000, d), "ms", 1e3)
    print(results.markdown(header(report["context"]["instruction_set"], RUNS, ("NumPy", np.__version__),
                                  ("PyTorch", torch.__version__))))


if __name__ == "__main__":
    main()
