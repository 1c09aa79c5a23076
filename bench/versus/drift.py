# SPDX-License-Identifier: Apache-2.0
"""The drift tests beside the libraries that a user would otherwise call: the benchmarks of bench/ and the peers take
turns, round by round, on one thread. The peers see other data in every round, ours the same few sets by turns."""
import argparse
import importlib.metadata
import json
import pathlib
import statistics
import subprocess
import warnings

import mmd  # before NumPy: it asks for one thread
import datasketches
import numpy as np
import scipy.stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from results import Results, cpu_seconds, header, verdict

warnings.simplefilter("ignore")
RUNS = 5
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}
TYPES = {"float": ("f32", np.float32), "double": ("f64", np.float64)}  # by their names in C++
SCIPY = f"SciPy {scipy.__version__}"
NUMPY = f"NumPy {np.__version__} ({mmd.blas_core()})"
SKLEARN = f"scikit-learn {importlib.metadata.version('scikit-learn')}"
DATASKETCHES = f"DataSketches {importlib.metadata.version('datasketches')} (Python)"


class Benches:
    """The benchmarks in a folder, and what the peers need: their turns and fresh normal values for each."""

    def __init__(self, folder):
        self.folder = folder
        self.random = np.random.default_rng(2026)

    def report(self, executable, pattern):
        command = [self.folder / f"bench_{executable}", f"--benchmark_filter={pattern}",
                   "--benchmark_min_time=0.05", "--benchmark_format=json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def beside(self, executable, pattern, peers):
        """{name: median CPU seconds} of the benchmarks that match, and of the peers, called with the round's number;
        their round 0 warms up and is not counted."""
        spent = {name: [] for name in peers}
        for work in peers.values():
            work(0)
        for round_number in range(1, RUNS + 1):
            for entry in self.report(executable, pattern)["benchmarks"]:
                spent.setdefault(entry["name"], []).append(entry["cpu_time"] * UNITS[entry["time_unit"]])
            for name, work in peers.items():
                spent[name].append(cpu_seconds(work, round_number))
        return {name: statistics.median(times) for name, times in spent.items()}

    def rounds(self, *shapes, kind):
        """A tuple of arrays for every round."""
        return [tuple(self.random.standard_normal(shape).astype(kind) for shape in shapes) for _ in range(RUNS + 1)]


def compare_samples(benches, results):
    """Tests of two samples that nobody has sorted."""
    million = 1_000_000
    tests = (
        ("kolmogorov_smirnov", "Kolmogorov-Smirnov", "ks_2samp, asymptotic", {"float": 40, "double": 25},
         lambda x, y: scipy.stats.ks_2samp(x, y, method="asymp")),
        ("cramer_von_mises", "Cramér-von Mises", "cramervonmises_2samp, asymptotic", 20,
         lambda x, y: scipy.stats.cramervonmises_2samp(x, y, method="asymptotic")),
        ("anderson_darling", "Anderson-Darling", "anderson_ksamp, midranks", 20,
         lambda x, y: scipy.stats.anderson_ksamp([x, y], variant="midrank")),
        ("mann_whitney", "Mann-Whitney", "mannwhitneyu, asymptotic", 20,
         lambda x, y: scipy.stats.mannwhitneyu(x, y, method="asymptotic")),
        ("wasserstein", "Wasserstein-1, the distance", "wasserstein_distance", 20, scipy.stats.wasserstein_distance),
        ("energy_distance", "energy distance, the distance", "energy_distance", 20, scipy.stats.energy_distance),
    )
    for name, (short, kind) in TYPES.items():
        samples = benches.rounds(million, million, kind=kind)
        for benchmark, title, function, bar, test in tests:
            ours = f"{benchmark}<{name}>/{million}"
            times = benches.beside("samples", f"^{ours}$", {"peer": lambda i: test(*samples[i])})
            results.add(f"{title}, 10⁶ against 10⁶, {short}", times[ours], f"{SCIPY} {function}", times["peer"], "ms",
                        1e3, bar[name] if isinstance(bar, dict) else bar)


def compare_frozen(benches, results):
    """Live values against a reference of 10,000 that is prepared once, of well-behaved and of crafted values."""
    crafted = {"clusters": [], "ties": []}
    for name, (short, kind) in TYPES.items():
        for live in (1000, 10_000, 100_000):
            samples = benches.rounds(10_000, live, kind=kind)
            for reference, _ in samples:
                reference.sort()  # as much as SciPy's can be prepared
            times = benches.beside("samples", f"^kolmogorov_smirnov_frozen.*<{name}>/{live}$",
                                   {"peer": lambda i: scipy.stats.ks_2samp(*samples[i], method="asymp")})
            typical = times[f"kolmogorov_smirnov_frozen<{name}>/{live}"]
            size = f"{live:,} against a frozen 10,000, {short}"
            results.add(f"Kolmogorov-Smirnov, {size}", typical, f"{SCIPY} ks_2samp, asymptotic, sorted reference",
                        times["peer"], "µs", 1e6, 40)
            for kind_of, found in crafted.items():
                found.append((times[f"kolmogorov_smirnov_frozen_{kind_of}<{name}>/{live}"] / typical, typical, size))
    for kind_of, title in (("clusters", "two narrow clusters"), ("ties", "ten different values")):
        ratio, typical, size = max(crafted[kind_of])
        results.note(f"the same of {title}; the worst: {size}", f"{ratio * typical * 1e6:.3g} µs",
                     "vedette, typical values", f"{typical * 1e6:.3g} µs", f"{ratio:.2g}× as long",
                     f"≤ 4× {verdict(ratio <= 4)}")


def compare_mmd(benches, results):
    """The whole test: kernel, statistic and 1,000 permutations."""
    n, sampled = 1000, 5
    for d, limit in ((64, 0.030), (768, 0.075)):
        pooled = benches.rounds((2 * n, d), kind=np.float32)
        factor = np.float32(0.5 / d)
        gathered = f"gathering the kernel each time ({sampled} of {mmd.PERMUTATIONS:,}, scaled up)"

        def products(i):
            mmd.products(mmd.kernel(pooled[i][0], factor), n, n)

        kernels = [mmd.kernel(z, factor) for z, in pooled]
        ours = f"mmd_f32/plain/{n}/{d}"
        times = benches.beside("mmd", f"^{ours}$", {
            "products": products, "kernel": lambda i: mmd.kernel(pooled[i][0], factor),
            "gather": lambda i: mmd.by_indexing(kernels[i], n, n, sampled)})
        work = f"MMD, 1,000 permutations, 2 × {n:,} rows of {d} features, f32"
        results.add(work, times[ours], f"{NUMPY}, one matrix product of all labellings", times["products"], "ms", 1e3,
                    4.5, limit)
        stage = benches.report("mmd", f"^kernel_stage/{n}/{d}$")["benchmarks"]
        best = stage[0]["best_ms"]
        results.note(f"its kernel stage alone, 2 × {n:,} rows of {d} features", f"{best:.3g} ms", "FMA of the same core",
                     mmd.of_fma(stage, n, d), "", "" if "of_fma" not in stage[0] else
                     f"≥ 80 % of the FMA bound {verdict(stage[0]['of_fma'] >= 0.8)}")
        results.add(work, times[ours], f"{NUMPY}, {gathered}",
                    times["kernel"] + times["gather"] * mmd.PERMUTATIONS / sampled, "ms", 1e3)


def progressive(rows, labels):
    """Each fold is scored by a model of all folds before it, as vedette does."""
    rows = StandardScaler().fit_transform(rows)
    folds = [fold for _, fold in StratifiedKFold(10, shuffle=True, random_state=0).split(rows, labels)]
    return [roc_auc_score(labels[fold], LogisticRegression().fit(
        rows[before], labels[before]).decision_function(rows[fold]))
        for fold, before in ((folds[k], np.concatenate(folds[:k])) for k in range(1, 10))]


def compare_classifier(benches, results):
    n, d = 1000, 64
    pooled = benches.rounds((2 * n, d), kind=np.float64)
    labels = np.repeat([0, 1], n)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    ours = f"classifier/null/{n}/{d}"
    times = benches.beside("classifier", f"^{ours}$", {
        "the same fits": lambda i: progressive(pooled[i][0], labels),
        "cross_val_score, 10 folds": lambda i: cross_val_score(model, pooled[i][0], labels, cv=10, scoring="roc_auc")})
    for name in list(times)[:2]:
        results.add(f"classifier test, 2 × {n:,} rows of {d} features, f64", times[ours],
                    f"{SKLEARN} LogisticRegression, {name}", times[name], "ms", 1e3)


def compare_sketch(benches, results):
    """The whole array is given to both in one call."""
    count = 1 << 20
    sketches = {"float": datasketches.kll_floats_sketch, "double": datasketches.kll_doubles_sketch}
    for name, (short, kind) in TYPES.items():
        values = [values for values, in benches.rounds(count, kind=kind)]
        for k in (200, 4096):
            sketch = sketches[name](k)
            ours = f"update<{name}>/{k}"
            times = benches.beside("sketch", f"^{ours}$", {"peer": lambda i: sketch.update(values[i])})
            results.add(f"KLL sketch of k = {k}, update by an array of 2²⁰, {short}", times[ours] / count,
                        f"{DATASKETCHES} {sketches[name].__name__}.update", times["peer"] / count, "ns/value", 1e9)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--benches", required=True, type=pathlib.Path, help="folder of the benchmarks")
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    benches, results = Benches(options.benches), Results()
    compare_samples(benches, results)
    compare_frozen(benches, results)
    compare_mmd(benches, results)
    compare_classifier(benches, results)
    compare_sketch(benches, results)
    context = benches.report("mmd", "permutation_stage/500")["context"]
    text = results.markdown(header(context["instruction_set"], RUNS, ("NumPy", np.__version__),
                                   ("SciPy", scipy.__version__)))
    print(text)
    if options.output:
        options.output.write_text(text)


if __name__ == "__main__":
    main()
