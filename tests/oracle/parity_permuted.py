# SPDX-License-Identifier: Apache-2.0
"""Writes p-values by permutation from the very draws that the library makes, replayed, and exact laws of larger
samples, for the parity table: `python parity_permuted.py data`. Statistics by their definitions: tables in whole
numbers and mpmath, rows in NumPy, the classifier by scikit-learn."""
import json
import math
import pathlib
import sys
from fractions import Fraction

import mpmath
import numpy as np
import scipy
import sklearn
from classifier_oracle import separation, standardise
from parity_inputs import draw, sample
from parity_samples import groups, squares
from splits import MASK, philox, split

PERMUTATIONS, SEED = 199, 7
mpmath.mp.dps = 40


class Words:
    """The 64-bit words of one stream, two of each block."""

    def __init__(self, seed, stream):
        self.seed, self.stream, self.block, self.ready = seed, stream, 0, []

    def word(self):
        if not self.ready:
            a, b, c, d = philox([self.block & MASK, self.block >> 32, self.stream & MASK, self.stream >> 32],
                                [self.seed & MASK, self.seed >> 32])
            self.ready, self.block = [a | b << 32, c | d << 32], self.block + 1
        return self.ready.pop(0)

    def below(self, bound):
        """Uniform on whole numbers: the words before the last whole rounds are drawn again."""
        while (word := self.word()) < 2**64 % bound:
            pass
        return word % bound

    def uniform(self):
        return (self.word() >> 11) * 2.0**-53


def log_factorial(k):
    return mpmath.loggamma(k + 1)


def one_by_one(words, good, bad, draws):
    drawn = 0
    for left in range(good + bad, good + bad - draws, -1):
        drawn += words.below(left) < good - drawn
    return drawn


