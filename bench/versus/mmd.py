# SPDX-License-Identifier: Apache-2.0
"""Vedette's kernel two-sample test beside the fastest NumPy that computes the same and beside the indexing scheme of
alibi-detect, on one thread and in CPU time: python mmd.py BENCH_MMD (the benchmark's executable). NumPy's side: float32
products and exponentials for the kernel; one matrix product of the kernel with all labellings for the permutations. The
indexing scheme gathers the permuted kernel matrix for every permutation, as that library does in torch; it is re-done
here in NumPy, on a few permutations, and scaled up."""
import ctypes
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
for name in [name for name in os.environ if name.startswith("OPENBLAS_") and name != "OPENBLAS_NUM_THREADS"]:
    del os.environ[name]  # OPENBLAS_CORETYPE above all: NumPy's products run the kernel that it finds best
import numpy as np  # noqa: E402

PERMUTATIONS = 1000


def blas_core():
    """The kernels that NumPy's OpenBLAS chose for this processor, e.g. SkylakeX."""
    for path in sorted((pathlib.Path(np.__file__).parent.parent / "numpy.libs").glob("*openblas*")):
        library = ctypes.CDLL(str(path))
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_", "openblas_get_corename"):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                return "OpenBLAS " + function().decode()
    return "BLAS of unknown kernels"


def of_fma(entries, n, d):
    """The kernel stage's share of the FMA bound, in words, of the counters of bench_mmd."""
    found = next(entry for entry in entries if entry["name"] == f"kernel_stage/{n}/{d}")
    if "of_fma" not in found:
        return "not measured for this instruction set"
    return (f"{100 * found['of_fma']:.0f} % of {found['fma_gflops']:.0f} GFLOP/s; with the exponentials at "
            f"{found['exponential_ns']:.2f} ns a pair {100 * found['of_bound']:.0f} %")


def best_ms(work, runs=5):
    times = []
    for _ in range(runs):
        begin = time.process_time_ns()
        work()
        times.append((time.process_time_ns() - begin) * 1e-6)
    return min(times)


def kernel(z, factor):
    norms = np.einsum("ij,ij->i", z, z)
    k = z @ z.T
    k *= 2 * factor
    k -= factor * norms[:, None]
    k -= factor * norms[None]
    np.minimum(k, 0, out=k)
    np.exp(k, out=k)
    np.fill_diagonal(k, 0)
    return k


def labellings(n, m):
    generator = np.random.default_rng(1)
    z = np.zeros((PERMUTATIONS, n + m), dtype=np.float32)
    z[:, n:] = 1
    return generator.permuted(z, axis=1, out=z)


def products(k, n, m):
    """MMD^2 of every labelling from one matrix product."""
    z = labellings(n, m)
    total, margins = k.sum(dtype=np.float64), k.sum(1, dtype=np.float64)
    inner = np.einsum("pi,pi->p", z @ k, z, dtype=np.float64)
    margin = z @ margins.astype(np.float32)
    return (total - 2 * margin + inner) / (n * (n - 1)) + inner / (m * (m - 1)) - 2 * (margin - inner) / (n * m)


def by_indexing(k, n, m, permutations):
    """The permuted kernel matrix is gathered, then summed block by block."""
    generator = np.random.default_rng(1)
    out = []
    for _ in range(permutations):
        order = generator.permutation(n + m)
        q = k[order][:, order]
        out.append(q[:n, :n].sum() / (n * (n - 1)) + q[n:, n:].sum() / (m * (m - 1)) - 2 * q[:n, n:].mean())
    return out


def main():
    report = json.loads(subprocess.run([sys.argv[1], "--benchmark_filter=kernel_stage|permutation_stage|plain|energy",
                                        "--benchmark_format=json", "--benchmark_min_time=1"], check=True,
                                       capture_output=True, text=True).stdout)
    ours = {entry["name"]: entry["best_ms"] for entry in report["benchmarks"]}
    print(f"{platform.machine()}, instruction set {report['context']['instruction_set']}, NumPy {np.__version__} "
          f"({blas_core()}), "
          f"{PERMUTATIONS} permutations, ms of CPU time, best of the runs")
    print("| n = m, d | stage | vedette | NumPy | ratio | gathered per permutation | ratio |")
    print("|---|---|---|---|---|---|---|")
    for n, d in ((1000, 64), (1000, 768)):
        generator = np.random.default_rng(0)
        z = generator.normal(size=(2 * n, d)).astype(np.float32)
        factor = np.float32(0.5 / d)
        k = kernel(z, factor)
        peer = {"kernel": best_ms(lambda: kernel(z, factor)), "permutations": best_ms(lambda: products(k, n, n), 3)}
        gathered = best_ms(lambda: by_indexing(k, n, n, 5), 3) * PERMUTATIONS / 5
        mine = {"kernel": ours[f"kernel_stage/{n}/{d}"], "permutations": ours[f"permutation_stage/{n}"],
                "whole test": ours[f"mmd_f32/plain/{n}/{d}"]}
        peer["whole test"] = peer["kernel"] + peer["permutations"]
        for stage, own in mine.items():
            last = ["", ""]
            if stage != "kernel":
                other = gathered + (peer["kernel"] if stage == "whole test" else 0)
                last = [f"{other:.0f}", f"{other / own:.0f}x"]
            print(f"| {n}, {d} | {stage} | {own:.2f} | {peer[stage]:.1f} | {peer[stage] / own:.1f}x | {last[0]} | {last[1]} |")

        print(f"| {n}, {d} | kernel, of the FMA rate | {of_fma(report['benchmarks'], n, d)} | | | | |")


if __name__ == "__main__":
    main()
