# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of the statistics tests with SciPy and statsmodels: `python stats_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
import statsmodels
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

folder = pathlib.Path(sys.argv[1])
versions = {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__}
generator = np.random.default_rng(20240607)


def write(name, content):
    text = json.dumps({"versions": versions, **content}, allow_nan=True, indent=0)
    (folder / name).write_text(text.replace("NaN", "null") + "\n")


def distributions():
    rows = []

    def add(function, arguments, value):
        rows.append({"function": function, "arguments": [float(a) for a in arguments], "value": float(value)})

    for x in [-37.0, -5.0, -1.0, 0.0, 0.3, 2.0, 6.0, 30.0]:
        add("normal_cdf", [x], stats.norm.cdf(x))
        add("normal_sf", [x], stats.norm.sf(x))
    for p in [1e-300, 1e-10, 0.01, 0.5, 0.975, 1 - 1e-12]:
        add("normal_quantile", [p], stats.norm.ppf(p))
    for k in [0.5, 1, 2, 3.1, 15, 61, 62, 1023]:
        for ratio in [0.01, 0.5, 0.9, 1, 1.1, 1.5, 2, 5]:
            add("chi_squared_sf", [k * ratio, k], stats.chi2.sf(k * ratio, k))
        for p in [1e-6, 0.05, 0.5, 0.99]:
            add("chi_squared_quantile", [p, k], stats.chi2.ppf(p, k))
    for k in [1, 2.5, 30, 1e6]:
        for t in [-40.0, -1.0, 0.0, 0.5, 3.0, 50.0]:
            add("student_t_sf", [t, k], stats.t.sf(t, k))
        for p in [1e-8, 0.1, 0.5, 0.995]:
            add("student_t_quantile", [p, k], stats.t.ppf(p, k))
    for a, b in [(1, 1), (3, 10), (50, 7.5)]:
        for x in [0.01, 0.8, 3.0, 100.0]:
            add("f_sf", [x, a, b], stats.f.sf(x, a, b))
    for k, n, p in [(0, 10, 0.1), (3, 10, 0.5), (40, 1000, 0.05), (10, 10, 0.3), (500, 1000000, 0.0006)]:
        add("binomial_cdf", [k, n, p], stats.binom.cdf(k, n, p))
    for a, b in [(1, 1), (0.5, 20), (30, 3)]:
        for p in [1e-6, 0.025, 0.5, 0.975]:
            add("beta_quantile", [p, a, b], special.betaincinv(a, b, p))
    for at_most, population, successes, draws in [(1, 200, 100, 5), (0, 1000, 900, 3), (3, 50, 10, 20), (1, 2000000, 1000000, 30),
                                                  (100, 1000, 300, 400), (10, 100000, 1000, 1000), (12, 30, 20, 22)]:
        add("hypergeometric_cdf", [at_most, population, successes, draws],
            stats.hypergeom.cdf(at_most, population, successes, draws))
    for z in [0.1, 0.3, 0.7, 0.99, 1.01, 1.36, 2.0, 5.0]:
        add("kolmogorov_sf", [z], stats.kstwobign.sf(z))
    for q in [0.9999, 0.5, 0.05, 0.01, 1e-12]:
        add("kolmogorov_quantile_upper", [q], stats.kstwobign.isf(q))
    for n in [1, 2, 5, 8, 20, 30, 63, 64, 100, 500, 1000, 10000, 1000000]:
        for z in [0.2, 0.45, 0.6, 0.8, 1.0, 1.2, 1.3, 1.36, 1.63, 2.0, 2.5, 3.0]:
            d = z / np.sqrt(n)
            if d < 1:
                add("kolmogorov_finite_sf", [d, n], stats.kstwo.sf(d, n))
    write("distributions.json", {"rows": rows})


