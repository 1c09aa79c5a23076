# SPDX-License-Identifier: Apache-2.0
"""Expected statistics and p-values of the tests on two samples, for the parity table."""
import math
from fractions import Fraction
from itertools import combinations

import mpmath
import numpy as np
from parity_inputs import draw, sample
from scipy import stats
from splits import split

SIDES = {"two_sided": "two-sided", "less": "less", "greater": "greater"}
PERMUTATIONS = 199


def groups(x, y):
    """Per distinct value, ascending: how many of the reference, how many live."""
    values = np.unique(np.concatenate([x, y]))
    count = lambda s: np.diff(np.searchsorted(np.sort(s), np.append(values, np.inf), side="left")) if len(s) else 0
    return count(x), count(y)


def heights(c, d):
    """n m (F - G) at the end of each tie group, in whole numbers."""
    return np.cumsum(c * int(d.sum()) - d * int(c.sum()))


def ks_exact(x, y, side):
    """The share of all ways to deal the labels whose D, at ends of tie groups, is as large: paths of a lattice."""
    c, d = groups(x, y)
    n, m = len(x), len(y)
    h = heights(c, d)
    reach = {"two_sided": max(h.max(), -h.min()), "greater": max(h.max(), 0), "less": max(-h.min(), 0)}[side]
    inside = lambda v: {"two_sided": abs(v), "greater": v, "less": -v}[side] < reach
    states, passed = {0: 1}, 0
    for size in (c + d).tolist():
        following = {}
        for i, ways in states.items():
            for chosen in range(max(0, passed - i + size - m), min(size, n - i) + 1):
                key = i + chosen
                if inside(key * m - (passed + size - key) * n):
                    following[key] = following.get(key, 0) + ways * math.comb(size, chosen)
        states, passed = following, passed + size
    return float(1 - Fraction(states.get(n, 0), math.comb(n + m, n)))


def mann_whitney_exact(x, y):
    """The tails of U given the ties, from how often each sum of midranks occurs among m of the pooled values."""
    c, d = groups(x, y)
    n, m = len(x), len(y)
    states, passed, observed = {(0, 0): 1}, 0, 0
    for live, size in zip(d.tolist(), (c + d).tolist()):
        twice = 2 * passed + size + 1
        following = {}
        for (i, total), ways in states.items():
            for chosen in range(max(0, size - (n - passed + i)), min(size, m - i) + 1):
                key = (i + chosen, total + chosen * twice)
                following[key] = following.get(key, 0) + ways * math.comb(size, chosen)
        states, passed, observed = following, passed + size, observed + live * twice
    law = {total: ways for (i, total), ways in states.items() if i == m}
    everything = math.comb(n + m, n)
    greater = Fraction(sum(w for t, w in law.items() if t >= observed), everything)
    less = Fraction(sum(w for t, w in law.items() if t <= observed), everything)
    return {"greater": float(greater), "less": float(less), "two_sided": float(min(1, 2 * min(greater, less)))}


def hardly_tied(c, d):
    """As the library draws the line: the sum of the cubed shares of the tie groups is below 1e-6."""
    sizes = (c + d).astype(float)
    return (np.sum(sizes**3) - sizes.sum()) / sizes.sum() ** 3 < 1e-6


def squares(c, d):
    """3 N (n m)^2 times the integral of (F - G)^2, the difference running straight across a tie group."""
    ends = [0] + heights(c, d).tolist()
    return sum(s * (a * a + a * b + b * b) for s, a, b in zip((c + d).tolist(), ends, ends[1:]))