def ratio_of_uniforms(words, good, bad, draws):
    """Stadlober (1990): the hat's width from the standard deviation, with no bound that saves logarithms."""
    total = good + bad
    share = good / total
    spread = math.sqrt((total - draws) * draws * share * (1 - share) / (total - 1) + 0.5)
    centre = draws * share + 0.5
    width = 2 * math.sqrt(2 / math.e) * spread + 3 - 2 * math.sqrt(3 / math.e)
    end = min(min(draws, good) + 1, math.floor(centre + 16 * spread))
    weight = lambda k: sum(map(log_factorial, (k, good - k, draws - k, bad - draws + k)))
    mode = weight(min((draws + 1) * (good + 1) // (total + 2), draws, good))
    while True:
        u = 1 - words.uniform()
        x = centre + width * (words.uniform() - 0.5) / u
        if 0 <= x < end and 2 * mpmath.log(u) <= mode - weight(int(x)):
            return int(x)


def hypergeometric(words, good, bad, draws):
    """The library's order: the smaller part is drawn, of the rarer kind; up to nine one by one."""
    if good == 0 or draws == 0:
        return 0
    if bad == 0:
        return draws
    if 2 * draws > good + bad:
        return good - hypergeometric(words, good, bad, good + bad - draws)
    if draws < 10:
        return one_by_one(words, good, bad, draws)
    if good > bad:
        return draws - hypergeometric(words, bad, good, draws)
    if good < 10:
        return one_by_one(words, draws, good + bad - draws, good)
    return ratio_of_uniforms(words, good, bad, draws)


def random_table(words, rows, columns):
    """Row after row, each column's part of what is left."""
    left, out = list(columns), []
    for row in rows[:-1]:
        cells, behind = [], sum(left)
        for j in range(len(left)):
            behind -= left[j]
            cells.append(hypergeometric(words, left[j], behind, row))
            left[j] -= cells[-1]
            row -= cells[-1]
        out.append(cells)
    return np.array([*out, left], dtype=object)


def pearson(table, expected, yates):
    total = Fraction(0)
    for seen, wanted in zip(table.ravel(), expected):
        off = abs(seen - wanted)
        total += (off - (min(off, Fraction(1, 2)) if yates else 0)) ** 2 / wanted
    return total


def likelihood_ratio(table, expected, yates):
    total = mpmath.mpf(0)
    for seen, wanted in zip(table.ravel(), expected):
        off = seen - wanted
        moved = seen - (max(min(off, Fraction(1, 2)), Fraction(-1, 2)) if yates else 0)
        if moved > 0:
            ratio = Fraction(moved) / wanted
            total += 2 * mpmath.mpf(Fraction(moved).numerator) / Fraction(moved).denominator * (
                mpmath.log(ratio.numerator) - mpmath.log(ratio.denominator))
    return total


def unlikeliness(table):
    return mpmath.fsum(map(log_factorial, table.ravel().tolist()))


def table_case(table):
    full = np.array(table, dtype=object)
    kept = full[full.sum(1) > 0][:, full.sum(0) > 0]
    rows, columns, total = kept.sum(1).tolist(), kept.sum(0).tolist(), int(kept.sum())
    expected = [Fraction(r * c, total) for r in rows for c in columns]
    tables = [random_table(Words(SEED, i), rows, columns) for i in range(PERMUTATIONS)]
    # Statistics that are equal in whole numbers may differ in the last of forty digits.
    share = lambda measure, slack: (1 + sum(measure(t) >= measure(kept) * (1 - slack) for t in tables)) / (
        PERMUTATIONS + 1)
    tiny = mpmath.mpf(10) ** -30
    out = {}
    for yates in [False, True] if kept.shape == (2, 2) else [False]:
        key = "_yates" if yates else ""
        out["chi_square" + key] = share(lambda t: pearson(t, expected, yates), 0)
        out["g_test" + key] = share(lambda t: likelihood_ratio(t, expected, yates), tiny)
    # As the library draws the line, since it adds logarithms.
    alike = 1e-7 + 1e-14 * float(mpmath.fsum(map(log_factorial, rows + columns)))
    out["fisher_exact"] = (1 + sum(unlikeliness(t) >= unlikeliness(kept) - alike for t in tables)) / (PERMUTATIONS + 1)
    if full.shape == (2, 2) and kept.shape == (2, 2):
        events = [hypergeometric(Words(SEED, i), columns[0], columns[1], rows[1]) for i in range(PERMUTATIONS)]
        for side, extreme in [("greater", lambda x: x >= table[1][0]), ("less", lambda x: x <= table[1][0])]:
            out["fisher_exact_" + side] = (1 + sum(map(extreme, events))) / (PERMUTATIONS + 1)
    return {"table": table, "p": out}


TABLES = [[[0, 5], [7, 0]], [[1, 0], [0, 1]], [[1, 1], [1, 2]], [[0, 3], [4, 9]], [[12, 30], [25, 18]],
          [[0, 12, 0, 30], [4, 25, 0, 18]], [[3, 0, 0], [0, 2, 0], [0, 0, 4]], [[3, 4], [0, 0], [9, 2]],
          [[0, 2, 0, 5], [4, 0, 3, 1]], [[60, 25, 2, 0], [50, 36, 9, 4]], [[0, 100000], [40, 99960]],
          [[40000, 60000], [40300, 59700]],
          [[1000, 0, 200, 5, 70000], [1100, 3, 180, 0, 69000], [990, 1, 200, 2, 70900]],
          [[10**9, 10**9, 0], [10**9, 10**9 + 10**5, 3]]]


def anderson_darling(counts, right):
    """The sum over samples of the weighted squares of their distance from the pooled sample, up to a constant."""
    sizes, groups_ = counts.sum(0), counts.sum(1)
    total = int(sizes.sum())
    before, own = np.cumsum(groups_) - groups_, np.cumsum(counts, 0) - counts
    share = 1.0 if right else 0.5
    rank = before + share * groups_
    variance = rank * (total - rank) - (0 if right else total * groups_ / 4)
    kept = variance > 0
    off = (total * (own + share * counts) - np.outer(rank, sizes))[kept]
    return float((groups_[kept, None] * off**2 / (variance[kept, None] * sizes)).sum())


def several_cases():
    """Three samples and more; two have the splits of tests of two samples."""
    specs = [("two each", [sample(2, 71 + i, shift=0.25 * i) for i in range(3)]),
             ("NaN", [sample(12 + i, 75 + i, nan=4) for i in range(4)]),
             ("tied", [sample(30, 80 + i, levels=2, shift=0.5 * (i == 2)) for i in range(3)])]
    out = []
    for name, given in specs:
        samples = [values[~np.isnan(values)] for values in map(draw, given)]
        values, place = np.unique(np.concatenate(samples), return_inverse=True)
        k = len(samples)
        table_of = lambda member: np.array([[np.sum((place == g) & (member == i)) for i in range(k)]
                                            for g in range(len(values))])
        observed = np.repeat(np.arange(k), [len(s) for s in samples])
        members = []
        # Of values in ascending order; the samples are chosen one after the other from what is left.
        order = np.argsort(place, kind="stable")
        for i in range(PERMUTATIONS):
            left, member = order.copy(), np.empty(len(place), int)
            for j in range(k):
                chosen = split(SEED, i * k + j, len(samples[j]), len(left)) == 1
                member[left[chosen]] = j
                left = left[~chosen]
            members.append(table_of(member))
        expected = {}
        for key, right in [("midrank", False), ("right", True)]:
            at_least = anderson_darling(table_of(observed), right) * (1 - 1e-10)
            expected[key] = (1 + sum(anderson_darling(t, right) >= at_least for t in members)) / (PERMUTATIONS + 1)
        out.append({"name": name, "samples": given, "p": expected})
    return out


def hotelling_t2(z, live):
    x, y = z[~live], z[live]
    a, b = x - x.mean(0), y - y.mean(0)
    d = y.mean(0) - x.mean(0)
    return len(x) * len(y) / len(z) * d @ np.linalg.solve((a.T @ a + b.T @ b) / (len(z) - 2), d)


def ridge(z, live):
    """d' (C + I)^-1 d of the means' difference, in units of the features' standard deviations."""
    z = (z - z.mean(0)) / z.std(0, ddof=1)
    d = z[live].mean(0) - z[~live].mean(0)
    return live.sum() * (~live).sum() / len(z) * d @ np.linalg.solve(np.cov(z.T) + np.eye(z.shape[1]), d)


def hotelling_cases():
    specs = [("six each", sample(6, 19, d=2), sample(6, 20, d=2, shift=1.0)),
             ("tied, NaN", sample(60, 9, d=3, levels=2, nan=31), sample(50, 10, d=3, levels=2, nan=29)),
             ("far from 0", sample(50, 13, d=1, shift=1024.0), sample(45, 14, d=1, shift=1024.25)),
             ("thousands, NaN", sample(2000, 11, d=2, nan=501), sample(1500, 12, d=2, shift=0.0625)),
             ("more features than rows", sample(5, 21, d=12), sample(4, 22, d=12, shift=1.0))]
    out = []
    for name, reference, live in specs:
        x, y = draw(reference), draw(live)
        x, y = x[~np.isnan(x).any(1)], y[~np.isnan(y).any(1)]
        z, of_live = np.concatenate([x, y]), np.arange(len(x) + len(y)) >= len(x)
        measure = hotelling_t2 if len(z) > x.shape[1] + 2 else ridge
        observed = measure(z, of_live)
        hits = sum(measure(z, split(SEED, i, len(y), len(z)) == 1) >= observed * (1 - 1e-10)
                   for i in range(PERMUTATIONS))
        out.append({"name": name, "reference": reference, "live": live, "statistic": float(observed),
                    "p": (1 + int(hits)) / (PERMUTATIONS + 1)})
    return out


def dealt(count, folds, seed, stream):
    fold, words = [i % folds for i in range(count)], Words(seed, 2**64 - 1 - stream)
    for i in range(count, 1, -1):
        j = words.below(i)
        fold[i - 1], fold[j] = fold[j], fold[i - 1]
    return np.array(fold)


def classifier_cases():
    """Labels are dealt anew within folds, in which the reference's rows come first."""
    permutations = 49
    specs = [("six each", 3, sample(6, 19, d=2), sample(6, 20, d=2, shift=1.0)),
             ("NaN", 3, sample(40, 7, d=3, nan=17), sample(30, 8, d=3, nan=23, shift=0.25)),
             ("tied", 4, sample(30, 5, d=2, levels=2), sample(20, 6, d=2, levels=2, shift=1.0))]
    out = []
    for name, folds, reference, live in specs:
        x, y = draw(reference), draw(live)
        x, y = x[~np.isnan(x).any(1)], y[~np.isnan(y).any(1)]
        fold = np.concatenate([dealt(len(x), folds, SEED, 0), dealt(len(y), folds, SEED, 1)])
        labels = np.repeat([0, 1], [len(x), len(y)])
        order = np.argsort(fold, kind="stable")
        z, fold, labels = standardise(np.concatenate([x, y]))[order], fold[order], labels[order]
        area = lambda labels: separation(z, labels, fold, folds, 1.0)["area"]
        observed, hits = area(labels), 0
        for i in range(permutations):
            other = np.empty_like(labels)
            for k in range(folds):
                here = fold == k
                other[here] = split(SEED, i * folds + k, int(labels[here].sum()), int(here.sum()))
            hits += area(other) >= observed - 1e-12
        out.append({"name": name, "folds": folds, "reference": reference, "live": live, "seed": SEED,
                    "permutations": permutations, "area": observed, "p": (1 + int(hits)) / (permutations + 1)})
    return out


def cramer_von_mises_exact(x, y):
    """The share of all ways to deal the labels whose sum of squares is as large, by how often each sum occurs."""
    c, d = groups(x, y)
    n, m = len(x), len(y)
    unit = math.gcd(n, m)
    states, passed = {(0, 0): 1}, 0
    for size in (c + d).tolist():
        following = {}
        for (i, total), ways in states.items():
            before = (i * m - (passed - i) * n) // unit
            for chosen in range(max(0, passed - i + size - m), min(size, n - i) + 1):
                after = before + (chosen * m - (size - chosen) * n) // unit
                key = (i + chosen, total + size * (before * before + before * after + after * after))
                following[key] = following.get(key, 0) + ways * math.comb(size, chosen)
        states, passed = following, passed + size
    observed = squares(c, d) // unit**2
    return float(Fraction(sum(w for (_, total), w in states.items() if total >= observed), math.comb(n + m, n)))


def cramer_von_mises_cases():
    specs = [("twenty each", sample(20, 31), sample(20, 32, shift=0.375)),
             ("twelve and eighteen", sample(12, 33), sample(18, 34)),
             ("tied", sample(40, 35, levels=4), sample(20, 36, levels=4, shift=0.5)),
             ("NaN", sample(22, 37, nan=11), sample(19, 38, nan=6, shift=0.25))]
    out = []
    for name, reference, live in specs:
        x, y = draw(reference), draw(live)
        out.append({"name": name, "reference": reference, "live": live,
                    "p": cramer_von_mises_exact(x[~np.isnan(x)], y[~np.isnan(y)])})
    return out


def fisher_cases():
    """Two rows: the first decides the table, whose ways are prod C(column, cell)."""
    out = []
    for table in [[[200, 150, 250], [180, 190, 230]], [[40, 31, 22, 7], [28, 30, 35, 17]],
                  [[0, 350], [3, 400], [5, 395]]]:
        two = np.array(table, dtype=object)
        two = two if len(table) == 2 else two.T
        columns, row = two.sum(0).tolist(), int(two[0].sum())
        ways = [[math.comb(c, x) for x in range(c + 1)] for c in columns]
        observed = math.prod(w[x] for w, x in zip(ways, two[0].tolist()))

        def extreme(at, left, so_far):
            if at == len(columns) - 1:
                whole = so_far * ways[at][left] if left <= columns[at] else 0
                return whole if whole <= observed else 0
            return sum(extreme(at + 1, left - x, so_far * ways[at][x]) for x in range(min(left, columns[at]) + 1))

        everything = math.comb(sum(columns), row)
        out.append({"table": table, "p": float(Fraction(extreme(0, row, 1), everything)),
                    "log_probability": float(mpmath.log(observed) - mpmath.log(everything))})
    return out


content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "mpmath": mpmath.__version__,
                        "scikit-learn": sklearn.__version__},
           "tables": [table_case(t) for t in TABLES], "several": several_cases(), "hotelling": hotelling_cases(),
           "classifier": classifier_cases(), "cramer_von_mises": cramer_von_mises_cases(), "fisher": fisher_cases()}
text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("},{", "},\n{")
(pathlib.Path(sys.argv[1]) / "parity_permuted.json").write_text(text + "\n")
