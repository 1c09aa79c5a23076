# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of the tests on samples with SciPy and mpmath: `python sample_tests_oracle.py data`."""
import json
import math
import pathlib
import sys
import warnings

import mpmath
import numpy as np
import scipy
from scipy import stats

warnings.simplefilter("ignore")
folder = pathlib.Path(sys.argv[1])
generator = np.random.default_rng(20250301)
SIDES = {"two_sided": "two-sided", "less": "less", "greater": "greater"}


def brute_force(reference, live):
    """The exact conditional laws of D, D+, D-, T and 2 U over all assignments of the pooled values."""
    from itertools import combinations
    pooled = np.sort(np.concatenate([reference, live]))
    n, m = len(reference), len(live)
    ends = np.append(np.flatnonzero(np.diff(pooled)), n + m - 1)
    ranks = stats.rankdata(pooled)

    def describe(indices):
        chosen = np.zeros(n + m, dtype=int)
        chosen[list(indices)] = 1
        up = np.cumsum(chosen)
        difference = up * m - (np.arange(1, n + m + 1) - up) * n
        at_ends = difference[ends]
        rx, ry = ranks[chosen == 1], ranks[chosen == 0]
        u = n * np.sum((rx - np.arange(1, n + 1)) ** 2) + m * np.sum((ry - np.arange(1, m + 1)) ** 2)
        return (max(at_ends.max(), -at_ends.min()), at_ends.max(), -at_ends.min(), u,
                ry.sum() - m * (m + 1) / 2)

    table = np.array([describe(c) for c in combinations(range(n + m), n)])
    # The observed assignment: reference values first within each tie group, in which order does not matter.
    order = np.argsort(np.concatenate([reference, live]), kind="stable")
    seen = describe(np.flatnonzero(order < n))
    tail = lambda i: float(np.mean(table[:, i] >= seen[i] - 1e-9))
    u_upper, u_lower = tail(4), float(np.mean(table[:, 4] <= seen[4] + 1e-9))
    return {"ks_two_sided": tail(0), "ks_greater": tail(1), "ks_less": tail(2), "cramer_von_mises": tail(3),
            "mann_whitney_greater": u_upper, "mann_whitney_less": u_lower,
            "mann_whitney_two_sided": min(1.0, 2 * min(u_upper, u_lower))}


def describe(name, reference, live, scipy_exact):
    reference, live = np.asarray(reference, float), np.asarray(live, float)
    n, m = len(reference), len(live)
    case = {"name": name, "reference": reference.tolist(), "live": live.tolist()}
    case["tied"] = len(np.unique(np.concatenate([reference, live]))) < n + m
    for ours, theirs in SIDES.items():
        r = stats.ks_2samp(reference, live, alternative=theirs, method="asymp")
        case[f"ks_{ours}"] = {"statistic": r.statistic, "asymptotic": r.pvalue}
        if scipy_exact:
            case[f"ks_{ours}"]["exact"] = stats.ks_2samp(reference, live, alternative=theirs, method="exact").pvalue
        r = stats.mannwhitneyu(live, reference, alternative=theirs, method="asymptotic")
        case[f"mann_whitney_{ours}"] = {"statistic": r.statistic, "asymptotic": r.pvalue}
        if n * m <= 2500:
            case[f"mann_whitney_{ours}"]["exact"] = stats.mannwhitneyu(live, reference, alternative=theirs,
                                                                       method="exact").pvalue
    if min(n, m) >= 2:
        r = stats.cramervonmises_2samp(reference, live, method="asymptotic")
        case["cramer_von_mises"] = {"statistic": r.statistic, "asymptotic": r.pvalue}
        if max(n, m) <= 12:
            case["cramer_von_mises"]["exact"] = stats.cramervonmises_2samp(reference, live, method="exact").pvalue
    for variant in ["midrank", "right"]:
        if n + m >= 4 and len(np.unique(np.concatenate([reference, live]))) > 1:
            r = stats.anderson_ksamp([reference, live], variant=variant)
            case[f"anderson_darling_{variant}"] = {"statistic": r.statistic, "table": r.pvalue}
    case["wasserstein_1"] = stats.wasserstein_distance(reference, live)
    case["energy_distance"] = stats.energy_distance(reference, live)
    case["kuiper"] = stats.ks_2samp(reference, live, alternative="less").statistic + stats.ks_2samp(
        reference, live, alternative="greater").statistic
    if math.comb(n + m, n) <= 20000:
        case["all_assignments"] = brute_force(reference, live)
    return case


