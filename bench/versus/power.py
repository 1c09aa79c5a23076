# SPDX-License-Identifier: Apache-2.0
"""Level and power of SciPy's tests over the families of bench/power_families.hpp, and all of it as Markdown tables.
usage: power.py RESULTS_OF_BENCH_POWER.json [--update README]"""

import argparse
import json
import math
import pathlib
import warnings

import numpy as np
import scipy
from scipy import stats

BEGIN, END = "<!-- power tables begin -->", "<!-- power tables end -->"

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


# ---- the peers: a p-value of a pair ----


def filled(table):
    return table[:, table.sum(axis=0) > 0]


def each(x, y):
    """What alibi-detect's TabularDrift does: SciPy's KS of each feature, Bonferroni."""
    return min(1.0, x.shape[1] * min(stats.ks_2samp(x[:, j], y[:, j]).pvalue for j in range(x.shape[1])))


OF_NUMBERS = {
    "SciPy ks_2samp": lambda x, y: stats.ks_2samp(x, y).pvalue,
    "SciPy cramervonmises_2samp": lambda x, y: stats.cramervonmises_2samp(x, y).pvalue,
    "SciPy anderson_ksamp": lambda x, y: stats.anderson_ksamp([x, y]).pvalue,
    "SciPy mannwhitneyu": lambda x, y: stats.mannwhitneyu(x, y).pvalue,
    "SciPy epps_singleton_2samp": lambda x, y: stats.epps_singleton_2samp(x, y).pvalue,
    "SciPy ttest_ind (Welch)": lambda x, y: stats.ttest_ind(x, y, equal_var=False).pvalue,
    "SciPy levene (mean)": lambda x, y: stats.levene(x, y, center="mean").pvalue,
    "SciPy levene (median)": lambda x, y: stats.levene(x, y).pvalue,
}
OF_COUNTS = {
    "SciPy chi2_contingency": lambda *pair: stats.chi2_contingency(filled(np.array(pair)), correction=False).pvalue,
    "SciPy chi2_contingency, G": lambda *pair: stats.chi2_contingency(
        filled(np.array(pair)), correction=False, lambda_="log-likelihood").pvalue,
}
OF_RATES = OF_COUNTS | {"SciPy fisher_exact": lambda *pair: stats.fisher_exact(np.array(pair)).pvalue}
OF_SEVERAL = {"SciPy ks_2samp of each, Bonferroni": each}
GROUPS = {
    "one feature": (OF_NUMBERS, numbers),
    "categories": (OF_COUNTS, counts),
    "a rate": (OF_RATES, counts),
    "several features": (OF_SEVERAL, several),
}


def p_value(test, pair):
    try:
        p = test(*pair)
    except (ValueError, np.linalg.LinAlgError):
        return math.inf
    return math.inf if math.isnan(p) else p


def matched_cut(scores, level):
    """The largest score that at most `level` of the null scores reach; NaN where not even the smallest is so rare."""
    scores = sorted(scores)
    place = math.floor(level * len(scores) + 1e-9)
    while place > 0 and scores[place - 1] == scores[place]:
        place -= 1
    return scores[place - 1] if place > 0 else math.nan


def beside(group, level, rows, runs):
    tests, laws = GROUPS[group["title"]]
    methods = []
    for name, test in tests.items():
        nulls, families = laws(np.random.default_rng(7), rows)
        levels, cuts, power = [], {}, []
        for null in group["levels"]:
            scores = [p_value(test, nulls[null]()) for _ in range(4 * runs)]
            levels.append(sum(score <= level for score in scores) / len(scores))
            cuts[null] = matched_cut(scores, level)
        for family in group["families"]:
            power.append([None if math.isnan(cuts[family["level"]]) else sum(p_value(test, families[family["name"]](size)) <= cuts[family["level"]]
                              for _ in range(runs)) / runs for size in family["sizes"]])
        methods.append({"name": name, "levels": levels, "power": power})
    return methods


# ---- the page ----


def percent(rate):
    return "-" if rate is None else f"{100.0 * rate:.1f}"


def table(group, peers):
    heads = [f"level: {name}" for name in group["levels"]]
    heads += [f"{family['name']}: " + " / ".join(f"{size:g}" for size in family["sizes"]) for family in group["families"]]
    lines = [f"| {group['title']} | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for method in group["methods"] + peers:
        cells = [percent(rate) for rate in method["levels"]]
        cells += [" / ".join("-" if rate is None else f"{100.0 * rate:.0f}" for rate in curve) for curve in method["power"]]
        lines.append(f"| {method['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--update", type=pathlib.Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    ours = json.loads(options.results.read_text())
    runs = ours["runs"]
    text = (
        f"In %, {ours['rows']} rows a side ({ours['categorical_rows']} of categories), beside SciPy {scipy.__version__}. "
        f"**Levels**: alarms without drift in {4 * runs:,} runs, of tests at {100 * ours['level']:.0f} %, of presets by "
        f"their own thresholds (`-`: none); standard error of 5 % {100 * math.sqrt(0.0475 / (4 * runs)):.1f}. **Power** in "
        f"{runs:,} runs for each size, all at one level: an alarm is a value that at most {100 * ours['level']:.0f} % of "
        f"the runs without drift reach; standard error at most {50.0 / math.sqrt(runs):.1f}. Several features: a quarter "
        f"of the runs. By `sh bench/power.sh --update`.\n\n")
    for group in ours["groups"]:
        rows = ours["categorical_rows"] if group["title"] in ("categories", "a rate") else ours["rows"]
        of_peers = runs // 4 if group["title"] == "several features" else runs
        peers = beside(group, ours["level"], rows, of_peers) if group["title"] in GROUPS else []
        text += table(group, peers) + "\n"
    if options.update is None:
        print(text)
        return
    page = options.update.read_text()
    head, rest = page.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    options.update.write_text(f"{head}{BEGIN}\n{text.rstrip()}\n{END}{tail}")


if __name__ == "__main__":
    main()
