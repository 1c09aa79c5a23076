# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of the tests on tables of counts and of moments with SciPy: `python contingency_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
from scipy import stats
from scipy.stats.contingency import association

tables = [[[12, 30], [25, 18]], [[3, 9], [8, 2]], [[50, 950], [90, 910]], [[1, 20], [7, 13]], [[10, 20, 30], [6, 6, 33]],
          [[5, 1, 8, 2], [9, 4, 4, 4], [3, 8, 1, 6]], [[100, 200], [101, 199]], [[8, 0], [2, 11]],
          [[100000, 200000], [100900, 199100]]]


def independence(table):
    rows, columns = np.shape(table)
    out = {"rows": rows, "columns": columns, "counts": [int(c) for c in np.ravel(table)]}
    for name, law in [("chi_square", "pearson"), ("g_test", "log-likelihood")]:
        for yates in [False, True]:
            r = stats.chi2_contingency(table, correction=yates, lambda_=law)
            out[name + ("_yates" if yates else "")] = [float(r.statistic), float(r.pvalue), float(r.dof)]
    out["cramers_v"] = float(association(np.array(table), method="cramer"))
    if (rows, columns) == (2, 2) and np.sum(table) < 10000:
        # our alternative is about the second row, SciPy's about the first
        for ours, theirs in [("two_sided", "two-sided"), ("less", "greater"), ("greater", "less")]:
            out["fisher_" + ours] = float(stats.fisher_exact(table, alternative=theirs).pvalue)
        swapped = stats.contingency.odds_ratio(np.array(table)[::-1], kind="conditional").confidence_interval(0.95)
        with np.errstate(divide="ignore"):
            limits = np.log([swapped.low, swapped.high])
        out["log_odds"] = [float(v) if np.isfinite(v) else None for v in limits]
    return out


def noncentral():
    cases = [(3.0, 1, 2.0), (20.0, 4, 11.0), (150.0, 30, 90.0), (9000.0, 10, 8900.0), (1.2, 6, 0.5)]
    return [{"x": x, "dof": k, "noncentrality": n, "cdf": float(stats.ncx2.cdf(x, k, n))} for x, k, n in cases]


def moments():
    generator = np.random.default_rng(5)
    out = []
    for n, m, shift, scale in [(12, 9, 0.3, 2.0), (60, 45, 1.0, 0.4), (2, 3, 0.0, 1.0)]:
        x = generator.normal(1e3, 1.0, n)
        y = generator.exponential(scale, m) + 1e3 + shift
        row = {"reference": x.tolist(), "live": y.tolist()}
        for ours, theirs in [("two_sided", "two-sided"), ("less", "less"), ("greater", "greater")]:
            r = stats.ttest_ind(y, x, equal_var=False, alternative=theirs)
            row["welch_" + ours] = [float(r.statistic), float(r.pvalue), float(r.df)]
        for centre in ["median", "mean", "trimmed"]:
            r = stats.levene(x, y, center=centre)
            row[centre] = [float(r.statistic), float(r.pvalue)]
        r = stats.levene(x, y, x[: n // 2 + 1] * 2.0)
        row["three"] = [float(r.statistic), float(r.pvalue)]
        out.append(row)
    return out


content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__},
           "tables": [independence(table) for table in tables], "noncentral": noncentral(), "moments": moments()}
path = pathlib.Path(sys.argv[1]) / "contingency.json"
path.write_text(json.dumps(content, allow_nan=False, indent=0) + "\n")
