# SPDX-License-Identifier: Apache-2.0
"""Expected values of the tests on counts, in whole numbers and mpmath, for the parity table."""
from fractions import Fraction

import mpmath
import numpy as np


def real(x):
    return mpmath.mpf(x.numerator) / x.denominator


def chi_squared_tail(x, dof):
    return mpmath.mpf(1) if dof == 0 else mpmath.gammainc(mpmath.mpf(dof) / 2, mpmath.mpf(x) / 2, regularized=True)


def fisher(table):
    """P(no likelier table) and both tails of a 2 x 2 table, from ratios of neighbouring probabilities."""
    (a, b), (c, d) = table
    live, events, total = c + d, a + c, a + b + c + d
    low, high = max(0, events - (a + b)), min(events, live)
    if total <= 400:
        weights, w = [], 1
        from math import comb
        weights = [comb(live, k) * comb(total - live, events - k) for k in range(low, high + 1)]
        everything, seen = sum(weights), weights[c - low]
        p = lambda kept: float(Fraction(sum(kept), everything))
        return {"two_sided": p(w for w in weights if w <= seen), "greater": p(weights[c - low:]),
                "less": p(weights[:c - low + 1])}
    weights, w = [], mpmath.mpf(1)
    for k in range(low, high + 1):
        weights.append(w)
        w = w * (live - k) * (events - k) / ((k + 1) * mpmath.mpf(total - live - events + k + 1)) if k < high else w
    everything, seen = mpmath.fsum(weights), weights[c - low]
    p = lambda kept: float(mpmath.fsum(kept) / everything)
    return {"two_sided": p(w for w in weights if w <= seen * (1 + mpmath.mpf(10) ** -15)),
            "greater": p(weights[c - low:]), "less": p(weights[:c - low + 1])}


def table_case(table, with_fisher=True):
    full = np.array(table, dtype=object)
    kept = full[full.sum(1) > 0][:, full.sum(0) > 0]
    total, r, c = kept.sum(), kept.sum(1), kept.sum(0)
    dof = (len(r) - 1) * (len(c) - 1)
    out = {}
    for yates in [False, True]:
        chi, g = Fraction(0), mpmath.mpf(0)
        for i in range(len(r)):
            for j in range(len(c)):
                wanted = Fraction(int(r[i] * c[j]), int(total))
                seen = Fraction(int(kept[i, j]))
                if yates and dof == 1:
                    step = min(Fraction(1, 2), abs(wanted - seen))
                    seen += step if wanted > seen else -step
                chi += (seen - wanted) ** 2 / wanted
                g += 2 * real(seen) * mpmath.log(real(seen / wanted)) if seen > 0 else 0
        key = "_yates" if yates else ""
        out["chi_square" + key] = [float(real(chi)), float(chi_squared_tail(real(chi), dof))]
        out["g_test" + key] = [float(g), float(chi_squared_tail(g, dof))]
        if not yates:
            out["cramers_v"] = [float(mpmath.sqrt(real(chi / int(total) / (min(len(r), len(c)) - 1)))), None]
            if full.shape == (2, 2):
                rate = [Fraction(int(full[i, 0]), int(full[i].sum())) for i in range(2)]
                sign = 1 if rate[1] >= rate[0] else -1
                out["two_proportion_z"] = [float(sign * mpmath.sqrt(real(chi))), out["chi_square"][1]]
    if full.shape == (2, 2) and with_fisher:
        for side, p in fisher(full.tolist()).items():
            odds = None if full[0, 0] * full[1, 1] == 0 else full[1, 0] * full[0, 1] / (full[1, 1] * full[0, 0])
            out["fisher_exact_" + side] = [odds, p]
    return {"table": table, "expected": out}