def cramer_von_mises(x, y):
    c, d = groups(x, y)
    n, m = len(x), len(y)
    total = n + m
    integral = mpmath.mpf(squares(c, d)) / (3 * total * total * n * m)
    t = integral + mpmath.mpf(1) / (6 * total)
    if len(c) == total:
        scipy_t = stats.cramervonmises_2samp(x, y, method="asymptotic").statistic
        assert abs(scipy_t - t) < 1e-9 * t, (scipy_t, t)
    if hardly_tied(c, d):
        mean = (1 + mpmath.mpf(1) / total) / 6
        variance = mpmath.mpf((total + 1) * (4 * n * m * total - 3 * (n * n + m * m) - 2 * n * m)) / (
            45 * total * total * 4 * n * m)
        p = limit_tail("cramer_von_mises", mpmath.mpf(1) / 6 + (t - mean) / mpmath.sqrt(45 * variance))
    elif len(c) == 1:
        p = 1.0
    elif min(c + d) * 48 < total:
        p = None  # the library joins small groups
    else:
        mass = (c + d) / total
        third = mass / 3 * total / (total - 1)
        form = np.zeros((len(mass) + 1,) * 2)
        for i, q in enumerate(third):
            form[i:i + 2, i:i + 2] += q * np.array([[1, 0.5], [0.5, 1]])
        p = mixture_tail(form_weights(form[1:-1, 1:-1], mass), integral)
    return [float(t), p]


def cramer_von_mises_exact(x, y):
    c, d = groups(x, y)
    sizes, n = (c + d), len(x)
    member = np.repeat(np.arange(len(sizes)), sizes)
    observed, as_extreme = squares(c, d), 0
    for chosen in combinations(range(len(member)), n):
        first = np.bincount(member[list(chosen)], minlength=len(sizes))
        as_extreme += squares(first, sizes - first) >= observed
    return as_extreme / math.comb(len(member), n)


def form_weights(form, mass):
    """The eigenvalues of a quadratic form in a Brownian bridge at the inner ends of cells of those masses."""
    ends = np.cumsum(mass)[:-1]
    covariance = np.minimum.outer(ends, ends) - np.outer(ends, ends)
    root = np.linalg.cholesky(covariance)
    return sorted(np.linalg.eigvalsh(root.T @ form @ root).tolist(), reverse=True)


def piece(x, a, b, root):
    """The integral of exp(-x y/2) root(y)/y from a to b, with y = middle + half sin(t): no singular end is left."""
    ends = [-mpmath.pi / 2] + [mpmath.mpf(2) ** -i - mpmath.pi / 2 for i in range(10, -1, -1)] + [mpmath.pi / 2]
    middle, half = (a + b) / 2, (b - a) / 2

    def f(t):
        y = middle + half * mpmath.sin(t)
        return mpmath.exp(-x * y / 2) / y * root(y) * half * mpmath.cos(t)

    return mpmath.quad(f, ends)


def limit_tail(law, x):
    """P(Q > x) of the limit laws by Smirnov's series of positive pieces."""
    pi = mpmath.pi
    weight, root = {
        "cramer_von_mises": (lambda j: 1 / (pi * j) ** 2,
                             lambda y: mpmath.sqrt(abs(mpmath.sqrt(y) / mpmath.sin(mpmath.sqrt(y))))),
        "anderson_darling": (lambda j: mpmath.mpf(1) / (j * (j + 1)),
                             lambda y: mpmath.sqrt(abs(pi * y / mpmath.cos(pi / 2 * mpmath.sqrt(1 + 4 * y)))))}[law]
    if x <= 0:
        return 1.0
    total = mpmath.mpf(0)
    for k in range(1, 60):
        part = piece(x, 1 / weight(2 * k - 1), 1 / weight(2 * k), root)
        total += (-1) ** (k + 1) * part / pi
        if abs(part) < mpmath.mpf(10) ** -17 * abs(total):
            break
    return float(total)


