# SPDX-License-Identifier: Apache-2.0
"""Writes what other packages make of the same samples: `python divergences_oracle.py PACKAGE data`, PACKAGE in turn
formulas (NumPy and SciPy), evidently, nannyml, frouros and deepchecks, each run where that package is installed. Cases
that the file has answers of the package for keep them; without the file, all are asked again.
"""
import json
import pathlib
import sys

import numpy as np

package, folder = sys.argv[1], pathlib.Path(sys.argv[2])
versions = {"numpy": np.__version__}


def numeric_cases():
    generator = np.random.default_rng(20261127)
    normal = lambda n, shift=0.0, scale=1.0: np.round(generator.normal(shift, scale, n), 4)
    yield "no drift", normal(200), normal(150)
    yield "shift", normal(300), normal(100, 0.6)
    yield "far apart", normal(120), normal(130, 9)
    yield "an outlier", normal(256), np.append(normal(255, 0.1), 60.0)
    yield "power of two", normal(512), normal(512, 0, 1.5)
    yield "skewed", np.round(np.exp(normal(400)), 4), np.round(np.exp(normal(400, 0.2)), 4)
    yield "few values", generator.integers(0, 6, 90).astype(float), generator.integers(0, 8, 110).astype(float)
    yield "twenty values", np.arange(200.0) % 20, np.arange(90.0) % 23
    yield "twenty-one values", np.arange(210.0) % 21, np.arange(90.0) % 23
    yield "constant", np.full(30, 2.5), np.full(20, 2.5)
    yield "constants apart", np.full(30, 2.5), np.full(20, 3.5)


def lattice(count, offset=0.0, step=7919, modulus=10007, unit=1024.0, nan=0):
    """Numbers that need no room in the file: exact in binary, their order shuffled, more of them small than large; a NaN
    at every `nan`-th place."""
    return {"count": count, "offset": offset, "step": step, "modulus": modulus, "unit": unit} | ({"nan": nan} if nan else {})


# NannyML estimates from 10,000 values of the reference on; below, above and within the reference's range.
LATTICES = [("ten thousand", lattice(10007), lattice(500, 640.0, 31)), ("ten thousand, below", lattice(10000), lattice(300, -2048.0, 97)),
            ("ten thousand, apart", lattice(10007), lattice(40, 131072.0)), ("ten thousand, no drift", lattice(10007), lattice(900)),
            ("NaN", lattice(400, nan=7), lattice(300, 640.0, 31, nan=11)),
            ("tens of thousands, NaN", lattice(40009, modulus=40009, nan=101), lattice(25013, 640.0, 31, 40009, nan=97)),
            ("a hundred thousand", lattice(100003, modulus=100003), lattice(60013, 65536.0, 31, 100003)),
            ("a hundred thousand live, NaN", lattice(5003, modulus=5003, nan=13), lattice(100003, 64.0, 31, 100003, 524288.0, nan=17))]


def values_of(side):
    if isinstance(side, list):
        return side
    product = np.arange(side["count"], dtype=np.int64) * side["step"] % side["modulus"]
    values = product * product / side["unit"] + side["offset"]
    if side.get("nan"):
        values[(np.arange(len(values)) + 1) % side["nan"] == 0] = np.nan
    return values.tolist()


def without_nan(side):
    """As evidently's reports leave NaN out before they ask; frouros and deepchecks are given the same."""
    return [value for value in side if not np.isnan(value)]


COUNTS = [("no drift", [500, 300, 200], [240, 160, 100]), ("zero live", [500, 300, 200], [500, 500, 0]),
          ("new category", [500, 500, 0], [400, 400, 200]), ("one in twenty thousand", [19999, 1, 0], [900, 0, 100]),
          ("rare in the reference", [980, 5, 5, 10], [700, 100, 190, 10]),
          ("rare live", [900, 20, 30, 50], [980, 5, 5, 10]), ("unequal", [1960, 19, 21], [100, 30, 70]),
          ("disjoint", [40, 60, 0, 0], [0, 0, 30, 70]), ("many", list(range(1, 41)), list(range(40, 0, -1)))]


