# SPDX-License-Identifier: Apache-2.0
"""Level and power of another package's own detectors, as it decides by default, on the laws of power_laws.py:
python power_peers.py alibi_detect|evidently|frouros|nannyml RESULTS_OF_BENCH_POWER.json >PEER.json"""
import contextlib
import importlib.metadata
import importlib.util
import json
import logging
import math
import pathlib
import sys
import warnings

import numpy as np
from power_laws import measure, rows_and_runs


def labels(counts):
    """Rows of categories, of their counts."""
    return np.repeat(np.arange(len(counts)), counts)


def answered(ask):
    """What a package refuses, or answers with NaN, is no alarm."""
    def safe(*pair):
        try:
            score, alarm = ask(*pair)
        except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
            return math.inf, False
        return (math.inf, False) if math.isnan(score) else (float(score), alarm if alarm is None else bool(alarm))
    return safe


def of_categories(methods):
    return {name: lambda x, y, ask=ask: ask(labels(x), labels(y)) for name, ask in methods.items()}


def alibi_detect():
    from alibi_detect.cd import ChiSquareDrift, CVMDrift, FETDrift, KSDrift

    def decided(detector, live):
        data = detector.predict(live)["data"]
        return float(np.min(data["p_val"])), data["is_drift"]

    column = lambda detector: lambda x, y: decided(detector(x.reshape(-1, 1), p_val=0.05), y.reshape(-1, 1))
    seen = lambda x, y: {0: sorted(set(x.tolist()) | set(y.tolist()))}
    chi = lambda x, y: decided(ChiSquareDrift(x.reshape(-1, 1), p_val=0.05, categories_per_feature=seen(x, y)), y.reshape(-1, 1))

    rows = {"KSDrift": lambda x, y: decided(KSDrift(x, p_val=0.05), y)}
    if importlib.util.find_spec("torch"):
        from alibi_detect.cd import LSDDDrift, MMDDrift
        for name, detector in (("MMDDrift", MMDDrift), ("LSDDDrift", LSDDDrift)):
            rows[name] = lambda x, y, detector=detector: decided(
                detector(x.astype(np.float32), backend="pytorch", p_val=0.05, n_permutations=100), y.astype(np.float32))
    fisher = lambda x, y: decided(FETDrift((x == 0).astype(int), p_val=0.05, alternative="two-sided"), (y == 0).astype(int))
    return {"one feature": {"KSDrift": column(KSDrift), "CVMDrift": column(CVMDrift)},
            "categories": of_categories({"ChiSquareDrift": chi}),
            "a rate": of_categories({"ChiSquareDrift": chi, "FETDrift": fisher}), "several features": rows}


def evidently():
    import pandas as pd
    from evidently.legacy.calculations import stattests  # noqa: F401  (registers them)
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    def asked(name, kind):
        def ask(x, y):
            reference, live = pd.Series(x), pd.Series(y)
            test = get_stattest(reference, live, kind, name)
            found = test(reference, live, kind, None)
            return found.drift_score * (-1.0 if name == "wasserstein" else 1.0), found.drifted
        return ask

    # Up to 1,000 rows its default is Kolmogorov-Smirnov, of categories chi-square, of two of them z. Its TVD, which draws a
    # thousand permutations by pandas, takes a second a pair.
    numbers = {f"{name or 'default'}": asked(name, ColumnType.Numerical)
               for name in (None, "cramer_von_mises", "anderson", "es", "t_test", "wasserstein")}
    categories = {f"{name or 'default'}": asked(name, ColumnType.Categorical) for name in (None, "g_test")}
    rate = {f"{name or 'default'}": asked(name, ColumnType.Categorical) for name in (None, "fisher_exact")}
    return {"one feature": numbers, "categories": of_categories(categories), "a rate": of_categories(rate)}


def frouros():
    from frouros.detectors import data_drift

    def asked(detector):
        def ask(x, y):
            own = detector()
            own.fit(X=x)
            p = own.compare(X=y)[0].p_value
            return p, p <= 0.05
        return ask

    names = ("KSTest", "CVMTest", "AndersonDarlingTest", "KuiperTest", "MannWhitneyUTest", "WelchTTest")
    return {"one feature": {name: asked(getattr(data_drift, name)) for name in names},
            "categories": of_categories({"ChiSquareTest": asked(data_drift.ChiSquareTest)}),
            "a rate": of_categories({"ChiSquareTest": asked(data_drift.ChiSquareTest)})}


def nannyml():
    import pandas as pd
    from nannyml.chunk import DefaultChunker
    from nannyml.drift.univariate.calculator import DEFAULT_THRESHOLDS
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory

    def asked(key, kind, convert):
        def ask(x, y):
            # Its threshold: the mean of ten chunks of the reference and three of their standard deviations; chi2 by p.
            method = MethodFactory.create(key=key, feature_type=kind, chunker=DefaultChunker(), threshold=DEFAULT_THRESHOLDS[key],
                                          computation_params={})
            method.fit(reference_data=convert(x), timestamps=None)
            value = method.calculate(convert(y))
            return -value, method.alert(value)
        return ask

    continuous, categorical = FeatureType.CONTINUOUS, FeatureType.CATEGORICAL
    series = lambda x: pd.Series(x, name="x")
    texts = lambda x: series(x).astype(str).astype("category")
    numbers = {key: asked(key, continuous, series)
               for key in ("jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger")}
    categories = {key: asked(key, categorical, texts) for key in ("jensen_shannon", "chi2", "l_infinity", "hellinger")}
    return {"one feature": numbers, "categories": of_categories(categories), "a rate": of_categories(categories)}


def main():
    peer, results = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text())
    package = peer.replace("_", "-")
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(sys.stderr):  # some print while they work
        title = f"{package} {importlib.metadata.version(package)}"
        groups = {"alibi_detect": alibi_detect, "evidently": evidently, "frouros": frouros, "nannyml": nannyml}[peer]()
        out = {}
        for group in results["groups"]:
            methods = {f"{title} {name}": answered(ask) for name, ask in groups.get(group["title"], {}).items()}
            if methods:
                out[group["title"]] = measure(methods, group, results["level"], *rows_and_runs(results, group))
    print(json.dumps(out))


if __name__ == "__main__":
    main()