def mixture_tail(weights, x):
    """The same for finitely many different weights; the last piece has no end if their number is odd."""
    kept = [mpmath.mpf(w) for w in weights if w > 1e-12 * weights[0]]
    root = lambda y: 1 / mpmath.sqrt(abs(mpmath.fprod(1 - y * w for w in kept)))
    total = mpmath.mpf(0)
    for k in range(0, len(kept), 2):
        start = 1 / kept[k]
        if k + 1 < len(kept):
            part = piece(x, start, 1 / kept[k + 1], root)
        else:
            f = lambda t: 2 * t * mpmath.exp(-x * (start + t * t) / 2) / (start + t * t) * root(start + t * t)
            scale = mpmath.sqrt(1 / mpmath.mpf(x))
            part = mpmath.quad(f, [0, *[scale * 2**i for i in range(-4, 5)], mpmath.inf])
        total += (-1) ** (k // 2) * part / mpmath.pi
    return float(total)


def anderson_darling(x, y, variant):
    r = stats.anderson_ksamp([x, y], variant=variant)
    c, d = groups(x, y)
    n, m = len(x), len(y)
    total = n + m
    p = None
    if hardly_tied(c, d):
        p = limit_tail("anderson_darling", 1 + mpmath.mpf(r.statistic) * mpmath.sqrt(2 * (mpmath.pi**2 / 3 - 3)))
    elif min(c + d) * 48 >= total:
        mass, ends = (c + d) / total, np.cumsum(c + d)
        form = np.zeros((len(mass) + 1,) * 2)
        for i, q in enumerate(mass):
            middle = (ends[i] - (c + d)[i] / 2) / total
            if variant == "midrank":
                form[i:i + 2, i:i + 2] += 0.25 * q / (middle * (1 - middle) - q / 4)
            elif i + 1 < len(mass):
                form[i + 1, i + 1] += q / (ends[i] / total * (1 - ends[i] / total))
        # A^2 itself, which SciPy standardises: in whole numbers.
        before = [0] + heights(c, d).tolist()
        a2 = Fraction(0)
        for i, size in enumerate((c + d).tolist()):
            share = Fraction(1, 2 if variant == "midrank" else 1)
            rank = int(ends[i]) - size + share * size
            variance = rank * (total - rank) - (Fraction(total * size, 4) if variant == "midrank" else 0)
            middle = before[i] + share * (before[i + 1] - before[i])
            a2 += size * middle * middle / variance if variance > 0 else 0
        a2 *= Fraction(total - 1 if variant == "midrank" else total, total * n * m)
        p = mixture_tail(form_weights(form[1:-1, 1:-1], mass), mpmath.mpf(a2.numerator) / a2.denominator)
    return [r.statistic, p], [r.statistic, r.pvalue]


def kuiper(x, y):
    h = heights(*groups(x, y))
    n, m = len(x), len(y)
    v = mpmath.mpf(int(max(h.max(), 0)) - int(min(h.min(), 0))) / (n * m)
    root = mpmath.sqrt(mpmath.mpf(n * m) / (n + m))
    z = (root + mpmath.mpf("0.155") + mpmath.mpf("0.24") / root) * v
    p = 1 if z < 0.1 else 2 * mpmath.nsum(lambda j: (4 * j * j * z * z - 1) * mpmath.exp(-2 * j * j * z * z), [1, 80])
    return [float(v), float(min(p, mpmath.mpf(1)))]


def distances(x, y):
    """Statistics of SciPy, and p from the very splits that the library draws."""
    pooled = np.sort(np.concatenate([x, y]))
    n = len(x)
    out = {}
    for name, measure in [("wasserstein_1", stats.wasserstein_distance), ("energy_distance", stats.energy_distance)]:
        observed = measure(x, y)
        p = None
        if len(pooled) <= 120:
            hits = 0
            for i in range(PERMUTATIONS):
                first = split(7, i, n, len(pooled)) == 1
                hits += measure(pooled[first], pooled[~first]) >= observed * (1 - 1e-10)
            p = (1 + hits) / (PERMUTATIONS + 1)
        out[name] = [observed, p]
    return out


def epps_singleton(x, y):
    out = {}
    pooled = np.concatenate([x, y])
    half = stats.iqr(pooled) / 2
    if min(len(x), len(y)) < 5 or half == 0:
        return out
    r = stats.epps_singleton_2samp(x, y)
    out["epps_singleton_separate"] = [r.statistic, r.pvalue]
    phases = np.outer((pooled - np.median(pooled)) / half, [0.4, 0.8])
    waves = np.hstack([np.cos(phases), np.sin(phases)])
    waves -= waves.mean(0)
    label = np.repeat([0.0, 1.0], [len(x), len(y)]) - len(y) / len(pooled)
    coefficients, _, rank, _ = np.linalg.lstsq(waves, label, rcond=1e-5)
    fitted = waves @ coefficients
    share = fitted @ fitted / (label @ label)
    b = len(pooled) - 1 - rank
    if b > 0:
        out["epps_singleton"] = [len(pooled) * share, stats.f.sf(share / (1 - share) * b / rank, rank, b)]
    return out


def wave_share(waves, chosen):
    label = np.where(chosen, 1.0, 0.0) - chosen.mean()
    fitted = waves @ np.linalg.lstsq(waves, label, rcond=1e-5)[0]
    return fitted @ fitted / (label @ label)


def extremeness(x, y):
    """By the library's names, of who is in the reference among the pooled values, ascending: what it orders relabellings
    by, in whole numbers but for Anderson and Darling's and Epps and Singleton's."""
    pooled = np.sort(np.concatenate([x, y]))
    n, m = len(x), len(y)
    member = np.unique(pooled, return_inverse=True)[1]
    sizes = np.bincount(member)
    before = np.cumsum(sizes) - sizes
    twice_midrank = 2 * before + sizes + 1
    out = {}

    def of_groups(measure):
        def of_chosen(chosen):
            c = np.bincount(member[chosen], minlength=len(sizes))
            return measure(c, sizes - c)
        return of_chosen

    reach = {"two_sided": lambda h: max(h.max(), -h.min()), "greater": lambda h: max(h.max(), 0),
             "less": lambda h: max(-h.min(), 0)}
    excess = {"two_sided": abs, "greater": lambda e: e, "less": lambda e: -e}
    for side in SIDES:
        out["kolmogorov_smirnov_" + side] = of_groups(lambda c, d, side=side: reach[side](heights(c, d)))
        out["mann_whitney_" + side] = of_groups(lambda c, d, side=side: excess[side](
            int((d * twice_midrank).sum()) - m * (n + m + 1)))
    out["kuiper"] = of_groups(lambda c, d: max(heights(c, d).max(), 0) - min(heights(c, d).min(), 0))
    if min(n, m) >= 2:
        out["cramer_von_mises"] = of_groups(squares)

    def anderson_darling_sum(c, d, share):
        ends = np.append(0, heights(c, d)).astype(float)
        middle = ends[:-1] + share * (ends[1:] - ends[:-1])
        rank = before + share * sizes
        variance = rank * (n + m - rank) - (0.25 * (n + m) * sizes if share < 1 else 0)
        kept = variance > 0
        return float((sizes[kept] * middle[kept] ** 2 / variance[kept]).sum())

    if n + m >= 4 and len(sizes) > 1:
        out["anderson_darling_midrank"] = of_groups(lambda c, d: anderson_darling_sum(c, d, 0.5))
        out["anderson_darling_right"] = of_groups(lambda c, d: anderson_darling_sum(c, d, 1.0))
    half = stats.iqr(pooled) / 2
    if min(n, m) >= 5 and half > 0:
        phases = np.outer((pooled - np.median(pooled)) / half, [0.4, 0.8])
        waves = np.hstack([np.cos(phases), np.sin(phases)])
        waves -= waves.mean(0)
        out["epps_singleton"] = lambda chosen: wave_share(waves, chosen)
    return pooled, out


def permuted(x, y):
    """p-values from the very splits that the library draws, of samples for which that takes no time."""
    if len(x) + len(y) > 120:
        return {}
    pooled, measures = extremeness(x, y)
    # The observed one as a choice of pooled places: of equal values it does not matter which.
    chosen, left = np.zeros(len(pooled), bool), sorted(x.tolist())
    for value in left:
        chosen[np.searchsorted(pooled, value) + int(chosen[pooled == value].sum())] = True
    out = {}
    splits = [split(7, i, len(x), len(pooled)) == 1 for i in range(PERMUTATIONS)]
    for name, measure in measures.items():
        observed = measure(chosen)
        hits = sum(measure(first) >= observed - 1e-10 * abs(observed) for first in splits)
        out["permuted_" + name] = [None, (1 + int(hits)) / (PERMUTATIONS + 1)]
    return out


def moments(x, y):
    """SciPy's on values less a common integer, so that its sums keep their digits."""
    out = {}
    if min(len(x), len(y)) < 2 or len(np.unique(np.concatenate([x, y]))) == 1:
        return out
    x, y = x - np.rint(x.mean()), y - np.rint(x.mean())
    a, b = x.astype(np.longdouble), y.astype(np.longdouble)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    t = float((b.mean() - a.mean()) / np.sqrt(va + vb))
    dof = float((va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)))
    for ours, theirs in SIDES.items():
        r = stats.ttest_ind(y, x, equal_var=False, alternative=theirs)
        assert abs(r.statistic - t) <= 1e-9 * abs(t) and abs(r.df - dof) <= 1e-9 * dof
        p = {"two_sided": 2 * stats.t.sf(abs(t), dof), "less": stats.t.cdf(t, dof), "greater": stats.t.sf(t, dof)}[ours]
        out["welch_t_" + ours] = [t, float(p)]
    for centre in ["median", "mean", "trimmed"] if min(len(x), len(y)) > 2 else []:
        r = stats.levene(x, y, center=centre)
        if np.isfinite(r.statistic):
            out["levene_" + centre] = [float(r.statistic), float(r.pvalue)]
    return out