def texts(counts):
    return sum([[f"c{i:02}"] * count for i, count in enumerate(counts)], [])


def finite(value):
    """Infinity is null in JSON; NaN, which some packages answer, a word."""
    return "nan" if np.isnan(value) else float(value) if np.isfinite(value) else None


def run_evidently():
    import evidently
    import pandas as pd
    from evidently.legacy.calculations.stattests import (energy_dist_test, hellinger_stat_test, jensenshannon_stat_test,
                                                         kl_div_stat_test, psi_stat_test, tvd_stattest,
                                                         wasserstein_stat_test)
    from evidently.legacy.core import ColumnType
    versions["evidently"] = evidently.__version__
    tests = {"psi": psi_stat_test, "kl": kl_div_stat_test, "js": jensenshannon_stat_test,
             "hellinger": hellinger_stat_test}
    distances = {"wasserstein": wasserstein_stat_test, "energy": energy_dist_test}

    def run(x, y, kind):
        out = {}
        for name, test in {**tests, **(distances if kind == ColumnType.Numerical else {})}.items():
            result = test(pd.Series(x), pd.Series(y), kind, test.default_threshold)
            out[name] = [finite(result.drift_score), bool(result.drifted)]
        if kind == ColumnType.Categorical:
            # Its score is a p-value by permutation of this number.
            out["tv"] = [finite(tvd_stattest._total_variation_distance(pd.Series(x), pd.Series(y))), None]
        return out

    return (lambda x, y: run(x, y, ColumnType.Numerical)), (lambda a, b: run(texts(a), texts(b), ColumnType.Categorical))


def run_nannyml():
    import nannyml
    import pandas as pd
    from nannyml.chunk import DefaultChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import ConstantThreshold
    versions["nannyml"] = nannyml.__version__

    def run(x, y, kind):
        out = {}
        names = {"js": "jensen_shannon", "hellinger": "hellinger"}
        if kind == FeatureType.CONTINUOUS:
            names.update(wasserstein="wasserstein", ks="kolmogorov_smirnov")
        else:
            names["l_infinity"] = "l_infinity"
        for ours, theirs in names.items():
            method = MethodFactory.create(key=theirs, feature_type=kind, chunker=DefaultChunker(),
                                          threshold=ConstantThreshold(lower=None, upper=0.1),
                                          computation_params={})
            method._fit(pd.Series(x))
            value = method._calculate(pd.Series(y))
            # Its Wasserstein distance is in the unit of the values; both distances have no fixed threshold.
            out[ours] = [finite(value), None if ours in ("wasserstein", "ks") else bool(value > 0.1)]
        return out

    return (lambda x, y: run(x, y, FeatureType.CONTINUOUS)), (
        lambda a, b: run(texts(a), texts(b), FeatureType.CATEGORICAL))


def run_frouros():
    import importlib.metadata
    from frouros.detectors.data_drift import (EMD, JS, KL, PSI, BhattacharyyaDistance, EnergyDistance, HellingerDistance,
                                              HINormalizedComplement)
    versions["frouros"] = importlib.metadata.version("frouros")

    def run(x, y):
        out = {}
        for name, detector in [("psi", PSI()), ("hellinger", HellingerDistance()), ("kl", KL()), ("js", JS()),
                               ("wasserstein", EMD()), ("energy", EnergyDistance()),
                               ("bhattacharyya", BhattacharyyaDistance()), ("tv", HINormalizedComplement())]:
            detector.fit(X=np.asarray(x))
            out[name] = [finite(detector.compare(X=np.asarray(y))[0].distance), None]
        return out

    return run, None