def intervals():
    rates, differences = [], []
    for k, n in [(0, 10), (1, 10), (5, 10), (10, 10), (3, 1000), (999, 1000), (50000, 1000000)]:
        for level in [0.9, 0.95, 0.99]:
            rates.append({"successes": k, "trials": n, "level": level,
                          "wilson": [float(v) for v in proportion_confint(k, n, 1 - level, "wilson")],
                          "clopper_pearson": [float(v) for v in proportion_confint(k, n, 1 - level, "beta")]})
    for k1, n1, k2, n2 in [(0, 20, 0, 30), (3, 50, 10, 40), (56, 70, 48, 80), (0, 1000, 5, 10), (10, 10, 0, 20)]:
        low, high = confint_proportions_2indep(k2, n2, k1, n1, method="newcomb", compare="diff", alpha=0.05)
        differences.append({"k1": k1, "n1": n1, "k2": k2, "n2": n2, "newcombe": [float(low), float(high)]})
    write("intervals.json", {"rates": rates, "differences": differences})


def multiple_testing():
    families = []
    names = {"bonferroni": "bonferroni", "holm": "holm", "benjamini_hochberg": "fdr_bh", "benjamini_yekutieli": "fdr_by"}
    for size in [1, 2, 7, 40]:
        p = np.round(generator.beta(0.3, 2.0, size), 6)
        p[size // 2] = p[0]
        families.append({"p": p.tolist(), **{ours: multipletests(p, method=theirs)[1].tolist()
                                             for ours, theirs in names.items()}})
    write("multiple_testing.json", {"families": families})


def drift():
    cases = []
    for cells, n, m, drift_size in [(2, 500, 700, 0.1), (4, 3000, 3000, 0.0), (10, 5000, 20000, 0.2), (40, 100000, 30000, 0.05),
                                    (150, 1000000, 2000000, 0.3)]:
        p = generator.dirichlet(np.full(cells, 20.0))
        q = p * np.exp(drift_size * generator.normal(size=cells))
        r, l = generator.multinomial(n, p), generator.multinomial(m, q / q.sum())
        table = np.array([r, l])
        chi = stats.chi2_contingency(table, correction=False)
        g = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
        places = np.arange(cells, dtype=float) ** 1.3
        # Jeffreys-smoothed shares, half a count per cell
        a, b = (r + 0.5) / (n + cells / 2), (l + 0.5) / (m + cells / 2)
        cases.append({
            "reference": r.tolist(), "live": l.tolist(), "places": places.tolist(),
            "chi_square": float(chi.statistic), "chi_square_p": float(chi.pvalue), "dof": int(chi.dof), "g": float(g.statistic),
            "cramers_v": float(stats.contingency.association(table, method="cramer")),
            "psi": float(stats.entropy(a, b) + stats.entropy(b, a)),
            "jensen_shannon_distance_bits": float(jensenshannon(a, b, base=2)),
            "hellinger": float(np.sqrt(1 - np.sum(np.sqrt(a * b)))),
            "total_variation": float(0.5 * np.abs(r / n - l / m).sum()),
            "wasserstein": float(stats.wasserstein_distance(places, places, r, l)),
            "ks": float(np.abs(np.cumsum(r) / n - np.cumsum(l) / m).max()),
            "ks_p": float(stats.kstwo.sf(np.abs(np.cumsum(r) / n - np.cumsum(l) / m).max(), np.round(n * m / (n + m))))})
    fisher = []
    for k1, n1, k2, n2 in [(0, 10, 5, 12), (3, 1000, 9, 1000), (0, 100000, 2, 100), (5, 50, 5, 50), (1, 3, 2, 3), (0, 30, 1, 4000),
                           (12, 15, 400000, 1000000), (7, 900, 0, 400)]:
        p = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue
        fisher.append({"k1": k1, "n1": n1, "k2": k2, "n2": n2, "p": float(p)})
    pooled_z = []
    for k1, n1, k2, n2 in [(100, 1000, 130, 1000), (5000, 100000, 60, 1000), (500, 900, 450, 900)]:
        # Pearson's chi-square without continuity correction is the square of the pooled z
        chi = stats.chi2_contingency([[k1, n1 - k1], [k2, n2 - k2]], correction=False)
        pooled_z.append({"k1": k1, "n1": n1, "k2": k2, "n2": n2, "p": float(chi.pvalue)})
    write("drift.json", {"cases": cases, "fisher": fisher, "pooled_z": pooled_z})


distributions()
intervals()
multiple_testing()
drift()
