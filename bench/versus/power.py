# SPDX-License-Identifier: Apache-2.0
"""Level and power of SciPy's tests on the laws of power_laws.py, and all of it as Markdown tables.
usage: power.py RESULTS_OF_BENCH_POWER.json [--peers FILE...] [--update README]"""

import argparse
import json
import math
import pathlib
import warnings

import numpy as np
import scipy
from power_laws import measure, rows_and_runs
from scipy import stats

BEGIN, END = "<!-- power tables begin -->", "<!-- power tables end -->"

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
GROUPS = {"one feature": OF_NUMBERS, "categories": OF_COUNTS, "a rate": OF_RATES, "several features": OF_SEVERAL}


def p_value(test, pair):
    try:
        p = test(*pair)
    except (ValueError, np.linalg.LinAlgError):
        return math.inf
    return math.inf if math.isnan(p) else p


def by_p(test, level):
    def ask(*pair):
        p = p_value(test, pair)
        return p, p <= level
    return ask


# ---- the page ----


def percent(rate, runs):
    """With its standard error; of a rate of 0 or 1 what one run more or less would make of it."""
    if rate is None:
        return "-"
    error = math.sqrt(max(rate * (1.0 - rate), 1.0 / runs) / runs)
    return f"{100.0 * rate:.1f} ± {100.0 * error:.1f}"


def table(group, peers, null_runs, runs):
    heads = [f"level: {name}" for name in group["levels"]]
    heads += [f"{family['name']}: " + " / ".join(f"{size:g}" for size in family["sizes"]) + f" (s.e. ≤ {50.0 / math.sqrt(runs):.1f})"
              for family in group["families"]]
    lines = [f"| {group['title']} | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for method in group["methods"] + peers:
        cells = [percent(rate, null_runs) for rate in method["levels"]]
        cells += [" / ".join("-" if rate is None else f"{100.0 * rate:.0f}" for rate in curve) for curve in method["power"]]
        lines.append(f"| {method['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--update", type=pathlib.Path)
    parser.add_argument("--peers", type=pathlib.Path, nargs="*", default=[], help="what power_peers.py wrote")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    ours = json.loads(options.results.read_text())
    runs = ours["runs"]
    text = (
        f"In %, {ours['rows']} rows a side ({ours['categorical_rows']} of categories), beside SciPy {scipy.__version__}. "
        f"**Levels**: alarms without drift in {4 * runs:,} runs, of tests at {100 * ours['level']:.0f} %, of presets by "
        f"their own thresholds (`-`: none), ± the standard error: of many levels, one in twenty is two of these away by chance. "
        f"Peers draw pairs of their own of the same laws. **Power** in "
        f"{runs:,} runs for each size, all at one level: an alarm is a value that at most {100 * ours['level']:.0f} % of "
        f"the runs without drift reach; standard error at most {50.0 / math.sqrt(runs):.1f}. Several features: a quarter "
        f"of the runs. By `sh bench/power.sh --update`.\n\n")
    for group in ours["groups"]:
        tests = {name: by_p(test, ours["level"]) for name, test in GROUPS.get(group["title"], {}).items()}
        peers = measure(tests, group, ours["level"], *rows_and_runs(ours, group)) if tests else []
        for peer in options.peers:
            peers += json.loads(peer.read_text()).get(group["title"], [])
        power_runs = rows_and_runs(ours, group)[1]
        text += table(group, peers, 4 * power_runs, power_runs) + "\n"
    if options.update is None:
        print(text)
        return
    page = options.update.read_text()
    head, rest = page.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    options.update.write_text(f"{head}{BEGIN}\n{text.rstrip()}\n{END}{tail}")


if __name__ == "__main__":
    main()