def run_deepchecks():
    import deepchecks
    import pandas as pd
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import FeatureDrift
    versions["deepchecks"] = deepchecks.__version__

    def run(methods, sides, categories):
        sides = [Dataset(pd.DataFrame({"c": side}), cat_features=categories) for side in sides]
        out = {}
        for name, method in methods.items():
            of_kind = {"categorical_drift_method" if categories else "numerical_drift_method": method}
            check = FeatureDrift(**of_kind, min_samples=1, n_samples=10**9)  # by default it draws 100,000 rows
            result = check.add_condition_drift_score_less_than().run(*sides)
            passed = result.conditions_results[0].is_pass()
            out[name] = [finite(result.value["c"]["Drift score"]), not passed]
        return out

    return (lambda x, y: run({"wasserstein": "EMD", "ks": "KS"}, (x, y), [])), (
        lambda a, b: run({"psi": "PSI", "cramers_v": "cramers_v"}, (texts(a), texts(b)), ["c"]))


def corrected_cramers_v(counts, stats):
    """Bergsma (2013), A bias-correction for Cramer's V and Tschuprow's T."""
    total = counts.sum()
    rows, columns = counts.shape
    squared = stats.chi2_contingency(counts, correction=False).statistic / total
    squared = max(0.0, squared - (rows - 1) * (columns - 1) / (total - 1))
    rows, columns = (k - (k - 1) ** 2 / (total - 1) for k in (rows, columns))
    return np.sqrt(squared / (min(rows, columns) - 1))


def run_formulas():
    import scipy
    from scipy import stats
    from scipy.spatial import distance
    versions["scipy"] = scipy.__version__

    def run(a, b):
        out = {}
        for rule in ["add", "exact", "floor"]:
            p, q = np.asarray(a, float), np.asarray(b, float)
            if rule == "add":
                p, q = p + 0.5, q + 0.5
            p, q = p / p.sum(), q / q.sum()
            if rule == "floor":
                p, q = np.where(p == 0, 1e-4, p), np.where(q == 0, 1e-4, q)
            with np.errstate(divide="ignore", invalid="ignore"):
                psi = np.where(p == q, 0, (p - q) * np.log(p / q)).sum()
            p, q = p / p.sum(), q / q.sum()
            out[rule] = {"psi": finite(psi), "kl_reference": finite(stats.entropy(p, q)),
                         "kl_live": finite(stats.entropy(q, p)), "js": finite(distance.jensenshannon(p, q) ** 2),
                         "js_bits": finite(distance.jensenshannon(p, q, 2) ** 2),
                         "hellinger": finite(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2)),
                         "total_variation": finite(np.abs(p - q).sum() / 2),
                         "l_infinity": finite(np.abs(p - q).max()), "bhattacharyya": finite(1 - np.sqrt(p * q).sum())}
        counts = np.asarray([a, b], float)
        out["cramers_v"] = finite(corrected_cramers_v(counts[:, counts.sum(axis=0) > 0], stats))
        return out

    return None, run


numeric, categorical = globals()[f"run_{package}"]()
path = folder / "divergences.json"
content = json.loads(path.read_text()) if path.exists() else {"numeric": [], "categories": []}
if not content["numeric"]:
    content["numeric"] = [{"name": n, "reference": x.tolist(), "live": y.tolist()} for n, x, y in numeric_cases()]
    content["numeric"] += [{"name": n, "reference": x, "live": y} for n, x, y in LATTICES]
    content["categories"] = [{"name": n, "reference": a, "live": b} for n, a, b in COUNTS]
known = {row["name"] for row in content["numeric"]}
content["numeric"] += [{"name": n, "reference": x, "live": y} for n, x, y in LATTICES if n not in known]
kept = (lambda side: side) if package == "nannyml" else without_nan  # which leaves them out itself
asked = 0
for row in content["numeric"] if numeric else []:
    if package not in row:
        row[package] = numeric(kept(values_of(row["reference"])), kept(values_of(row["live"])))
        asked += 1
for row in content["categories"] if categorical else []:
    if package not in row:
        row[package] = categorical(row["reference"], row["live"])
        asked += 1
earlier = content.setdefault("versions", {}).get(package)
if earlier and asked and earlier["numpy"] != versions["numpy"]:
    versions = earlier | {"numpy of more than 20,000 values, and of NaN": versions["numpy"]}
if asked:
    content["versions"][package] = versions
path.write_text(json.dumps(content, separators=(",", ":")).replace("},{", "},\n{") + "\n")
