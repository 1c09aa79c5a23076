# SPDX-License-Identifier: Apache-2.0
"""Makes the cost table from the benchmarks' JSON files, and puts it and the drift table into the README when asked to."""
import argparse
import json
import pathlib
import platform
import re
import sys

FEATURES = 100
LARGER = ("cells_1024",)  # more work by configuration, not by hostile data

# benchmark, what it does, rows per call, the bar in nanoseconds per row or call
LINES = [
    ("observe_row", "count one row", 500),
    ("check_row", "check and count one row, C++", None),
    ("check_row_c", "check and count one row, C", 700),
    ("check_texts", "check and count one row of 100 texts", None),
    ("check_long_texts", "the same, texts of 256 bytes", None),
    ("observe_rows_row_major", "count a row of a row-major batch", None),
    ("observe_rows_column_major", "count a row of a column-major batch", None),
    ("observe_column", "count a value of one f32 column", None),
    ("assess", "assess a window, all statistics", 200_000),
    ("merge", "merge two windows", 10_000),
    ("load_bytes", "load a baseline from memory", 1_000_000),
    ("load_file", "load a baseline from a file", 1_000_000),
]


def read(path):
    """{group: {situation: result}}, medians, CPU nanoseconds per row where rows are counted."""
    document = json.loads(path.read_text())
    groups = {}
    for entry in document["benchmarks"]:
        if entry.get("aggregate_name", "median") != "median":
            continue
        group, situation = entry["run_name"].split("/")[:2]
        unit = {"ns": 1.0, "us": 1e3, "ms": 1e6}[entry["time_unit"]]
        entry["ns"] = entry["cpu_time"] * unit / entry.get("rows", 1.0)
        groups.setdefault(group, {})[situation] = entry
    return document["context"], groups


def show(nanoseconds):
    for limit, scale, unit in ((1e3, 1.0, "ns"), (1e6, 1e3, "µs"), (float("inf"), 1e6, "ms")):
        if nanoseconds < limit:
            return f"{nanoseconds / scale:.3g} {unit}"
    return "?"


def cpu_name():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = {key: re.search(rf"^{key}\s*:\s*(.*)$", text, re.M) for key in ("model name", "cpu family", "model")}
    if not found["model name"]:
        return platform.processor()
    family = f", family {found['cpu family'][1]}, model {found['model'][1]}" if found["cpu family"] else ""
    return found["model name"][1] + family


def cost_table(groups):
    lines = ["| work (100 features × 64 cells) | typical | per feature | allocations | worst case | bar |",
             "|---|--:|--:|--:|---|---|"]
    for group, title, bar in LINES:
        if group not in groups:
            continue
        results = groups[group]
        typical = results["typical"]
        hostile = {name: result["ns"] for name, result in results.items()
                   if name != "typical" and name not in LARGER}
        worst_text = ""
        if hostile:
            name, worst = max(hostile.items(), key=lambda item: item[1])
            ratio = max(1.0, worst / typical["ns"])
            worst_text = f"{show(worst)} ({name.replace('_', ' ')}, {ratio:.2g}×{'' if ratio <= 4 else ', MISSED'})"
        per_feature = "" if group == "observe_column" else show(typical["ns"] / FEATURES)
        bar_text = "" if bar is None else f"≤ {show(bar)} {'met' if typical['ns'] <= bar else 'MISSED'}"
        lines.append(f"| {title} | {show(typical['ns'])} | {per_feature} | {typical['allocations']:.3g} | "
                     f"{worst_text} | {bar_text} |")
    return lines


def latency_line(groups):
    parts = []
    for group, title in (("check_row_latency", "C++"), ("check_row_c_latency", "C")):
        if group in groups:
            typical = groups[group]["typical"]
            p50, p99 = typical["p50_ns"], typical["p99_ns"]
            verdict = "met" if p99 <= 2 * p50 else "MISSED"
            parts.append(f"{title} p50 {p50:.0f} ns, p99 {p99:.0f} ns (p99 ≤ 2 × p50: {verdict})")
    clock = groups.get("clock", {}).get("empty")
    if not parts or clock is None:
        return []
    return ["", f"Latency of a single check, each call timed on its own with the clock's {clock['p50_ns']:.0f} ns "
            f"included: {'; '.join(parts)}."]


def size_line(groups):
    window = groups["merge"]["typical"]["bytes_per_feature"]
    file = groups["load_bytes"]["typical"]["bytes_per_feature"]
    return ["", f"Memory: {window:.0f} bytes per feature in a window; {file:.0f} bytes per feature in a baseline file."]


def isa_table(folder):
    measured = {}
    for path in sorted(folder.glob("isa-*.json")):
        context, groups = read(path)
        if path.stem == "isa-" + context["vedette_isa"]:  # else this CPU does not have it
            measured[context["vedette_isa"]] = groups
    names = sorted(measured, key=lambda name: ["avx512", "avx2", "neon", "baseline"].index(name))
    if not names:
        return []
    lines = ["", "| by instruction set | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for group, title, _ in LINES:
        if all(group in measured[name] for name in names):
            lines.append(f"| {title} | " + " | ".join(show(measured[name][group]["typical"]["ns"]) for name in names) +
                         " |")
    return lines


def put(readme, name, text):
    """Replaces what stands between the marks of that table."""
    begin, end = f"<!-- {name} table begin -->", f"<!-- {name} table end -->"
    page = readme.read_text()
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        sys.exit(f"{readme} has no pair of marks {begin} and {end}")
    before, rest = page.split(begin)
    readme.write_text(before + begin + "\n" + text.strip() + "\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    context, groups = read(options.folder / "best.json")
    lines = [f"{cpu_name()}; kernels {context['vedette_isa']}; one thread; CPU time, medians. Made by `bench/run.sh`.",
             ""]
    lines += cost_table(groups) + latency_line(groups) + size_line(groups) + isa_table(options.folder)
    versus = options.folder / "versus.md"
    if versus.exists():
        lines += ["", "Beside the peers, on the same data (`bench/versus/run.sh`):", "", versus.read_text().strip()]
    text = "\n".join(lines)
    print(text)
    (options.folder / "cost.md").write_text(text + "\n")
    drift = options.folder / "drift.md"
    if drift.exists():
        print("\n" + drift.read_text().strip())
    if options.readme:
        put(options.readme, "cost", text)
        if drift.exists():  # else the table of the last run with peers stays
            put(options.readme, "drift", drift.read_text())


if __name__ == "__main__":
    main()
