# SPDX-License-Identifier: Apache-2.0
"""Every line of privacy's speed beside its bar and its peer, in one run on one core:
python privacy.py --benches BUILD/bench [--only WORD]
The peers are in privacy.txt; one that does not install is told as missing. CPU time, the least of some runs."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import time
import types
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np
import scipy.fft

warnings.simplefilter("ignore")
sys.modules["diffprivlib.models"] = types.ModuleType("diffprivlib.models")  # asks for an older scikit-learn
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def measured(folder, program, pattern, real=False):
    """Seconds and the rate of a bench, the least of three."""
    command = [folder / program, f"--benchmark_filter=^{pattern}$", "--benchmark_min_time=0.1",
               "--benchmark_repetitions=3", "--benchmark_format=json"]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    runs = [run for run in done["benchmarks"] if run.get("run_type") == "iteration"]
    if not runs:
        raise SystemExit(f"{program} has no {pattern}")
    best = min(runs, key=lambda run: run["cpu_time"])
    time_of = min(run["real_time" if real else "cpu_time"] for run in runs) * UNITS[best["time_unit"]]
    rates = [run.get("items_per_second", run.get("bytes_per_second", 0.0)) for run in runs]
    return time_of, max(rates)


def spent(work, repeats=3):
    best = float("inf")
    for _ in range(repeats):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


class Table:
    def __init__(self, only):
        self.only, self.missed = only, 0

    def wants(self, name):
        return self.only in name

    def add(self, name, ours, bar, holds, peers=()):
        self.missed += not holds
        print(f"| {name} | {ours} | {bar} | {'yes' if holds else 'NO'} | {'; '.join(peers) or '-'} |", flush=True)


def rate_of(work, draws):
    """M samples/s of a peer that draws one at a time, or None if it is not there."""
    try:
        work()
        return draws / spent(work) / 1e6
    except Exception as error:  # a peer may be missing, or refuse in its own ways
        return f"{type(error).__name__}"


def peers_gaussian(sigma):
    def diffprivlib(draws=200):
        from diffprivlib.mechanisms import GaussianDiscrete
        mechanism = GaussianDiscrete(epsilon=0.5, delta=1e-5, sensitivity=1)
        mechanism._scale = sigma
        for _ in range(draws):
            mechanism.randomise(0)

    def opendp(draws=2000):
        import opendp.prelude as dp
        dp.enable_features("contrib", "idealized-numerics")
        space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
        mechanism = dp.m.make_gaussian(*space, scale=float(sigma))
        mechanism([0] * draws)

    def google(draws=2000):
        from pydp.distributions import GaussianDistribution
        law = GaussianDistribution(float(sigma))
        for _ in range(draws):
            law.sample(1.0)

    return {"OpenDP": (opendp, 2000), "Google (continuous)": (google, 2000), "diffprivlib": (diffprivlib, 200)}


def peers_laplace(scale):
    def diffprivlib(draws=2000):
        from diffprivlib.mechanisms import Geometric
        mechanism = Geometric(epsilon=1.0 / scale, sensitivity=1)
        for _ in range(draws):
            mechanism.randomise(0)

    def opendp(draws=2000):
        import opendp.prelude as dp
        dp.enable_features("contrib", "idealized-numerics")
        space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
        mechanism = dp.m.make_laplace(*space, scale=float(scale))
        mechanism([0] * draws)

    def google(draws=2000):
        from pydp.distributions import LaplaceDistribution
        law = LaplaceDistribution(epsilon=1.0 / scale, sensitivity=1.0)
        for _ in range(draws):
            law.sample()

    return {"OpenDP": (opendp, 2000), "Google (continuous)": (google, 2000), "diffprivlib": (diffprivlib, 2000)}


def against(ours, peers):
    told = []
    for name, (work, draws) in peers.items():
        rate = rate_of(work, draws)
        told.append(f"{name}: {rate}" if isinstance(rate, str) else f"{name} {rate:.3g} M/s, {ours / rate:,.0f} times")
    return told


def samplers(table, folder):
    for sigma, bar in ((1, 250), (4, 200), (16, 100), (64, 60), (1000000, 40)):
        name = f"discrete Gaussian, sigma {sigma}, M/s"
        if not table.wants(name):
            continue
        ours = measured(folder, "bench_privacy", f"gaussian/{sigma}")[1] / 1e6
        scalar = measured(folder, "bench_privacy", f"gaussian_reference/{sigma}")[1] / 1e6
        table.add(name, f"{ours:.0f}", f">= {bar}, >= 15 times scalar CKS", ours >= bar and ours >= 15 * scalar,
                  [f"scalar CKS {scalar:.2f}, {ours / scalar:.0f} times"] + against(ours, peers_gaussian(sigma)))
    for scale in (1, 20, 1000, 1000000):
        name = f"discrete Laplace, scale {scale}, M/s"
        if not table.wants(name):
            continue
        ours = measured(folder, "bench_privacy", f"laplace/{scale}")[1] / 1e6
        table.add(name, f"{ours:.0f}", ">= 100", ours >= 100, against(ours, peers_laplace(scale)))


def keystream(table, folder):
    if not table.wants("keystream"):
        return
    default = measured(folder, "bench_privacy", "fill_random")[1] / 1e9
    for name in ("chacha20", "aes-256-ctr"):
        ours = measured(folder, "bench_privacy", f"keystream/{name}")[1] / 1e9
        theirs = measured(folder, "bench_privacy", f"libcrypto/{name}")[1] / 1e9
        sodium = measured(folder, "bench_privacy", "libsodium/chacha20")[1] / 1e9
        openssl = measured(folder, "bench_privacy", "libcrypto/chacha20")[1] / 1e9
        # A key is erased for every so many bytes: the bare cipher does less.
        table.add(f"keystream, {name}, GB/s", f"{ours:.2f} (fill_random {default:.2f})", ">= OpenSSL's ChaCha20",
                  ours >= openssl,
                  [f"OpenSSL, same cipher, bare {theirs:.2f}, {ours / theirs:.2f} times",
                   f"OpenSSL ChaCha20 {openssl:.2f}, {ours / openssl:.2f} times",
                   f"libsodium ChaCha20 {sodium:.2f}, {ours / sodium:.2f} times"])


def gradient(table, folder):
    if table.wants("gradient"):
        generator, gradient = np.random.default_rng(1), np.full(1000000, 0.01)
        normal = spent(lambda: generator.normal(size=1000000)) * 1e3
        # normal() is what one writes; the others are faster ways to the same numbers, up to scale.
        place, single, small = np.empty(1000000), np.empty(1000000, np.float32), np.random.Generator(np.random.SFC64(1))
        others = {"standard_normal(out=)": lambda: generator.standard_normal(out=place),
                  "of floats": lambda: generator.standard_normal(out=single, dtype=np.float32),
                  "SFC64 normal()": lambda: small.normal(size=1000000),
                  "SFC64 of floats": lambda: small.standard_normal(out=single, dtype=np.float32)}
        whole = spent(lambda: gradient * min(1.0, 1.0 / np.linalg.norm(gradient)) + generator.normal(size=1000000))
        ours = measured(folder, "bench_privacy", "gradient_1M")[0] * 1e3
        table.add("gradient of 1M, clip L2 and Gaussian, ms", f"{ours:.1f}", "<= 15, faster than NumPy's normal()",
                  ours <= 15 and ours < normal,
                  [f"NumPy normal() {normal:.1f}, {normal / ours:.2f} times", f"clip and normal {whole * 1e3:.1f}"]
                  + [f"{name} {spent(work) * 1e3:.1f}" for name, work in others.items()])
        ours = measured(folder, "bench_privacy", "laplace_gradient_1M")[0] * 1e3
        laplace = spent(lambda: generator.laplace(size=1000000)) * 1e3
        table.add("gradient of 1M, clip L1 and Laplace, ms", f"{ours:.1f}", "none", True,
                  [f"NumPy laplace() {laplace:.1f}, {laplace / ours:.2f} times"])


def scalar(table, folder):
    if not table.wants("scalar"):
        return
    ours = measured(folder, "bench_privacy", "c_scalar_release")[0] * 1e6
    table.add("scalar release through C, us", f"{ours:.2f}", "<= 1", ours <= 1.0)


def losses(table, folder):
    def prv(sigma, rate, steps, error):
        from prv_accountant import PoissonSubsampledGaussianMechanism, PRVAccountant
        one = PoissonSubsampledGaussianMechanism(sampling_probability=rate, noise_multiplier=sigma)
        PRVAccountant(prvs=[one], max_self_compositions=[steps], eps_error=error,
                      delta_error=1e-9).compute_epsilon(1e-6, [steps])

    def google(sigma, rate, steps, interval):
        from dp_accounting.pld import privacy_loss_distribution as pld
        one = pld.from_gaussian_mechanism(sigma, value_discretization_interval=interval, sampling_prob=rate)
        one.self_compose(steps).get_epsilon_for_delta(1e-6)

    def timed(name, work, ours):
        try:
            seconds = spent(work, 2)
            return f"{name} {seconds * 1e3:.0f} ms, {seconds / ours:.0f} times", seconds / ours
        except Exception as failure:
            return f"{name}: {type(failure).__name__}", None

    for sigma, rate, steps, error, bar, times in ((1.0, 0.01, 1000, 0.01, 0.02, 15), (0.8, 0.05, 50000, 0.05, 1.0, 0)):
        name = f"PLD, sigma {sigma}, q {rate}, {steps} steps, error {error}, ms"
        if not table.wants(name):
            continue
        ours = measured(folder, "bench_privacy", f"pld/{steps}")[0]
        peers = [timed("prv_accountant", lambda: prv(sigma, rate, steps, error), ours),
                 timed("dp_accounting", lambda: google(sigma, rate, steps, 1e-4 if steps < 10000 else 1e-3), ours)]
        holds = ours <= bar and all(ratio is None or ratio >= times for _, ratio in peers)
        table.add(name, f"{ours * 1e3:.1f}", f"<= {bar * 1e3:.0f}" + (f", >= {times} times both" if times else ""), holds,
                  [text for text, _ in peers])


def composition(table, folder):
    for bits in (17, 20):
        name = f"FFT self-composition of 2^{bits}, ms"
        if not table.wants(name):
            continue
        ours = measured(folder, "bench_privacy", f"composition/2.{bits}")[0] * 1e3
        x = (np.arange(1 << bits) - 0.5 * (1 << bits)) / 100
        x = np.where(np.abs(x) < 8, 0.004 / (1 + x**4), 0.0)
        theirs = spent(lambda: scipy.fft.irfft(scipy.fft.rfft(x) ** 1000, 1 << bits)) * 1e3
        table.add(name, f"{ours:.1f} for two sequences", ">= 3 times SciPy", 2 * theirs >= 3 * ours,
                  [f"SciPy {theirs:.1f} for one: {2 * theirs / ours:.1f} times per sequence"])


def rest(table, folder):
    if table.wants("RDP"):
        def google():
            from dp_accounting.rdp import rdp_privacy_accountant as rdp
            from dp_accounting import dp_event
            accountant = rdp.RdpAccountant()
            accountant.compose(dp_event.PoissonSampledDpEvent(0.01, dp_event.GaussianDpEvent(1.0)), 1000)
            accountant.get_epsilon(1e-6)
        ours = measured(folder, "bench_privacy", "renyi")[0] * 1e3
        try:
            peer = [f"dp_accounting {spent(google) * 1e3:.0f}, {spent(google) * 1e3 / ours:.0f} times"]
        except Exception as failure:
            peer = [f"dp_accounting: {type(failure).__name__}"]
        table.add("RDP over the default orders, ms", f"{ours:.2f}", "<= 1", ours <= 1.0, peer)
    if table.wants("ledger"):
        fast = measured(folder, "bench_ledger", "ledger_spend/durable:0/real_time", True)[0]
        table.add("ledger, spends a second without a sync", f"{1 / fast:,.0f}", ">= 50,000", 1 / fast >= 50000)
        ours = measured(folder, "bench_ledger", "ledger_spend/durable:1/real_time", True)[0] * 1e6
        sync = measured(folder, "bench_ledger", "append_and_sync/real_time", True)[0] * 1e6
        table.add("ledger, a durable spend, us", f"{ours:.0f}", "<= twice the sync", ours <= 2 * sync,
                  [f"append and sync {sync:.0f}, {ours / sync:.2f} of it"])
    if table.wants("running total"):
        ours = measured(folder, "bench_privacy", "running_total")[0] * 1e6
        table.add("running total, a step of the buffered factor at horizon 2^40, us", f"{ours:.2f}", "none", True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    versions = []
    for name in ("numpy", "scipy", "opendp", "diffprivlib", "python-dp", "dp-accounting", "prv-accountant"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} is missing")
    print(", ".join(versions) + ".\n")
    print("| work | ours | bar | holds | peers |\n|---|--:|---|---|---|")
    table = Table(arguments.only)
    samplers(table, arguments.benches)
    keystream(table, arguments.benches)
    gradient(table, arguments.benches)
    scalar(table, arguments.benches)
    losses(table, arguments.benches)
    composition(table, arguments.benches)
    rest(table, arguments.benches)
    print(f"\n{table.missed} missed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
