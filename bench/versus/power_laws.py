# SPDX-License-Identifier: Apache-2.0
"""The laws and shifts of bench/power_families.hpp once more, and how a peer's level and power are measured on them."""
import math

import numpy as np

# ---- the same laws and shifts as in power_families.hpp ----


def numbers(generator, rows):
    def normal(count=rows):
        return generator.standard_normal(count)

    def student(degrees):
        return generator.standard_t(degrees, rows) * math.sqrt((degrees - 2.0) / degrees)

    def five(count=rows):
        return np.floor(5.0 * generator.random(count))

    nulls = {
        "normal": lambda: (normal(), normal()),
        "t3": lambda: (student(3), student(3)),
        "five values": lambda: (five(), five()),
        "the same, 60 live": lambda: (five(), five(60)),
    }
    families = {
        "location, sd": lambda size: (normal(), normal() + size),
        "scale, times": lambda size: (normal(), size * normal()),
        "tails, t of degrees": lambda size: (normal(), student(size)),
        "mixture, share at 4 sd": lambda size: (normal(), normal() + 4.0 * (generator.random(rows) < size)),
    }
    return nulls, families


EVEN, UNEVEN, RARE = [0.2] * 5, [0.6, 0.2, 0.1, 0.05, 0.02, 0.01, 0.01, 0.01], [0.05, 0.95]


def counts(generator, rows):
    def pair(shares, which=0, gain=0.0):
        shares = np.array(shares)
        moved = shares - gain * shares / (1.0 - shares[which])
        moved[which] = shares[which] + gain
        return np.array([generator.multinomial(rows, shares), generator.multinomial(rows, moved)])

    nulls = {"five even": lambda: pair(EVEN), "eight, some rare": lambda: pair(UNEVEN), "5 %": lambda: pair(RARE)}
    families = {
        "one of five even gains": lambda size: pair(EVEN, 0, size),
        "commonest of eight loses": lambda size: pair(UNEVEN, 0, size),
        "rarest of eight gains": lambda size: pair(UNEVEN, 7, size),
        "5 % gains": lambda size: pair(RARE, 0, size),
    }
    return nulls, families


def several(generator, rows):
    def normal(features=10):
        return generator.standard_normal((rows, features))

    def student(degrees):
        return generator.standard_t(degrees, (rows, 10)) * math.sqrt((degrees - 2.0) / degrees)

    def changed(change, features=10):
        live = normal(features)
        return normal(features), change(live)

    def two(live, size):
        live[:, 1] = size * live[:, 0] + math.sqrt(1.0 - size * size) * live[:, 1]
        return live

    def one(live, size):
        live[:, 50] += size
        return live

    nulls = {
        "10 normal": lambda: (normal(), normal()),
        "10 of t3": lambda: (student(3), student(3)),
        "100 normal": lambda: (normal(100), normal(100)),
    }
    families = {
        "location of all, sd": lambda size: changed(lambda live: live + size),
        "scale of all, times": lambda size: changed(lambda live: size * live),
        "tails of all, t of degrees": lambda size: (normal(), student(size)),
        "mixture, share of rows at 1 sd": lambda size: changed(
            lambda live: live + (generator.random((rows, 1)) < size)),
        "correlation of two": lambda size: changed(lambda live: two(live, size)),
        "correlation of all": lambda size: changed(
            lambda live: math.sqrt(size) * generator.standard_normal((rows, 1)) + math.sqrt(1.0 - size) * live),
        "one of a hundred, sd": lambda size: changed(lambda live: one(live, size), 100),
    }
    return nulls, families


LAWS = {"one feature": numbers, "categories": counts, "a rate": counts, "several features": several}


def matched_cut(scores, level):
    """The largest score that at most `level` of the null scores reach; NaN where not even the smallest is so rare."""
    scores = sorted(scores)
    place = math.floor(level * len(scores) + 1e-9)
    while place > 0 and scores[place - 1] == scores[place]:
        place -= 1
    return scores[place - 1] if place > 0 else math.nan


def measure(methods, group, level, rows, runs):
    """Of each method, a function of a pair that returns a score, the smaller the more it speaks for drift, and whether the
    peer by itself alarms (None: it has no rule)."""
    out = []
    for name, ask in methods.items():
        nulls, families = LAWS[group["title"]](np.random.default_rng(7), rows)
        levels, cuts, power = [], {}, []
        for null in group["levels"]:
            found = [ask(*nulls[null]()) for _ in range(4 * runs)]
            alarms = [alarm for _, alarm in found]
            levels.append(None if None in alarms else sum(alarms) / len(alarms))
            cuts[null] = matched_cut([score for score, _ in found], level)
        for family in group["families"]:
            cut = cuts[family["level"]]
            power.append([None if math.isnan(cut) else
                          sum(ask(*families[family["name"]](size))[0] <= cut for _ in range(runs)) / runs
                          for size in family["sizes"]])
        out.append({"name": name, "levels": levels, "power": power})
    return out


def rows_and_runs(results, group):
    """Of a group of bench_power's results: rows a side, and runs for a size."""
    rows = results["categorical_rows"] if group["title"] in ("categories", "a rate") else results["rows"]
    return rows, results["runs"] // 4 if group["title"] == "several features" else results["runs"]