def grid_case(reference, live):
    """Of cells none of which is rare, so that nothing is pooled: shares smoothed by half a count per cell."""
    n, m, cells = sum(reference), sum(live), len(reference)
    a = [mpmath.mpf(2 * r + 1) / (2 * n + cells) for r in reference]
    b = [mpmath.mpf(2 * v + 1) / (2 * m + cells) for v in live]
    middle = [(p + q) / 2 for p, q in zip(a, b)]
    relative = lambda p, q: mpmath.fsum(s * mpmath.log(s / t) for s, t in zip(p, q))
    scale = mpmath.mpf(n * m) / (n + m)
    psi = relative(a, b) + relative(b, a)
    shannon = (relative(a, middle) + relative(b, middle)) / 2
    hellinger = mpmath.fsum((mpmath.sqrt(p) - mpmath.sqrt(q)) ** 2 for p, q in zip(a, b)) / 2
    tail = lambda x: float(chi_squared_tail(x, cells - 1))
    table = table_case([reference, live])["expected"]
    # Williams's (1976) correction of G.
    inverse = sum(Fraction(1, r + v) for r, v in zip(reference, live))
    total = n + m
    williams = 1 + (Fraction(total * total, n * m) - 1) * (total * inverse - 1) / (6 * total * (cells - 1))
    out = {"grid_chi_square": table["chi_square"], "grid_g": [table["g_test"][0], tail(mpmath.mpf(table["g_test"][0]) / real(williams))],
           "grid_cramers_v": table["cramers_v"],
           "grid_psi": [float(scale * psi), tail(scale * psi)],
           "grid_jensen_shannon": [float(8 * scale * shannon), tail(8 * scale * shannon)],
           "grid_hellinger": [float(8 * scale * hellinger), tail(8 * scale * hellinger)],
           "grid_total_variation": [float(sum(abs(Fraction(r, n) - Fraction(v, m))
                                              for r, v in zip(reference, live)) / 2), None],
           "grid_ks": [float(max(abs(Fraction(sum(reference[:i]), n) - Fraction(sum(live[:i]), m))
                                 for i in range(cells))), None],
           "grid_wasserstein": [float(sum(abs(Fraction(sum(reference[:i]), n) - Fraction(sum(live[:i]), m)) * i
                                          for i in range(1, cells))), None]}
    return {"reference": reference, "live": live, "expected": out}


def hypergeometric(at_most, total, marked, draws):
    """P(X <= at_most) of that many draws without replacement."""
    low = max(0, draws - (total - marked))
    w, kept, everything = mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf(0)
    for k in range(low, min(marked, draws) + 1):
        everything += w
        kept += w if k <= at_most else 0
        w = w * (marked - k) * (draws - k) / ((k + 1) * mpmath.mpf(total - marked - draws + k + 1)) if k < draws else w
    return float(kept / everything)


def rates():
    exceeding = [{"n": n, "outside": b, "m": m, "p": hypergeometric(1, n + m, n, b + 1)}
                 for n, b, m in [(1, 0, 1), (1, 1, 1), (2, 1, 1), (4, 3, 5), (1000, 7, 900), (1000000, 12, 500000),
                                 (100000, 1, 100000), (50, 0, 7), (300, 120, 300)]]
    two = []
    for k1, n1, k2, n2 in [(0, 1, 1, 1), (1, 2, 0, 2), (0, 10, 5, 12), (3, 1000, 9, 1000), (0, 1000000, 4, 1000),
                           (9, 900, 0, 400), (0, 30, 1, 4000), (1200, 10**9, 1500, 10**9), (10**6, 10**8, 10**6, 10**8 + 10**5),
                           (20, 40, 35, 40)]:
        table = table_case([[k1, n1 - k1], [k2, n2 - k2]], n1 < 10**8)["expected"]
        smallest = min(Fraction(s * (k1 + k2 if e else n1 + n2 - k1 - k2), n1 + n2) for s in (n1, n2) for e in (0, 1))
        exact = smallest < 10
        two.append({"k1": k1, "n1": n1, "k2": k2, "n2": n2,
                    "p": table["fisher_exact_two_sided"][1] if exact else table["two_proportion_z"][1]})
    return {"exceedance": exceeding, "two_proportion": two}


def counts():
    tables = [[[0, 5], [7, 0]], [[1, 0], [0, 1]], [[1, 1], [1, 2]], [[0, 3], [4, 9]], [[12, 30], [25, 18]],
              [[0, 12, 0, 30], [4, 25, 0, 18]], [[3, 0, 0], [0, 2, 0], [0, 0, 4]], [[3, 4], [0, 0], [9, 2]],
              [[3000000, 2000000], [2997000, 2003000]], [[0, 100000], [40, 99960]], [[40000, 60000], [40500, 59500]],
              [[900, 100], [100, 900]], [[10**12, 2 * 10**12], [10**12 + 10**7, 2 * 10**12]],
              [[1000, 0, 200, 5, 70000], [1100, 3, 180, 0, 69000], [990, 1, 200, 2, 71000]]]
    grids = [([500, 600, 700], [0, 400, 500]), ([40, 900, 30, 60, 80], [0, 700, 500, 0, 90]),
             ([20, 20], [25, 15]), ([10**6, 2 * 10**6, 3 * 10**6, 400], [10**6, 2 * 10**6 + 999, 3 * 10**6, 0]),
             ([300000, 300100, 299900], [0, 600000, 0])]
    return {"tables": [table_case(t, np.sum(t) < 10**7 and not (np.shape(t) == (2, 2) and np.min(
        [np.sum(t, 0).min(), np.sum(t, 1).min()]) > 100000)) for t in tables],
            "grids": [grid_case(*g) for g in grids], "rates": rates()}