def expected(x, y):
    n, m = len(x), len(y)
    out = {}
    for ours, theirs in SIDES.items():
        r = stats.ks_2samp(x, y, alternative=theirs, method="asymp")
        out["kolmogorov_smirnov_" + ours] = [r.statistic, r.pvalue]
        if n * m <= 40000:
            out["kolmogorov_smirnov_exact_" + ours] = [r.statistic, ks_exact(x, y, ours)]
        if len(np.unique(np.concatenate([x, y]))) > 1:
            r = stats.mannwhitneyu(y, x, alternative=theirs, method="asymptotic")
            out["mann_whitney_" + ours] = [r.statistic, r.pvalue]
            if n * m <= 2500 and n + m <= 1000:
                out["mann_whitney_exact_" + ours] = [r.statistic, mann_whitney_exact(x, y)[ours]]
    out["kuiper"] = kuiper(x, y)
    if min(n, m) >= 2:
        out["cramer_von_mises"] = cramer_von_mises(x, y)
        if math.comb(n + m, n) <= 60000:
            out["cramer_von_mises_exact"] = [out["cramer_von_mises"][0], cramer_von_mises_exact(x, y)]
    if n + m >= 4 and len(np.unique(np.concatenate([x, y]))) > 1:
        for variant in ["midrank", "right"]:
            limit, table = anderson_darling(x, y, variant)
            out["anderson_darling_" + variant], out["anderson_darling_table_" + variant] = limit, table
    out |= distances(x, y) | epps_singleton(x, y) | moments(x, y) | permuted(x, y)
    return out


