# SPDX-License-Identifier: Apache-2.0
"""How often SciPy's tests alarm over the families of bench/power.cpp, and both as one page of Markdown tables.
usage: power.py RESULTS_OF_BENCH_POWER.json [--update README]"""

import argparse
import json
import pathlib
import warnings

import numpy as np
import scipy
from scipy import stats

BEGIN, END = "<!-- power tables begin -->", "<!-- power tables end -->"


def families(generator, rows):
    def normal():
        return generator.standard_normal(rows)

    def heavy():
        return generator.standard_t(3, rows) / np.sqrt(3.0)

    def five(count=rows):
        return np.floor(5.0 * generator.random(count))

    return {
        "level, normal": (normal, normal),
        "level, heavy tails": (heavy, heavy),
        "level, five values": (five, five),
        "the same, 60 live": (five, lambda: five(60)),
        "location, 0.3 sd": (normal, lambda: normal() + 0.3),
        "scale, 1.3 times": (normal, lambda: 1.3 * normal()),
        "tails, t3 for normal": (normal, heavy),
        "mixture, 5 % at 4 sd": (normal, lambda: normal() + 4.0 * (generator.random(rows) < 0.05)),
    }


TESTS = {
    "SciPy ks_2samp": lambda x, y: stats.ks_2samp(x, y).pvalue,
    "SciPy cramervonmises_2samp": lambda x, y: stats.cramervonmises_2samp(x, y).pvalue,
    "SciPy anderson_ksamp": lambda x, y: stats.anderson_ksamp([x, y]).pvalue,
    "SciPy mannwhitneyu": lambda x, y: stats.mannwhitneyu(x, y).pvalue,
    "SciPy epps_singleton_2samp": lambda x, y: stats.epps_singleton_2samp(x, y).pvalue,
    "SciPy ttest_ind (Welch)": lambda x, y: stats.ttest_ind(x, y, equal_var=False).pvalue,
    "SciPy levene (median)": lambda x, y: stats.levene(x, y).pvalue,
}


def peers(level, rows, runs):
    warnings.simplefilter("ignore")
    rates = {}
    for name, test in TESTS.items():
        rates[name] = {}
        generator = np.random.default_rng(7)
        for family, (reference, live) in families(generator, rows).items():
            alarms = 0
            for _ in range(runs):
                try:
                    alarms += test(reference(), live()) <= level
                except (ValueError, np.linalg.LinAlgError):
                    pass
            rates[name][family] = alarms / runs
    return rates


def table(title, rows):
    columns = list(next(iter(rows.values())))
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---|" + "--:|" * len(columns)]
    for name, rates in rows.items():
        cells = ["-" if rates[column] is None else f"{100.0 * rates[column]:.1f}" for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--update", type=pathlib.Path)
    options = parser.parse_args()
    ours = json.loads(options.results.read_text())
    beside = peers(ours["level"], ours["rows"], ours["runs"])
    text = (
        f"Alarms in % of {ours['runs']:,} runs at the level {100 * ours['level']:.0f} %, {ours['rows']} rows a side, "
        f"beside SciPy {scipy.__version__}. The first columns are levels, the others power. Standard error at most "
        f"{50.0 / ours['runs'] ** 0.5:.1f}. Made by `sh bench/power.sh`.\n\n"
        + table("one feature", ours["univariate"]) + "\n"
        + table("beside: SciPy", beside) + "\n"
        + table("beside: thresholds of other packages", ours["presets"]) + "\n"
        + table("several features", ours["multivariate"])
    )
    if options.update is None:
        print(text)
        return
    page = options.update.read_text()
    head, rest = page.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    options.update.write_text(f"{head}{BEGIN}\n{text}{END}{tail}")


if __name__ == "__main__":
    main()
