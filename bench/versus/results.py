# SPDX-License-Identifier: Apache-2.0
"""How contenders are timed and how the comparison is written down; shared by the comparisons of this folder."""
import platform
import statistics
import time

RUNS = 9


def cpu_name():
    try:
        fields = dict(line.split(":", 1) for line in open("/proc/cpuinfo").read().split("\n\n")[0].splitlines()
                      if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        return f"{fields.get('model name')} (family {fields.get('cpu family')}, model {fields.get('model')})"
    except OSError:
        return platform.processor()


def header(isa, runs, *modules):
    versions = ", ".join(f"{name} {version}" for name, version in (("Python", platform.python_version()), *modules))
    return f"{cpu_name()}, kernels {isa}, one thread; medians of {runs} interleaved runs, CPU time. {versions}."


def cpu_seconds(work, *arguments):
    begin = time.process_time_ns()
    work(*arguments)
    return (time.process_time_ns() - begin) * 1e-9


def interleaved(contenders, runs=RUNS):
    """Median CPU seconds of each contender; every one runs once per round, on that round's fresh data. Round 0 warms
    up and is not counted."""
    spent = {name: [] for name in contenders}
    for name, work in contenders.items():
        work(0)
    for round_number in range(1, runs + 1):
        for name, work in contenders.items():
            spent[name].append(cpu_seconds(work, round_number))
    return {name: statistics.median(times) for name, times in spent.items()}


def verdict(met):
    return "met" if met else "MISSED"


def number(value):
    return f"{value:.3g}" if value < 999.5 else f"{value:,.0f}"


class Results:
    def __init__(self):
        self.rows, self.disagreements, self.agreements = [], [], []

    def add(self, work, ours, peer_name, peer, unit, scale, bar=None, limit=None):
        """bar: the ratio that is asked for; limit: the most seconds that are allowed."""
        ratio = peer / ours
        bars = [] if limit is None else [f"≤ {number(limit * scale)} {unit} {verdict(ours <= limit)}"]
        bars += [] if bar is None else [f"≥ {bar}× {verdict(ratio >= bar)}"]
        self.rows.append((work, f"{number(ours * scale)} {unit}", peer_name, f"{number(peer * scale)} {unit}",
                          f"{number(ratio)}×", ", ".join(bars)))

    def note(self, work, ours, peer_name, peer, ratio, bar):
        self.rows.append((work, ours, peer_name, peer, ratio, bar))

    def check(self, what, agrees, detail=""):
        self.agreements.append((what, agrees))
        if not agrees:
            self.disagreements.append(f"{what}: {detail}")

    def markdown(self, header):
        lines = [header, "", "| work | vedette | peer | its time | ratio | bar |", "|---|--:|---|--:|--:|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        if self.agreements:
            passed = sum(agrees for _, agrees in self.agreements)
            lines += ["", f"Answers that should agree: {passed} of {len(self.agreements)} do."]
        lines += [f"- disagreement: {text}" for text in self.disagreements]
        return "\n".join(lines) + "\n"