def samples():
    pairs = [("one each", sample(1, 1), sample(1, 2)), ("two each", sample(2, 3), sample(2, 4)),
             ("two and three, tied", sample(2, 6, levels=1), sample(3, 5, levels=1)),
             ("one and a thousand", sample(1, 7), sample(1000, 8)),
             ("five and six of seven", sample(5, 9), sample(7, 10, nan=4, shift=0.5)),
             ("eight each, tied", sample(8, 11, levels=2), sample(8, 12, levels=2, shift=1.0)),
             ("tied", sample(40, 13, levels=2), sample(60, 14, levels=2)),
             ("tied, NaN", sample(200, 15, levels=4, nan=9), sample(150, 16, levels=4, nan=7)),
             ("coins", sample(30, 17, levels=1), sample(45, 18, levels=1)),
             ("NaN", sample(120, 19, nan=11), sample(90, 20, nan=5, shift=0.25)),
             ("spread", sample(80, 21), sample(80, 22, scale=2.0)),
             ("far apart", sample(60, 23), sample(70, 24, shift=2.5)),
             ("five and two thousand", sample(5, 25), sample(2000, 26, shift=0.125)),
             ("a hundred thousand, NaN", sample(100000, 27, nan=1000), sample(80000, 28, shift=0.0078125)),
             ("a million, tied, NaN", sample(1000000, 29, levels=8, nan=997), sample(500000, 30, levels=8)),
             ("a million, far from 0", sample(1000000, 31, shift=1024.0), sample(700000, 32, shift=1024.0)),
             ("constant", sample(12, 33, scale=0.0), sample(9, 34, scale=0.0))]
    out = []
    for name, reference, live in pairs:
        print(name, flush=True)
        x, y = draw(reference), draw(live)
        out.append({"name": name, "reference": reference, "live": live,
                    "expected": expected(x[~np.isnan(x)], y[~np.isnan(y)])})
    return out