def cases():
    normal = lambda n, shift=0.0: np.round(generator.normal(shift, 1, n), 6)
    whole = lambda n, shift=0, top=5: generator.integers(0, top, n) + shift
    yield "one each", [1.0], [2.0], True
    yield "one against five", [0.3], normal(5), True
    yield "tiny", normal(3), normal(4), True
    yield "equal sizes", normal(8), normal(8, 0.5), True
    yield "unequal sizes", normal(5), normal(11, -0.7), True
    yield "coprime", normal(40), normal(57, 0.2), True
    yield "few ties", whole(6, top=8), whole(9, top=8), True
    yield "heavy ties", whole(7, top=3), whole(7, 1, 3), True
    yield "coin tosses", [0, 1, 1, 0, 1, 1], [0, 0, 0, 1, 0, 0, 0], True
    yield "zero inflated", [0, 0, 0, 0, 0.5, 1.1], [0, 0, 0.2, 0.7, 1.3, 2.0], True
    yield "larger ties", whole(60, top=10), whole(45, 1, 10), True
    yield "hundred", normal(100), normal(100, 0.3), True
    yield "unequal hundreds", normal(30), normal(300, 0.4), True
    yield "far apart", normal(60), normal(60, 3), True
    yield "apart and unequal", normal(50), normal(75, 5), True
    yield "wide", normal(150), np.round(generator.normal(0, 3, 90), 6), True


def mixtures():
    """P(Q > x) by Smirnov's series: positive pieces between neighbouring pairs of eigenvalues, 40 digits."""
    mpmath.mp.dps = 30
    laws = {"cramer_von_mises": (lambda j: 1 / (mpmath.pi * j) ** 2,
                                 lambda y: mpmath.sqrt(abs(mpmath.sqrt(y) / mpmath.sin(mpmath.sqrt(y))))),
            "anderson_darling": (lambda j: mpmath.mpf(1) / (j * (j + 1)),
                                 lambda y: mpmath.sqrt(abs(mpmath.pi * y / mpmath.cos(
                                     mpmath.pi / 2 * mpmath.sqrt(1 + 4 * y)))))}
    # Far out all mass lies at the left end: halve the pieces towards it.
    ends = [-mpmath.pi / 2] + [mpmath.mpf(2) ** -i - mpmath.pi / 2 for i in range(8, -1, -1)] + [mpmath.pi / 2]
    rows = []
    for name, (weight, root) in laws.items():
        for x in [0.05, 0.2, 0.5, 1, 2.5, 6, 20, 100, 600]:
            total = mpmath.mpf(0)
            for k in range(1, 40):
                a, b = 1 / weight(2 * k - 1), 1 / weight(2 * k)
                # y = middle + half sin(t) takes the singularities at both ends away.
                middle, half = (a + b) / 2, (b - a) / 2
                piece = mpmath.quad(lambda t: mpmath.exp(-x * (middle + half * mpmath.sin(t)) / 2) /
                                    (middle + half * mpmath.sin(t)) * root(middle + half * mpmath.sin(t)) *
                                    half * mpmath.cos(t), ends)
                total += (-1) ** (k + 1) * piece / mpmath.pi
                if abs(piece) < mpmath.mpf(10) ** -16 * abs(total):
                    break
            rows.append({"law": name, "x": x, "tail": float(total)})
    for degrees in [1, 2, 5, 6]:
        for ratio in [0.3, 1, 4, 30]:
            rows.append({"law": "equal", "degrees": degrees, "x": ratio * degrees,
                         "tail": float(stats.chi2.sf(ratio * degrees, degrees))})
    # Two weights of two degrees each: a mixture of exponentials, a/(a - b) exp(-x/2a) - b/(a - b) exp(-x/2b).
    for x in [0.1, 1, 10, 300]:
        a, b = mpmath.mpf(1), mpmath.mpf("0.9")
        tail = (a * mpmath.exp(-x / (2 * a)) - b * mpmath.exp(-x / (2 * b))) / (a - b)
        rows.append({"law": "pair", "x": x, "tail": float(tail)})
    return rows


def several():
    rows = []
    for k, tied in [(3, False), (4, False), (3, True), (6, False)]:
        samples = [(np.round(generator.normal(0.15 * i, 1, 12 + 5 * i), 6) if not tied else
                    generator.integers(0, 6, 12 + 5 * i)).tolist() for i in range(k)]
        row = {"samples": samples}
        for variant in ["midrank", "right"]:
            r = stats.anderson_ksamp(samples, variant=variant)
            row[variant] = {"statistic": r.statistic, "table": r.pvalue}
        rows.append(row)
    return rows


def weighted():
    rows = []
    for n, m in [(1, 1), (4, 3), (20, 35)]:
        u, v = np.round(generator.normal(0, 1, n), 2), np.round(generator.normal(0.3, 2, m), 2)
        a, b = generator.integers(0, 4, n) + (n < 2), generator.integers(1, 4, m)
        a[0] += 1
        rows.append({"reference": u.tolist(), "reference_weights": a.astype(float).tolist(), "live": v.tolist(),
                     "live_weights": b.astype(float).tolist(),
                     "wasserstein_1": stats.wasserstein_distance(u, v, a, b),
                     "energy_distance": stats.energy_distance(u, v, a, b)})
    return rows


content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "mpmath": mpmath.__version__},
           "cases": [describe(*c) for c in cases()], "several": several(), "mixtures": mixtures(),
           "weighted": weighted()}
text = json.dumps(content, default=lambda v: v.item(), indent=None, separators=(",", ":"))
(folder / "sample_tests.json").write_text(text.replace("},{", "},\n{").replace("NaN", "null") + "\n")
