#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line tool from end to end: exit statuses, every format, errors with their place (standard library only).

usage: cli_test.py VEDETTE-BINARY SOURCE-DIR
"""
import html.parser
import json
import math
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

TOOL = ""
DATA = pathlib.Path()
PASS, FAILED, INPUT_ERROR, NOT_ENOUGH = 0, 1, 2, 3
DECISIONS = {"pass", "not_evaluated", "warn", "alarm"}


def run(*arguments, stdin=None, env=None):
    # An end that is no terminal: no colours, no progress.
    return subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, check=False,
                          env={**os.environ, **(env or {})}, timeout=120)


def rows(count, seed, shift=0.0, nulls=0.0):
    """A CSV of one continuous, one discrete and one categorical feature."""
    draw = random.Random(seed)
    lines = ["amount,items,country"]
    countries = ["DE", "FR", "IT", '"N,O"']
    for _ in range(count):
        amount = "" if draw.random() < nulls else repr(draw.gauss(shift, 1.0))
        lines.append(f"{amount},{draw.randint(1, 5)},{draw.choice(countries)}")
    return "\n".join(lines) + "\n"


def lines_of(path):
    return path.read_text().splitlines()


class Page(html.parser.HTMLParser):
    """Checks that tags nest and close, and collects what would load something or run."""

    VOID = {"meta", "br", "hr", "img", "input", "link", "!doctype"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.problems, self.text = [], set(), [], []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href", "action"):
                self.problems.append(f"{tag} {name}={value}")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"unexpected </{tag}> at {self.getpos()}")

    def handle_data(self, data):
        self.text.append(data)


def check_openmetrics(test, text):
    """The OpenMetrics 1.0 text grammar, as far as we use it."""
    lines = text.split("\n")
    test.assertEqual(lines[-2:], ["# EOF", ""])
    types, seen, current = {}, set(), None
    label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{{{label}(?:,{label})*\}})? (NaN|[+-]Inf|[-+0-9.e]+)$")
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            current, kind = line[7:].split(" ")
            test.assertNotIn(current, types, "families do not interleave")
            types[current] = kind
        elif line.startswith("# HELP "):
            test.assertEqual(line[7:].split(" ")[0], current)
        else:
            match = sample.match(line)
            test.assertIsNotNone(match, line)
            suffix = {"info": "_info", "counter": "_total"}.get(types[current], "")
            test.assertEqual(match[1], current + suffix)
            test.assertNotIn((match[1], match[2]), seen, "a series appears once")
            seen.add((match[1], match[2]))
            if match[3] not in ("NaN", "+Inf", "-Inf"):
                float(match[3])
    return types


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.write("ref.csv", rows(4000, 1))
        cls.write("same.csv", rows(4000, 2))
        cls.write("moved.csv", rows(4000, 3, shift=1.0))
        cls.write("few.csv", rows(20, 4))
        cls.model = cls.dir / "model.vedette"
        built = run("baseline", "build", cls.dir / "ref.csv", "-o", cls.model, "--name", "test model")
        assert built.returncode == PASS, built.stderr.decode()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def write(cls, name, text):
        path = cls.dir / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def check(self, live, *more, **named):
        return run("check", "--baseline", self.model, self.dir / live if live != "-" else "-", *more, **named)

    def expect(self, result, status, *words):
        said = (result.stdout + result.stderr).decode()
        self.assertEqual(result.returncode, status, said)
        for word in words:
            self.assertIn(word, said)
        return result.stdout.decode()

    # exit statuses

    def test_no_drift_passes(self):
        self.expect(self.check("same.csv"), PASS, "pass: none of 3 features changed")

    def test_drift_fails_and_names_the_feature(self):
        self.expect(self.check("moved.csv"), FAILED, "alarm: 1 of 3 features drifted", "(amount)")

    def test_too_little_data_is_no_verdict(self):
        self.expect(self.check("few.csv"), NOT_ENOUGH, "not evaluated")

    def test_an_empty_input_never_passes(self):
        self.write("header.csv", "amount,items,country\n")
        self.write("nothing.csv", "")
        self.expect(self.check("header.csv"), NOT_ENOUGH, "not evaluated")
        self.expect(self.check("nothing.csv"), INPUT_ERROR, "nothing.csv:1:1: the file is empty")
        self.expect(self.check("-", stdin=b""), INPUT_ERROR, "<stdin>:1:1: the file is empty")
        self.expect(run("drift", self.dir / "header.csv", self.dir / "same.csv"), NOT_ENOUGH, "0 rows")
        self.expect(run("drift", self.dir / "ref.csv", self.dir / "header.csv"), NOT_ENOUGH)
        self.expect(self.check("header.csv", "--window", "10"), NOT_ENOUGH)

    def test_a_warning_fails_only_when_asked(self):
        policy = self.write("warn.json", json.dumps({"version": 1, "defaults": {"tolerance": 0.9}}))
        self.expect(self.check("moved.csv", "--policy", policy), PASS, "warn")
        self.expect(self.check("moved.csv", "--policy", policy, "--fail-on", "warn"), FAILED, "warn")

    def test_a_warning_does_not_hide_what_was_not_evaluated(self):
        self.write("partly.csv", rows(300, 5, nulls=0.9))
        policy = self.write("lenient.json", json.dumps({"version": 1, "defaults": {"tolerance": 0.99}}))
        self.expect(self.check("partly.csv", "--policy", policy), NOT_ENOUGH, "warning", "not evaluated")

    def test_usage_errors(self):
        for arguments in ([], ["frobnicate"], ["check"], ["check", "--baseline", self.model], ["baseline"],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--frob"],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--window", "0"],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--window", "-5"],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--window", "5", "--window-by", "items"],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--format", "pdf"],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--format", "json="],
                          ["check", "--baseline", self.model, self.dir / "same.csv", "--format", "json", "--format", "table"],
                          ["baseline", "build", self.dir / "ref.csv"],
                          ["baseline", "build", self.dir / "ref.csv", "-o", "x", "--cells", "3"],
                          ["drift", "-", "-"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, INPUT_ERROR, f"{arguments}: {result}")
            self.assertTrue(result.stderr)

    def test_help_and_version(self):
        self.assertRegex(self.expect(run("--version"), PASS), r"^vedette \d+\.\d+\.\d+ \(\w+\)\n$")
        self.expect(run("--help"), PASS, "Exit status")
        self.expect(run("check", "--help"), PASS, "--window-by")

    # input

    def test_csv_errors_name_line_and_column(self):
        for text, place in ((b"amount,items,country\n1,2,DE\n1,2\n", ":3:3: the record has 2 fields"),
                            (b"amount,items,country\n1,2,\"DE\n", ":2:5: the quoted field has no closing quote"),
                            (b"amount,items,country\n1,\x002,DE\n", ":2:3: a NUL byte"),
                            (b"amount,amount,country\n", ":1:8: the name \"amount\""),
                            (b"amount,,country\n", ":1:8: column 2 of the header has no name"),
                            (b"amount,items,country\n1,2,\xff\n", ":2:5: the field is not valid UTF-8"),
                            (b"amount,items,country\n1,2," + b"x" * (1 << 20) + b"y\n", ":2:5: the field is longer")):
            self.write("bad.csv", text)
            result = self.check("bad.csv")
            self.expect(result, INPUT_ERROR, "bad.csv" + place)
            self.assertEqual(result.stdout, b"")

    def test_missing_files_and_columns(self):
        self.expect(self.check("absent.csv"), INPUT_ERROR, "absent.csv: cannot be read")
        self.expect(run("check", "--baseline", self.dir / "absent", self.dir / "same.csv"), INPUT_ERROR, "absent")
        self.expect(run("check", "--baseline", self.dir / "same.csv", self.dir / "same.csv"), INPUT_ERROR)
        self.write("narrow.csv", "amount,items\n1,2\n")
        self.expect(self.check("narrow.csv"), INPUT_ERROR, 'no column "country"', "amount, items")
        self.expect(self.check("same.csv", "--window-by", "month"), INPUT_ERROR, 'no column "month"')

    def test_an_altered_baseline_is_refused(self):
        data = bytearray(self.model.read_bytes())
        data[-3] ^= 1
        broken = self.write("broken.vedette", bytes(data))
        self.expect(run("baseline", "show", broken), INPUT_ERROR, "broken.vedette")
        cut = self.write("cut.vedette", self.model.read_bytes()[:-1])
        self.expect(run("check", "--baseline", cut, self.dir / "same.csv"), INPUT_ERROR, "cut.vedette")

    def test_columns_are_found_by_name_and_extra_ones_left_alone(self):
        lines = [line.rsplit(",", 1) for line in rows(4000, 2).replace('"N,O"', "NO").splitlines()]
        reference = self.write("plain_ref.csv", rows(4000, 1).replace('"N,O"', "NO"))
        live = self.write("turned.csv", "\n".join(f"{c},extra {i},{rest}" if i else f"{c},note,{rest}"
                                                  for i, (rest, c) in enumerate(lines)) + "\n")
        self.expect(run("drift", reference, live), PASS)

    def test_standard_input(self):
        self.expect(self.check("-", stdin=rows(4000, 2).encode()), PASS, "pass")
        self.expect(self.check("-", stdin=rows(4000, 2).replace("\n", "\r\n").encode()), PASS, "pass")
        self.expect(run("drift", "-", self.dir / "moved.csv", stdin=rows(4000, 1).encode()), FAILED)

    def test_delimiter(self):
        reference = self.write("ref.tsv", "a\tb\n" + "".join(f"{i % 50}\tx\n" for i in range(500)))
        self.expect(run("drift", reference, reference, "--delimiter", "tab"), PASS, "2 features")

    def test_kinds_are_inferred_and_can_be_overridden(self):
        source = self.write("kinds.csv", "code,size,word\n" + "".join(f"{i % 3},{i}.5,w{i % 4}\n" for i in range(200)))
        out = self.dir / "kinds.vedette"

        def kinds(*more):
            self.expect(run("baseline", "build", source, "-o", out, *more), PASS)
            shown = json.loads(run("baseline", "show", out, "--format", "json").stdout)
            return {f["name"]: f["kind"] for f in shown["features"]}
        self.assertEqual(kinds(), {"code": "numeric", "size": "numeric", "word": "categorical"})
        self.assertEqual(kinds("--categorical", "code", "--ignore", "word"), {"code": "categorical", "size": "numeric"})
        self.expect(run("baseline", "build", source, "-o", out, "--numeric", "word"), INPUT_ERROR, "kinds.csv:2:7:")
        self.expect(run("baseline", "build", source, "-o", out, "--ignore", "absent"), INPUT_ERROR, "absent")
        self.expect(run("baseline", "build", source, "-o", out, "--ignore", "code", "--numeric", "code"), INPUT_ERROR)
        self.expect(run("baseline", "build", source, "-o", out, "--ignore", "code,size,word"), INPUT_ERROR)

    def test_text_in_a_numeric_feature_is_found(self):
        text = rows(4000, 2).splitlines()
        self.write("words.csv", "\n".join(["oops," + line.split(",", 1)[1] if i % 4 == 1 else line
                                           for i, line in enumerate(text)]) + "\n")
        self.expect(self.check("words.csv"), FAILED, "amount", "wrong type")

    def test_npy(self):
        def npy(values, columns):
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values) // columns}, {columns}), }}"
            header += " " * (63 - (10 + len(header)) % 64) + "\n"
            return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                    struct.pack(f"<{len(values)}f", *values))
        draw = random.Random(7)
        reference = self.write("ref.npy", npy([draw.gauss(0, 1) for _ in range(6000)], 3))
        same = self.write("same.npy", npy([draw.gauss(0, 1) for _ in range(6000)], 3))
        moved = self.write("moved.npy", npy([draw.gauss(0.6, 1) for _ in range(6000)], 3))
        self.expect(run("drift", reference, same), PASS, "3 features", "2000 live rows")
        self.expect(run("drift", reference, moved), FAILED, "f0", "f1", "f2")
        cut = self.write("cut.npy", same.read_bytes()[:-1])
        self.expect(run("drift", reference, cut), INPUT_ERROR, "cut.npy: truncated in row 2000")
        model = self.dir / "npy.vedette"
        self.expect(run("baseline", "build", reference, "-o", model), PASS)
        shown = json.loads(run("baseline", "show", model, "--format", "json").stdout)
        self.assertEqual({f["precision"] for f in shown["features"]}, {"f32"})

    # windows

    def windows(self, live, *more):
        report = json.loads(self.check(live, "--format", "json", *more).stdout)
        return [(w["label"], w["live_rows"]) for w in report["windows"]]

    def test_windows_cover_every_row(self):
        self.assertEqual(self.windows("same.csv"), [("", 4000)])
        self.assertEqual(self.windows("same.csv", "--window", "1500"),
                         [("1-1500", 1500), ("1501-3000", 1500), ("3001-4000", 1000)])
        # a rest too short to be judged joins the window before it
        self.assertEqual(self.windows("same.csv", "--window", "1330"),
                         [("1-1330", 1330), ("1331-2660", 1330), ("2661-4000", 1340)])
        self.assertEqual(self.windows("same.csv", "--window", "4000"), [("1-4000", 4000)])
        self.assertEqual(self.windows("same.csv", "--window", "1000000"), [("1-4000", 4000)])

    def test_a_joined_window_equals_one_counted_in_one_go(self):
        short = json.loads(self.check("same.csv", "--format", "json", "--window", "3990").stdout)
        whole = json.loads(self.check("same.csv", "--format", "json").stdout)
        self.assertEqual(short["windows"][0]["features"], whole["windows"][0]["features"])

    def test_windows_by_a_column(self):
        lines = rows(900, 2).splitlines()
        days = [1] * 300 + [2] * 400 + [1] * 200
        self.write("days.csv", "\n".join([lines[0] + ",day"] + [f"{a},{b}" for a, b in zip(lines[1:], days)]) + "\n")
        self.assertEqual(self.windows("days.csv", "--window-by", "day"), [("day 1", 300), ("day 2", 400), ("day 1", 200)])

    def test_thinning_keeps_one_row_of_so_many_on_both_sides(self):
        same = self.dir / "same.csv"
        thinned = json.loads(self.expect(run("drift", same, same, "--thin", "4", "--format", "json"), PASS))
        self.assertEqual(thinned["baseline"]["rows"], 1000)
        self.assertEqual(sum(window["live_rows"] for window in thinned["windows"]), 1000)

    def test_tests_on_samples(self):
        ref, same, moved = (self.dir / name for name in ("ref.csv", "same.csv", "moved.csv"))
        tests = ("--test", "mann_whitney,anderson_darling,g_test", "--correction", "holm")
        self.expect(run("drift", ref, same, *tests), PASS)
        report = json.loads(self.expect(run("drift", ref, moved, *tests, "--format", "json"), FAILED))
        self.assertEqual(report["policy"]["correction"], "holm")
        amount, _, country = report["windows"][0]["features"]
        self.assertEqual([evidence["by"] for evidence in amount["evidence"][:3]],
                         ["mann_whitney", "anderson_darling", "g_test"])
        for evidence in amount["evidence"][:3]:
            test = evidence["test"]
            self.assertLess(test["p_value"], 1e-10)
            self.assertGreaterEqual(evidence["adjusted_p_value"], test["p_value"])
            self.assertEqual((test["reference_count"], test["live_count"]), (4000, 4000))
            self.assertEqual(len(test["effect_interval"]), 2)
        self.assertEqual([evidence["by"] for evidence in country["evidence"]], ["g_test"])
        self.expect(run("drift", ref, moved, *tests, "--format", "table"), FAILED, "Mann-Whitney")
        for name in ("markdown", "html", "junit", "sarif", "openmetrics"):
            self.expect(run("drift", ref, moved, *tests, "--format", name), FAILED)
        report = json.loads(self.expect(run("drift", ref, same, "--test", "welch_t", "--format", "json"), PASS))
        self.assertEqual([feature["test"] for feature in report["windows"][0]["features"]],
                         ["welch_t", "welch_t", "chi_square"])  # categories have no mean: the policy's test
        blocks = json.loads(self.expect(run("drift", ref, moved, "--test", "mann_whitney", "--method", "asymptotic",
                                            "--block", "20", "--format", "json"), FAILED))
        test = blocks["windows"][0]["features"][0]["evidence"][0]["test"]
        self.assertEqual((test["reference_count"], test["live_count"]), (200, 200))
        self.expect(run("drift", ref, same, "--test", "welch_t", "--method", "exact"), INPUT_ERROR, "exact")
        self.expect(run("drift", ref, same, "--method", "exact"), INPUT_ERROR, "--test")
        lower = json.loads(self.expect(run("drift", ref, moved, "--test", "mann_whitney", "--alternative", "less",
                                           "--ignore", "country", "--format", "json"), PASS))
        self.assertGreater(lower["windows"][0]["features"][0]["evidence"][0]["test"]["p_value"], 0.99)
        finer = json.loads(self.expect(run("drift", ref, moved, "--test", "wasserstein", "--permutations", "4999",
                                           "--format", "json"), FAILED))
        self.assertEqual(finer["windows"][0]["features"][0]["evidence"][0]["test"]["p_value"], 0.0002)
        self.expect(run("drift", ref, same, "--test", "welch_t", "--block", "2", "--thin", "2"), INPUT_ERROR, "--block")
        self.expect(run("drift", ref, same, "--test", "two_proportions"), INPUT_ERROR, "--test")
        rate = json.loads(self.expect(run("drift", ref, same, "--test", "welch_t,two_proportion", "--format", "json"), PASS))
        found = {item["name"]: [evidence["by"] for evidence in item["evidence"]
                                if evidence["hypothesis"] == "distribution"] for item in rate["windows"][0]["features"]}
        self.assertEqual(found["country"], ["two_proportion"])
        self.assertEqual(found["amount"], ["welch_t"])
        joint = json.loads(self.expect(run("drift", ref, moved, "--multivariate", "mean_shift,random_feature_mmd",
                                           "--format", "json"), FAILED))["windows"][0]["joint"]
        self.assertEqual([item["by"] for item in joint], ["mean_shift", "random_feature_mmd"])
        for item in joint:
            self.assertLess(item["adjusted_p_value"], 0.01)
            self.assertEqual(item["test"]["live_count"], 4000)
        self.expect(run("drift", ref, same, "--test", "welch_t", "--window", "500"), INPUT_ERROR, "--window")
        self.expect(run("check", "--baseline", self.model, same, "--correction", "bonferroni"), PASS)

    # sketches

    def sketch(self, name, *more, stdin=None):
        path = self.dir / f"{name}.sketch"
        source = self.dir / f"{name}.csv" if stdin is None else "-"
        return path, run("sketch", "build", source, "-o", path, *more, stdin=stdin)

    def test_sketches_are_judged_with_their_error(self):
        reference, built = self.sketch("ref")
        self.expect(built, PASS, "2 columns, up to 4,000 values each", '"country" holds a text')
        same, _ = self.sketch("same", "--seed", "2")
        moved, _ = self.sketch("moved", "--seed", "3", "--k", "400")
        few, _ = self.sketch("few")
        self.expect(run("sketch", "compare", reference, same), PASS, "pass: none of 2 columns changed")
        self.expect(run("sketch", "compare", reference, moved), FAILED, "alarm: 1 of 2 columns (amount)")
        self.expect(run("sketch", "compare", reference, few), NOT_ENOUGH, "not evaluated")
        out = self.dir / "sketches" / "moved.json"
        self.expect(run("sketch", "compare", reference, moved, "--format", "table", "--format", f"json={out}"), FAILED)
        report = json.loads(out.read_text())
        amount = report["columns"][0]
        self.assertEqual((amount["name"], amount["decision"]), ("amount", "alarm"))
        low, high = amount["statistic_interval"]
        self.assertLess(low, 0.383 + 0.03)  # D of normals one apart, of 4,000 values each
        self.assertGreater(high, 0.383 - 0.03)
        self.assertLess(high - low, 0.15)
        p_low, p_high = amount["p_value_interval"]
        p = amount["evidence"][0]["p_value"]
        self.assertTrue(0 <= p_low <= p_high <= p <= 0.01)
        self.assertEqual(amount["reference"]["count"], 4000)
        self.assertEqual(report["columns"][1]["decision"], "pass")

    def test_sketches_are_shown(self):
        path, _ = self.sketch("ref", "--columns", "amount")
        self.expect(run("sketch", "show", path), PASS, "amount", "4,000", "Rank error")
        shown = json.loads(self.expect(run("sketch", "show", path, "--format", "json"), PASS))
        column = shown["columns"][0]
        self.assertEqual((column["name"], column["count"], column["exact"]), ("amount", 4000, False))
        values = [each["value"] for each in column["quantiles"]]
        self.assertEqual(values, sorted(values))
        self.assertTrue(column["minimum"] <= values[0] and values[-1] <= column["maximum"])
        self.assertTrue(0 < column["rank_error"] < 0.03)
        (self.dir / "blanks.csv").write_text("x,y\n,1\n,2\n3,4\n")
        blanks, _ = self.sketch("blanks")
        self.expect(run("sketch", "show", blanks), PASS, "exact")
        self.expect(run("sketch", "show", self.dir / "ref.csv"), INPUT_ERROR)
        self.expect(run("sketch", "show", path, "--format", "html"), INPUT_ERROR)

    def test_merged_sketches_stand_for_all_rows(self):
        first, _ = self.sketch("ref")
        second, _ = self.sketch("same", "--seed", "2")
        merged = self.dir / "merged.sketch"
        self.expect(run("sketch", "merge", first, second, "-o", merged), PASS, "up to 8,000 values")
        text = self.expect(run("sketch", "compare", first, merged, "--format", "json"), PASS)
        self.assertEqual(json.loads(text)["columns"][0]["live"]["count"], 8000)
        again, _ = self.sketch("same", "--seed", "2")
        before = second.read_bytes()
        self.assertEqual(again.read_bytes(), before, "the same rows and seed give the same bytes")
        narrow, _ = self.sketch("ref", "--columns", "amount")
        self.expect(run("sketch", "merge", merged, narrow, "-o", merged), INPUT_ERROR, "schema_mismatch")
        self.expect(run("sketch", "compare", merged, narrow), INPUT_ERROR, 'no column "items"')
        self.expect(run("sketch", "compare", narrow, merged), PASS)  # further columns are left alone

    def test_rates_of_what_has_no_rank_are_judged(self):
        holes = self.write("holes.csv", rows(4000, 5, nulls=0.3))
        self.sketch("ref")
        path, built = self.sketch("holes")
        self.expect(built, PASS)
        said = self.expect(run("sketch", "compare", self.dir / "ref.sketch", path), FAILED, "empty or NaN 0 % to 3")
        self.assertIn("(alarm)", said)
        self.write("all_empty.csv", "amount,items,country\n" + ",1,\n" * 500)
        self.sketch("all_empty", "--columns", "amount,items")
        empty = self.dir / "all_empty.sketch"
        self.expect(run("sketch", "compare", empty, empty), PASS, "empty or NaN 100 %")
        self.expect(run("sketch", "compare", empty, self.dir / "ref.sketch"), FAILED, "amount")
        self.assertTrue(holes.exists())

    def test_schemas(self):
        before = self.write("before.json", '{"version":1,"features":[{"name":"a","type":"floating","minimum":0}]}')
        wider = self.write("wider.json", '{"version":1,"features":[{"minimum":-1.0,"type":"floating","name":"a"}]}')
        self.expect(run("schema", "check", wider), PASS,
                    '{"version":1,"features":[{"name":"a","type":"floating","minimum":-1.0}]}')
        self.expect(run("schema", "diff", before, wider), PASS, 'loosened: feature "a": minimum 0.0 -> -1.0')
        self.expect(run("schema", "diff", wider, before), FAILED, "breaking")
        told = json.loads(run("schema", "diff", wider, before, "--json").stdout)
        self.assertEqual(told["changes"], [{"kind": "breaking", "feature": "a", "field": "minimum", "before": "-1.0",
                                            "after": "0.0"}])
        self.assertFalse(told["compatible"])
        broken = self.write("broken.json", '{"version":1,"features":[{"name":"a","type":"floating","size":1}]}')
        self.expect(run("schema", "check", broken), INPUT_ERROR, "broken.json", "/features/0/size")
        self.expect(run("schema", "diff", before, "nowhere.json"), INPUT_ERROR, "nowhere.json")

    def test_schema_exchange(self):
        foreign = self.write("foreign.json", json.dumps({"type": "object", "title": "fraud", "required": ["amount"], "properties": {
            "amount": {"type": "number", "minimum": 0, "description": "EUR"}}}))
        own = str(self.dir / "own.json")
        told = run("schema", "import", foreign, "--from", "json-schema", "-o", own)
        self.expect(told, PASS, "annotation: /properties/amount/description: is not kept", "stricter: /additionalProperties")
        self.expect(run("schema", "check", own), PASS, '"minimum":0.0')
        exported = json.loads(run("schema", "export", own, "--to", "json-schema").stdout)
        self.assertEqual(exported["properties"], {"amount": {"type": "number", "minimum": 0.0}})
        pbtxt = self.write("schema.pbtxt", "feature { name: 'x' type: FLOAT\n unique_constraints { min: 2 } }")
        self.expect(run("schema", "import", pbtxt, "--from", "tfdv"), INPUT_ERROR, "schema.pbtxt", "2:2")
        told = run("schema", "import", pbtxt, "--from", "tfdv", "--allow-loss")
        self.assertEqual(told.returncode, PASS)
        self.assertIn(b"looser: 2:2", told.stderr)

    def test_schema_compare(self):
        saved = []
        for name, share in (("monday", 50), ("tuesday", 20)):
            rows = "".join(f"{'CH' if i % 100 < share else 'DE'},{i % 7}\n" for i in range(400))
            data = self.write(name + ".csv", "land,price\n" + rows)
            saved.append(str(self.dir / (name + ".stats")))
            run("schema", "statistics", data, "--save", saved[-1])
        self.expect(run("schema", "compare", *saved, "--infinity-norm", "0.31"), PASS, "0.3 ", "pass")
        told = run("schema", "compare", *saved, "--limit", "land:infinity_norm=0.2", "--format", "json")
        self.assertEqual(told.returncode, FAILED)
        self.assertEqual(json.loads(told.stdout)["columns"][0]["anomaly"], "COMPARATOR_L_INFTY_HIGH")
        self.assertNotIn(b"worst", told.stdout)
        self.expect(run("schema", "compare", *saved, "--limit", "land=0.2"), INPUT_ERROR, "COLUMN:COMPARATOR=LIMIT")
        limit = ("--limit", "land:infinity_norm=0.2", "--limit", "price:jensen_shannon=0.5")
        marked = run("schema", "compare", *saved, *limit, "--format", "markdown")
        self.expect(marked, FAILED, "400 rows against 400: **alarm**", "| alarm | land |", "| pass | price |")
        suite = ElementTree.fromstring(run("schema", "compare", *saved, *limit, "--format", "junit").stdout)
        self.assertEqual(suite.attrib["failures"], "1")
        cases = {(case.attrib["classname"], case.attrib["name"]): [child.tag for child in case]
                 for case in suite.iter("testcase")}
        self.assertEqual(cases["vedette.compare.infinity_norm", "land"], ["failure"])
        self.assertEqual(cases["vedette.compare.jensen_shannon", "price"], [])
        self.assertEqual(cases["vedette.compare.normalized_difference", "land"], ["skipped"])
        self.assertEqual(str(len(cases)), suite.attrib["tests"])
        log = json.loads(run("schema", "compare", *saved, *limit, "--format", "sarif").stdout)
        results = log["runs"][0]["results"]
        self.assertEqual([(r["ruleId"], r["level"]) for r in results], [("vedette/compare/infinity_norm", "error")])
        self.assertEqual(results[0]["locations"][0]["logicalLocations"][0]["name"], "land")
        self.assertNotIn("CH", json.dumps(log))
        self.expect(run("schema", "compare", *saved, "--format", "html"), INPUT_ERROR, "markdown")

    def test_schema_leakage(self):
        rows = "".join(f"{i % 2},{'ab'[i % 2]},{i * 37 % 11 if i % 2 else ''},{i * 7919 % 100}\n" for i in range(400))
        data = self.write("leaking.csv", "y,told,paid,free\n" + rows)
        told = run("schema", "leakage", data, "--label", "y")
        self.expect(told, FAILED, 'column "told": tells_label: gain 1', 'column "paid": tells_label', "given away")
        self.assertNotIn(b'"free"', told.stdout)
        hints = json.loads(run("schema", "leakage", data, "--label", "y", "--format", "json").stdout)["hints"]
        self.assertEqual([(h["column"], h["kind"]) for h in hints], [("told", "tells_label"), ("paid", "tells_label")])
        self.expect(run("schema", "leakage", data, "--label", "free", "--minimum-gain", "0.99"), PASS, "no column alone")
        self.expect(run("schema", "leakage", data, "--label", "z"), INPUT_ERROR, "no column \"z\"")
        few = self.write("few_leaking.csv", "y,x\n" + "0,1\n1,2\n" * 9)
        self.expect(run("schema", "leakage", few, "--label", "y"), NOT_ENOUGH, "fewer than 100")

    def test_schema_of_a_baseline(self):
        rows = [f"{i % 50 / 4},{'CH' if i % 3 else 'DE'}" for i in range(400)]
        data = self.write("ruled.csv", "\n".join(["price,land", *rows]) + "\n")
        live = self.write("ruled_live.csv", "\n".join(["price,land", *rows[:196], "-1,CH", "x,CH", "2,XX", "3,"]) + "\n")
        schema = self.write("rules.json", json.dumps({"version": 1, "environments": ["serving"], "features": [
            {"name": "land", "type": "text", "domain": {"values": ["CH", "DE"]}, "severity": {"domain": "warning"}},
            {"name": "price", "type": "floating", "minimum": 0}]}))
        baseline = str(self.dir / "ruled.vdt")
        self.expect(run("baseline", "build", data, "--schema", schema, "--environment", "serving", "-o", baseline), PASS)
        self.expect(run("baseline", "show", baseline), PASS, "schema", "serving")
        shown = json.loads(run("baseline", "show", baseline, "--format", "json").stdout)
        self.assertEqual(len(shown["schema"]["features"]), 2)
        strict = self.write("strict.json", '{"schema": {"tolerance": 0}}')
        told = run("check", "--baseline", baseline, "--policy", strict, live, "--format", "json")
        report = json.loads(self.expect(told, FAILED))["windows"][0]["schema"]
        self.assertEqual((report["errors"], report["warnings"], report["decision"]), (3, 1, "alarm"))
        self.assertEqual({(f["feature"], f["check"]) for f in report["failures"]},
                         {("price", "minimum"), ("price", "type"), ("land", "domain"), ("land", "null")})
        other = self.write("other.json", '{"version":1,"features":[{"name":"cost","type":"floating"}]}')
        self.expect(run("baseline", "build", data, "--schema", other, "-o", baseline), INPUT_ERROR, "cost")
        self.expect(run("baseline", "build", data, "--environment", "serving", "-o", baseline), INPUT_ERROR)

    def test_schema_check_of_data(self):
        schema = self.write("schema.json", json.dumps({"version": 1, "features": [
            {"name": "amount", "type": "floating", "minimum": 0},
            {"name": "id", "type": "integer", "maximum": 9007199254740993, "unique": True},
            {"name": "zip", "type": "text", "length": {"minimum": 5, "maximum": 5}},
            {"name": "label", "type": "boolean", "required": False, "severity": {"type": "warning"}}]}))
        good = self.write("good.csv", "amount,id,zip\n1,1,01234\n0.5,9007199254740993,98765\n")
        bad = self.write("bad.csv", "amount,id,zip,label\n-1,9007199254740994,1234,yes\n,1,12345,1\n2,1,12345,0\n")
        self.expect(run("schema", "check", schema, good), PASS, "valid: 2 rows, 0 with an error")
        told = run("schema", "check", schema, bad)
        self.expect(told, FAILED, "invalid: 3 rows, 3 with an error; 5 errors, 1 warnings", "short_text")
        outputs = {name: str(self.dir / ("check." + name)) for name in ("json", "junit", "sarif", "markdown")}
        self.expect(run("schema", "check", schema, bad,
                        *[word for name, path in outputs.items() for word in ("--format", f"{name}={path}")]), FAILED)
        report = json.loads(pathlib.Path(outputs["json"]).read_text())
        found = {(each["feature"], each["check"]): each["rows"] for each in report["findings"]}
        self.assertEqual(found, {("amount", "null"): [1], ("amount", "minimum"): [0], ("id", "maximum"): [0],
                                 ("id", "unique"): [2], ("zip", "short_text"): [0], ("label", "type"): [0]})
        suite = ElementTree.parse(outputs["junit"]).getroot()
        self.assertEqual((suite.get("tests"), suite.get("failures")), ("4", "3"))
        results = json.loads(pathlib.Path(outputs["sarif"]).read_text())["runs"][0]["results"]
        self.assertEqual(sorted(each["level"] for each in results), ["error"] * 5 + ["warning"])
        only = self.write("only.csv", "amount,id,zip,label\n1,1,12345,maybe\n")
        self.expect(run("schema", "check", schema, only), PASS, "valid, with warnings")
        self.expect(run("schema", "check", schema, only, "--fail-on-warn"), FAILED)
        self.expect(run("schema", "check", schema, self.write("none.csv", "amount,id,zip\n")), NOT_ENOUGH)
        self.expect(run("schema", "check", schema, good, "--environment", "moon"), INPUT_ERROR, "moon")
        self.expect(run("schema", "check", schema, good, "--format", "html"), INPUT_ERROR, "html")

    def test_schema_check_repairs(self):
        schema = self.write("schema.json", json.dumps({"version": 1, "features": [
            {"name": "amount", "type": "floating", "minimum": 0, "maximum": 10,
             "repair": {"minimum": "clamp", "type": "impute", "null": "impute"}, "replacement": 0.5},
            {"name": "note", "type": "text", "required": False, "length": {"maximum": 6},
             "repair": {"long_text": "clamp"}}]}))
        data = self.write("data.csv", 'amount,note\n-1,"a, ""b"" c"\n7,\nmuch,""\n,ok\n11,fine\n')
        out = str(self.dir / "out.csv")
        outputs = {name: str(self.dir / ("repaired." + name)) for name in ("json", "junit", "sarif", "markdown", "table")}
        told = run("schema", "check", schema, data, "--repair", out,
                   *[word for name, path in outputs.items() for word in ("--format", f"{name}={path}")])
        self.expect(told, FAILED)  # 11 stays
        self.assertEqual(pathlib.Path(out).read_text(), 'amount,note\n0,"a, ""b"""\n7,\n0.5,""\n0.5,ok\n11,fine\n')
        report = json.loads(pathlib.Path(outputs["json"]).read_text())
        self.assertEqual([(f["feature"], f["check"], f["rows"]) for f in report["findings"]],
                         [("amount", "maximum", [4])])
        self.assertEqual([(r["feature"], r["how"], r["failed"], r["count"], r["rows"]) for r in report["repairs"]],
                         [("amount", "clamp", ["minimum"], 1, [0]), ("amount", "impute", ["null", "type"], 2, [2, 3]),
                          ("note", "clamp", ["long_text"], 1, [0])])
        for name in ("junit", "sarif", "markdown", "table"):
            self.assertIn("imputed 2 of 5 rows", pathlib.Path(outputs[name]).read_text())
        ElementTree.parse(outputs["junit"])
        levels = [r["level"] for r in json.loads(pathlib.Path(outputs["sarif"]).read_text())["runs"][0]["results"]]
        self.assertEqual(sorted(levels), ["error", "note", "note", "note"])
        # What was written needs no more repairs, and is read as it was.
        again = str(self.dir / "again.csv")
        self.expect(run("schema", "check", schema, out, "--repair", again), FAILED, "1 errors")
        self.assertEqual(pathlib.Path(again).read_text(), pathlib.Path(out).read_text())
        self.expect(run("schema", "check", schema, "--repair", out), INPUT_ERROR, "needs data")
        self.expect(run("schema", "check", schema, data, "--repair", out, "--format", f"json={out}"), INPUT_ERROR,
                    "one place")

    def test_schema_check_with_references_and_a_clock(self):
        schema = self.write("schema.json", json.dumps({"version": 1, "features": [
            {"name": "id", "type": "integer", "reference_set": "ids"},
            {"name": "at", "type": "text", "format": "date_time", "freshness": {"maximum_age": 60}}],
            "reference_sets": [{"name": "ids"}]}))
        ids = self.write("ids.txt", "7\r\n8\n-9")
        data = self.write("data.csv", "id,at\n7,1970-01-01T00:16:40Z\n-9,1970-01-01T00:15:40Z\n"
                                      "10,1970-01-01T00:15:39Z\n")
        told = run("schema", "check", schema, data, "--reference", f"ids={ids}", "--now", "1000", "--format", "json")
        report = json.loads(self.expect(told, FAILED))
        self.assertEqual({(f["feature"], f["check"]): f["rows"] for f in report["findings"]},
                         {("id", "domain"): [2], ("at", "freshness"): [2]})
        # The system's clock is long past, and a set that is not given is not evaluated, which is said.
        report = json.loads(self.expect(run("schema", "check", schema, data, "--format", "json"), FAILED))
        self.assertEqual([(f["check"], f["count"]) for f in report["findings"]], [("freshness", 3)])
        self.assertEqual(report["not_evaluated"], [{"feature": "id", "checks": ["domain"]}])
        for wrong in ("ids", "=x", "ids="):
            self.expect(run("schema", "check", schema, data, "--reference", wrong), INPUT_ERROR, "NAME=FILE")
        self.expect(run("schema", "check", schema, data, "--reference", f"others={ids}"), INPUT_ERROR, "others")
        self.expect(run("schema", "check", schema, data, "--reference", "ids=nowhere.txt"), INPUT_ERROR, "nowhere.txt")
        self.expect(run("schema", "check", schema, data, "--now", "99999999999"), INPUT_ERROR, "--now")

    def test_schema_infer(self):
        lines = ["amount,id,zip,flag,country"]
        for i in range(400):
            flag, country = ("true", "false")[i % 2], ("FR", "IT", "")[i % 3]
            lines.append(f"{i % 50 / 4},{9007199254740993 + i},{i % 90000:05d},{flag},{country}")
        data = self.write("learn.csv", "\n".join(lines) + "\n")
        told = run("schema", "infer", data)
        schema = {each["name"]: each for each in json.loads(self.expect(told, PASS))["features"]}
        self.assertEqual({name: each["type"] for name, each in schema.items()}, {
            "amount": "floating", "id": "integer", "zip": "text", "flag": "boolean", "country": "text"})
        self.assertEqual((schema["amount"]["minimum"], schema["amount"]["maximum"]), (0.0, 13.475))
        self.assertTrue(schema["id"]["unique"])
        self.assertEqual(schema["id"]["order"], "strictly_increasing")
        self.assertEqual(schema["zip"]["length"], {"minimum": 5, "maximum": 5})
        self.assertEqual(schema["country"]["domain"]["values"], ["FR", "IT"])
        self.assertTrue(schema["country"]["nullable"])
        path = self.dir / "learned.json"
        self.expect(run("schema", "infer", data, "-o", path, "--evidence"), PASS, "minimum kept: 0 of 400 values")
        self.assertEqual(path.read_bytes(), told.stdout)
        self.expect(run("schema", "check", path, data), PASS)

        small = self.write("small.csv", "\n".join(lines[:41]) + "\n")
        weak = run("schema", "infer", small)
        self.assertNotIn("minimum\"", self.expect(weak, PASS))
        self.assertIn('feature "amount": maximum left out: 0 of 40 values', weak.stderr.decode())
        self.expect(run("schema", "infer", self.write("tiny.csv", "\n".join(lines[:9]) + "\n")), NOT_ENOUGH, "30")
        self.expect(run("schema", "infer", data, "--most-refused", "2"), INPUT_ERROR, "most_refused")
        self.expect(run("schema", "infer", "nowhere.csv"), INPUT_ERROR, "nowhere.csv")

        later = self.write("later.csv", "amount,id,zip,flag,country,new\n-2,5,01234,true,DE,1\n")
        self.expect(run("schema", "check", path, later), FAILED)
        loose = self.dir / "loose.json"
        self.expect(run("schema", "infer", later, "--update", path, "-o", loose), PASS,
                    'loosened: feature "amount": minimum 0.0 -> -2.0', 'feature "new"')
        self.expect(run("schema", "check", loose, later), PASS)
        self.expect(run("schema", "diff", path, loose), PASS)
        self.expect(run("schema", "infer", later, "--update", loose, "-o", loose), PASS, "as it is")

    def test_sketch_files_obey_a_policy(self):
        reference, _ = self.sketch("ref")
        moved, _ = self.sketch("moved", "--seed", "3")
        policy = self.write("sketches.json", '{"features": {"amount": {"ignore": true}}}')
        self.expect(run("sketch", "compare", reference, moved, "--policy", policy), PASS, "none of 1 columns")
        policy = self.write("tolerant.json", '{"defaults": {"tolerance": 0.9}}')
        self.expect(run("sketch", "compare", reference, moved, "--policy", policy), PASS, "warning: 1 of 2")
        self.expect(run("sketch", "compare", reference, moved, "--policy", policy, "--fail-on", "warn"), FAILED)
        policy = self.write("foreign.json", '{"features": {"height": {"ignore": true}}}')
        self.expect(run("sketch", "compare", reference, moved, "--policy", policy), INPUT_ERROR, "height")

    def test_sketch_input_errors(self):
        bad = self.write("bad.sketch", b"no sketch")
        reference, _ = self.sketch("ref")
        self.expect(run("sketch", "compare", reference, bad), INPUT_ERROR, "bad.sketch", "corrupt_data")
        self.expect(run("sketch", "compare", self.model, reference), INPUT_ERROR, "corrupt_data")
        self.expect(run("sketch", "compare", reference, self.dir / "missing"), INPUT_ERROR, "missing")
        self.expect(run("sketch", "compare", reference, reference, "--format", "html"), INPUT_ERROR, "table and json")
        _, built = self.sketch("ref", "--columns", "country")
        self.expect(built, INPUT_ERROR, "ref.csv:2:", "is not a number")
        _, built = self.sketch("ref", "--columns", "height")
        self.expect(built, INPUT_ERROR, "height")
        _, built = self.sketch("ref", "--k", "3")
        self.expect(built, INPUT_ERROR)
        path, built = self.sketch("void", stdin=b"amount\n")
        self.expect(built, NOT_ENOUGH, "no number to sketch")
        self.assertFalse(path.exists())
        path, built = self.sketch("stream", stdin=b"x\n1\n2\n")
        self.expect(built, PASS, "1 column,", "exact")
        self.expect(run("sketch"), INPUT_ERROR)

    # other packages' numbers

    def test_preset_numbers_have_no_verdict(self):
        text = self.expect(run("drift", self.dir / "ref.csv", self.dir / "moved.csv", "--preset", "evidently,frouros",
                               "--format", "json"), PASS, "none has a level")
        found = {(n["feature"], n["package"], n["number"]): n for n in json.loads(text)["numbers"]}
        shift = found["amount", "evidently", "wasserstein"]
        self.assertAlmostEqual(shift["value"], 1.0, delta=0.1)
        self.assertEqual((shift["default_threshold"], shift["beyond_it"]), (0.1, True))
        same = found["amount", "frouros", "wasserstein"]
        self.assertEqual((same["default_threshold"], same["beyond_it"]), (None, None))
        self.assertNotIn(("country", "frouros", "population_stability"), found)
        self.assertIn(("country", "evidently", "population_stability"), found)
        table = self.expect(run("drift", self.dir / "ref.csv", self.dir / "moved.csv", "--preset", "nannyml",
                                "--ignore", "items"), PASS, "its default threshold", "jensen_shannon")
        self.assertNotIn("items", table)
        self.write("narrow.csv", "amount\n1\n2\n")
        self.expect(run("drift", self.dir / "ref.csv", self.dir / "narrow.csv", "--preset", "deepchecks"), INPUT_ERROR,
                    "items")
        self.write("only_header.csv", "amount,items,country\n")
        self.expect(run("drift", self.dir / "ref.csv", self.dir / "only_header.csv", "--preset", "deepchecks"),
                    NOT_ENOUGH, "too little data")
        for other in ("--test=welch_t", "--feature-test=welch_t", "--window=5", "--policy=x", "--fail-on=warn"):
            self.expect(run("drift", self.dir / "ref.csv", self.dir / "moved.csv", "--preset", "frouros", other),
                        INPUT_ERROR, "excludes")
        self.expect(run("drift", self.dir / "ref.csv", self.dir / "moved.csv", "--preset", "frouros", "--format",
                        "html"), INPUT_ERROR, "table and json")
        self.expect(run("drift", self.dir / "ref.csv", self.dir / "moved.csv", "--preset", "other"), INPUT_ERROR)
        self.expect(run("drift", "-", "-", "--preset", "frouros"), INPUT_ERROR, "standard input")
        self.write("words.csv", "amount,items,country\n" + "x,1,DE\n" * 20)
        self.expect(run("drift", self.dir / "ref.csv", self.dir / "words.csv", "--preset", "frouros"), INPUT_ERROR,
                    '"amount"', "schema_mismatch")

    def test_a_policy_names_tests_on_samples(self):
        ref, moved = self.dir / "ref.csv", self.dir / "moved.csv"
        policy = self.write("samples.json", json.dumps({
            "features": {"amount": {"sample_tests": ["epps_singleton"]}}, "joint_tests": ["classifier"]}))
        report = json.loads(self.expect(run("drift", ref, moved, "--policy", policy, "--format", "json"), FAILED))
        window = report["windows"][0]
        self.assertEqual([feature["test"] for feature in window["features"]][0], "epps_singleton")
        self.assertEqual([joint["by"] for joint in window["joint"]], ["classifier"])
        self.assertEqual(window["joint"][0]["decision"], "alarm")
        self.expect(run("drift", ref, moved, "--policy", policy, "--window", "500"), INPUT_ERROR, "samples")
        # A check has counters only: the same policy serves.
        self.expect(self.check("moved.csv", "--policy", policy), FAILED)
        joint = json.loads(self.expect(run("drift", ref, moved, "--multivariate", "hotelling_t2,energy", "--format",
                                           "json"), FAILED))["windows"][0]["joint"]
        self.assertEqual([answer["by"] for answer in joint], ["hotelling_t2", "energy"])
        for answer in joint:
            rows = answer["rows"]
            self.assertEqual(len(rows), 5)
            self.assertEqual(rows, sorted(rows, key=lambda row: -row["contribution"]))
            named = self.expect(run("drift", ref, moved, "--multivariate", answer["by"]), FAILED)
            self.assertIn(f"rows that contribute most: {rows[0]['row']:,} (", named.replace("\u202f", ","))
        self.expect(run("drift", ref, moved, "--multivariate", "mmd"), INPUT_ERROR, "--multivariate")
        self.assertEqual([answer["is_smallest_p"] for answer in joint], [False, True])
        self.expect(run("drift", ref, moved, "--multivariate", "energy"), FAILED,
                    "the smallest possible with 999 permutations")

        def kernel(*more):
            report = json.loads(self.expect(run("drift", ref, moved, "--multivariate", "maximum_mean_discrepancy", "--format",
                                                "json", "--permutations", "99", *more), FAILED))
            return report["windows"][0]["joint"][0]["test"]

        narrow, wide = kernel("--bandwidth", "0.1"), kernel("--bandwidth", "0.1,3", "--most-rows", "500")
        self.assertEqual((narrow["live_count"], wide["live_count"]), (2000, 500))
        self.assertNotEqual(narrow["statistic"], kernel()["statistic"])
        for wrong in (["--bandwidth", "1"], ["--most-rows", "9"]):
            self.expect(run("drift", ref, moved, *wrong), INPUT_ERROR, "--multivariate")
        for wrong in (["--bandwidth", "0"], ["--bandwidth", "x"], ["--most-rows", "3"]):
            self.expect(run("drift", ref, moved, "--multivariate", "energy", *wrong), INPUT_ERROR, wrong[0])

    def test_tests_have_options_of_their_own(self):
        ref, moved = self.dir / "ref.csv", self.dir / "moved.csv"

        def features(*arguments, status=FAILED):
            report = json.loads(self.expect(run("drift", ref, moved, "--format", "json", *arguments), status))
            found = {feature["name"]: feature for feature in report["windows"][0]["features"]}
            for feature in found.values():
                feature["evidence"] = [item for item in feature["evidence"] if item["hypothesis"] == "distribution"]
            return found

        policy = self.write("own.json", json.dumps({
            "samples": {"permutations": 999},
            "features": {"amount": {"sample_tests": [
                {"test": "mann_whitney", "alternative": "less"},
                {"test": "kuiper", "method": "permutation", "permutations": 1999}, "wasserstein"]}}}))
        evidence = [item["test"] for item in features("--policy", policy)["amount"]["evidence"]]
        self.assertGreater(evidence[0]["p_value"], 0.99)
        self.assertEqual([item["p_value"] for item in evidence[1:]], [1 / 2000, 1 / 1000])
        # The command line is for all, those too that the policy gives something of their own.
        evidence = [item["test"] for item in
                    features("--policy", policy, "--alternative", "two_sided", "--permutations", "9")["amount"]["evidence"]]
        self.assertLess(evidence[0]["p_value"], 1e-6)
        self.assertEqual([item["p_value"] for item in evidence[1:]], [1 / 10, 1 / 10])
        found = features("--test", "kolmogorov_smirnov", "--feature-test", "amount=mann_whitney:alternative=less",
                         "--feature-test", "amount=kuiper:method=permutation,permutations=1999")
        self.assertEqual([item["by"] for item in found["amount"]["evidence"]], ["mann_whitney", "kuiper"])
        self.assertGreater(found["amount"]["evidence"][0]["test"]["p_value"], 0.99)
        self.assertEqual(found["amount"]["evidence"][1]["test"]["p_value"], 1 / 2000)
        self.assertEqual(found["items"]["test"], "kolmogorov_smirnov")
        found = features("--feature-test", "levene", "--feature-test", 'chi_square:{"method": "permutation"}')
        self.assertEqual([[item["by"] for item in found[name]["evidence"]] for name in ("amount", "items", "country")],
                         [["levene", "chi_square"], ["levene", "chi_square"], ["chi_square"]])
        found = (features("--feature-test", f"amount=levene{form}", status=PASS) for form in ("", ":form=trimmed"))
        plain, trimmed = (each["amount"]["evidence"][0]["test"]["statistic"] for each in found)
        self.assertNotEqual(plain, trimmed)
        self.assertEqual(features("--feature-test", "amount=anderson_darling:form=clamped")["amount"]["evidence"][0]["test"]
                         ["p_value"], 0.001)
        self.expect(run("drift", ref, moved, "--feature-test", "amount=welch_t:form=trimmed"), INPUT_ERROR, "no form")
        for wrong, said in (("t", "is not one of"), ("amount=welch_t:methods=exact", "methods: unknown key"),
                            ("welch_t:method=exakt", "exakt"), ("welch_t:block=2,thin=2", "exclude"),
                            ("height=welch_t", "height")):
            self.expect(run("drift", ref, moved, "--feature-test", wrong), INPUT_ERROR, said)

    def test_every_answer_has_all_its_parts(self):
        ref, moved = self.dir / "ref.csv", self.dir / "moved.csv"
        report = json.loads(self.expect(run("drift", ref, moved, "--format", "json", "--test",
                                            "mann_whitney,welch_t,chi_square", "--multivariate", "hotelling_t2"), FAILED))
        window = report["windows"][0]
        answers = [item for feature in window["features"] for item in feature["evidence"]
                   if item["hypothesis"] == "distribution"] + window["joint"]
        self.assertEqual([item["by"] for item in answers],
                         ["mann_whitney", "welch_t", "chi_square", "mann_whitney", "welch_t", "chi_square", "chi_square",
                          "hotelling_t2"])
        for item in answers:
            test = item["test"]
            self.assertGreaterEqual(item["adjusted_p_value"], test["p_value"])
            self.assertEqual((test["reference_count"], test["live_count"]), (4000, 4000))
            for number in (test["statistic"], test["effect"], *test["effect_interval"]):
                self.assertIsInstance(number, (int, float))
            self.assertLessEqual(test["effect_interval"][0], test["effect_interval"][1])

    def test_rows_with_weights(self):
        draw = random.Random(9)
        values = [draw.gauss(0.0, 1.0) for _ in range(400)]

        def table(name, weigh, kind="a"):
            return self.write(name, "x,w,kind\n" + "".join(f"{x!r},{weigh(x)!r},{kind}\n" for x in values))

        equal, again = table("equal.csv", lambda x: 1.0), table("again.csv", lambda x: 2.0 + draw.random())
        tilted = table("tilted.csv", lambda x: math.exp(x))
        self.expect(run("drift", equal, again, "--weights", "w"), PASS, "rows weighted by w", "wasserstein",
                    "no test for its kind: kind")
        answer = json.loads(self.expect(run("drift", equal, tilted, "--weights", "w", "--test",
                                            "wasserstein,energy_distance", "--format", "json"), PASS))
        self.assertEqual((answer["decision"], answer["left_out"]), ("warn", ["kind"]))
        self.assertEqual([item["test"] for item in answer["results"]], ["wasserstein", "energy_distance"])
        for item in answer["results"]:
            self.assertEqual((item["feature"], item["decision"], item["counts"]), ("x", "warn", [400, 400]))
            self.assertLess(item["adjusted_p_value"], 0.01)
            self.assertGreater(item["effect"], 0.5)
        total = sum(math.exp(x) for x in values)
        shift = sum(x * math.exp(x) for x in values) / total - sum(values) / 400  # F <= G everywhere: the means' distance
        self.assertAlmostEqual(answer["results"][0]["statistic"], shift, places=10)
        self.expect(run("drift", equal, tilted, "--weights", "w", "--fail-on", "warn"), FAILED)
        strict = self.write("strict.json", json.dumps({"defaults": {"tolerance": 0}}))
        self.expect(run("drift", equal, tilted, "--weights", "w", "--policy", strict), FAILED, "alarm")
        many = self.write("many.json", json.dumps({"minimum_rows": 401}))
        self.expect(run("drift", equal, tilted, "--weights", "w", "--policy", many), NOT_ENOUGH, "not evaluated")
        for more, said in ((["--weights", "v"], 'no column "v"'), (["--weights", "w", "--test", "welch_t"], "weights"),
                           (["--weights", "w", "--window", "9"], "excludes"),
                           (["--also", equal, "--labelled", equal], "excludes"),
                           (["--weights", "w", "--also", equal], "excl"),
                           (["--weights", "kind"], "categories"), (["--weights", "w", "--format", "pdf"], "no format"),
                           (["--weights", "x"], "negative")):
            self.expect(run("drift", equal, tilted, *more), INPUT_ERROR, said)

    def test_samples_in_every_format(self):
        """What --weights and --also find reaches people and build servers as any other report does."""
        name = "<x|\u202e&\"y\">"
        lines = [(i * 7919 % 1009 / 1009.0, 1.0 + i % 3) for i in range(900)]
        text = lambda shift: '"' + name.replace('"', '""') + '",w,kind\n' + "".join(f"{x + shift!r},{w!r},a\n" for x, w in lines)
        ref, live = self.write("formats_ref.csv", text(0.0)), self.write("formats_live.csv", text(0.5))
        strict = self.write("formats_strict.json", json.dumps({"defaults": {"tolerance": 0}}))
        for policy, expected in (([], PASS), (["--policy", strict], FAILED)):
            decision = "alarm" if policy else "warn"
            paths = {word: self.dir / f"samples.{word}" for word in ("markdown", "html", "junit", "sarif", "openmetrics")}
            self.expect(run("drift", ref, live, "--weights", "w", "--test", "wasserstein", *policy,
                            *(f"--format={word}={path}" for word, path in paths.items())), expected)
            said = {word: path.read_text(encoding="utf-8") for word, path in paths.items()}
            for word, whole in said.items():
                self.assertNotIn("\u202e", whole, word)
            self.assertIn("| wasserstein |", said["markdown"])
            self.assertIn("0.001 \\*", said["markdown"])
            self.assertIn("no test for its kind: kind", said["markdown"])
            cells = [cell.text for cell in ElementTree.fromstring(said["html"].removeprefix("<!DOCTYPE html>")).iter("td")]
            self.assertIn("wasserstein", cells)
            self.assertIn("0.001 *", cells)
            self.assertIn(f'class="badge {decision}"', said["html"])
            cases = list(ElementTree.fromstring(said["junit"].encode()).iter("testcase"))
            self.assertEqual([case.get("classname") for case in cases], ["vedette.samples.wasserstein", "vedette.samples.left_out"])
            self.assertEqual([[child.tag for child in case] for case in cases], [["failure"] if policy else ["system-out"], ["skipped"]])
            results = json.loads(said["sarif"])["runs"][0]["results"]
            self.assertEqual([(item["ruleId"], item["level"]) for item in results],
                             [("vedette/samples/wasserstein", "error" if policy else "warning")])
            self.assertEqual(results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].split("/")[-1],
                             "formats_live.csv")
            value = {line.split("{")[0]: float(line.rsplit(" ", 1)[1]) for line in said["openmetrics"].splitlines()
                     if not line.startswith("#")}
            self.assertEqual(value["vedette_samples_decision"], 3 if policy else 2)
            self.assertAlmostEqual(value["vedette_samples_statistic"], 0.5, places=12)
            self.assertTrue(said["openmetrics"].endswith("# EOF\n"))
        answer = self.expect(run("drift", ref, ref, "--also", live, "--also", ref, "--test", "anderson_darling",
                                 "--format", "junit"), PASS)
        self.assertIn("vedette.samples.anderson_darling", answer)

    def test_more_files_than_two(self):
        ref, same, moved = self.dir / "ref.csv", self.dir / "same.csv", self.dir / "moved.csv"
        third = self.write("third.csv", rows(1500, 12))
        answer = json.loads(self.expect(run("drift", ref, same, "--also", third, "--also", moved, "--format", "json"), PASS))
        self.assertEqual(answer["files"], [str(path) for path in (ref, same, third, moved)])
        found = {item["feature"]: item for item in answer["results"]}
        self.assertEqual([found[name]["test"] for name in ("amount", "items", "country")],
                         ["anderson_darling", "anderson_darling", "chi_square"])
        self.assertEqual(found["amount"]["counts"], [4000, 4000, 1500, 4000])
        self.assertEqual((found["amount"]["decision"], found["country"]["decision"]), ("warn", "pass"))
        self.assertEqual(found["country"]["degrees_of_freedom"], 9)
        self.expect(run("drift", ref, same, "--also", third, "--test", "levene,g_test"), PASS, "3 files together", "levene",
                    "g_test", "4,000 / 4,000 / 1,500")
        self.expect(run("drift", ref, same, "--also", third, "--feature-test", "amount=brown_forsythe:block=5",
                        "--test", "anderson_darling"), PASS, "brown_forsythe", "no test for its kind: country")
        self.expect(run("drift", ref, same, "--also", self.dir / "few.csv"), NOT_ENOUGH, "not evaluated", " / 20")
        self.expect(run("drift", ref, same, "--also", third, "--test", "welch_t"), INPUT_ERROR, "two files only")
        self.expect(run("drift", ref, same, "--also", self.write("other.csv", "amount\n1\n")), INPUT_ERROR, "items")
        self.expect(run("drift", ref, "-", "--also", "-"), INPUT_ERROR, "standard input")
        joint = self.write("joint.json", json.dumps({"joint_tests": ["energy"]}))
        self.expect(run("drift", ref, same, "--also", third, "--policy", joint), INPUT_ERROR, "joint_tests")

    def test_samples_are_rounded_alike_on_both_sides(self):
        tenths = self.write("tenths.csv", "\n".join(["x"] + [f"{i % 10 / 10}" for i in range(2000)]))
        self.expect(run("drift", tenths, tenths, "--precision", "f32", "--test", "kolmogorov_smirnov"), PASS)

    def test_rows_that_resemble_their_neighbours_are_pointed_out(self):
        draw, value, lines = random.Random(4), 0.0, ["x"]
        for _ in range(3000):
            value = 0.9 * value + draw.gauss(0.0, 1.0)
            lines.append(repr(value))
        memory = self.write("memory.csv", "\n".join(lines))
        built = run("baseline", "build", memory, "-o", self.dir / "memory.vedette")
        self.assertEqual(built.returncode, PASS)
        said = re.search(rb'most of all in "x".*--thin (\d+) ', built.stderr)
        self.assertTrue(said, built.stderr)
        thinned = run("baseline", "build", memory, "-o", self.dir / "memory.vedette", "--thin", said[1].decode())
        self.assertEqual((thinned.returncode, thinned.stderr), (PASS, b""))

    def test_too_many_windows_are_refused(self):
        policy = self.write("one.json", json.dumps({"version": 1, "minimum_rows": 1}))
        self.write("many.csv", rows(4200, 2))
        self.expect(self.check("many.csv", "--window", "1", "--policy", policy), INPUT_ERROR, "4096 windows")

    # formats

    def test_json(self):
        report = json.loads(self.check("moved.csv", "--format", "json").stdout)
        self.assertEqual((report["format"], report["format_version"], report["decision"]), ("vedette-report", 1, "alarm"))
        window = report["windows"][0]
        self.assertEqual([f["name"] for f in window["features"]], ["amount", "items", "country"])
        amount = window["features"][0]
        self.assertEqual(amount["decision"], "alarm")
        drift = amount["evidence"][0]
        self.assertEqual(drift["hypothesis"], "distribution")
        self.assertLess(drift["adjusted_p_value"], 1e-50)
        low, high = drift["moved_share_interval"]
        self.assertLess(low, 0.383)  # 2 Phi(1/2) - 1, the distance of normals one standard deviation apart
        self.assertGreater(high, 0.383)
        self.assertAlmostEqual(amount["statistics"]["wasserstein"]["effect"], 1.0, delta=0.1)
        self.assertEqual(sum(window["requests"][d] for d in DECISIONS), 4000)

    def test_several_outputs_create_their_folders(self):
        out = self.dir / "new" / "deep"
        result = self.check("moved.csv", *(f"--format={name}={out}/{name}.out" for name in
                                           ("json", "html", "junit", "sarif", "markdown", "openmetrics", "table")))
        self.expect(result, FAILED, "alarm: 1 of 3 features")
        self.assertEqual(result.stdout.count(b"\n"), 1)
        self.assertEqual(len(list(out.iterdir())), 7)
        json.loads((out / "json.out").read_text())
        for name in ("json", "html", "junit", "sarif", "markdown", "openmetrics", "table"):
            same = self.check("moved.csv", "--format", name).stdout
            self.assertEqual(same, (out / f"{name}.out").read_bytes(), name)

    def test_junit(self):
        root = ElementTree.fromstring(self.check("moved.csv", "--format", "junit", "--window", "2000").stdout)
        suites = root.findall("testsuite")
        self.assertEqual([s.get("name") for s in suites], ["1-2000", "2001-4000"])
        for suite in suites:
            self.assertEqual(int(suite.get("tests")), len(suite.findall("testcase")))
            self.assertEqual(int(suite.get("failures")), len(suite.findall("testcase/failure")))
            self.assertEqual(int(suite.get("skipped")), len(suite.findall("testcase/skipped")))
            failed = [c.get("classname") for c in suite.findall("testcase") if c.find("failure") is not None]
            self.assertIn("vedette.amount", failed)
        few = ElementTree.fromstring(self.check("few.csv", "--format", "junit").stdout)
        self.assertEqual(few.get("errors"), "1")

    def test_sarif(self):
        log = json.loads(self.check("moved.csv", "--format", "sarif").stdout)
        self.assertEqual(log["version"], "2.1.0")
        (entry,) = log["runs"]
        rules = entry["tool"]["driver"]["rules"]
        result = entry["results"][0]
        self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
        self.assertEqual((result["ruleId"], result["level"], result["kind"]), ("vedette/distribution", "error", "fail"))
        location = result["locations"][0]
        self.assertEqual(location["logicalLocations"][0]["name"], "amount")
        self.assertTrue(location["physicalLocation"]["artifactLocation"]["uri"].endswith("moved.csv"))
        self.assertEqual(json.loads(self.check("same.csv", "--format", "sarif").stdout)["runs"][0]["results"], [])

    def test_openmetrics(self):
        types = check_openmetrics(self, self.check("moved.csv", "--format", "openmetrics").stdout.decode())
        self.assertEqual(types["vedette_decision"], "stateset")
        text = self.check("moved.csv", "--format", "openmetrics", "--max-features", "1").stdout.decode()
        check_openmetrics(self, text)
        self.assertIn("vedette_features_left_out 2\n", text)
        self.assertIn('vedette_decision{vedette_decision="alarm"} 1\n', text)
        self.assertNotIn('feature="items"', text)
        check_openmetrics(self, self.check("few.csv", "--format", "openmetrics").stdout.decode())

    def check_page(self, text):
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual(page.problems, [])
        self.assertEqual(page.open, [])
        self.assertNotIn("script", page.tags)
        self.assertNotIn("nan", re.findall(r'(?:d|x|y|width|height|points)="([^"]*)"', text))
        self.assertNotRegex(text, r'="[^"]*\b(?:nan|inf)\b[^"]*"')
        return page

    def test_html(self):
        one = self.check_page(self.check("moved.csv", "--format", "html").stdout.decode())
        self.assertIn("svg", one.tags)
        self.assertIn("Alarm", one.text)
        many = self.check_page(self.check("moved.csv", "--format", "html", "--window", "500").stdout.decode())
        self.assertIn("details", many.tags)
        self.check_page(self.check("few.csv", "--format", "html").stdout.decode())

    def test_markdown(self):
        lines = self.check("moved.csv", "--format", "markdown").stdout.decode().splitlines()
        table = [line for line in lines if line.startswith("|")]
        self.assertEqual(len(table), 5)
        self.assertEqual({len(re.findall(r"(?<!\\)\|", line)) for line in table}, {7})

    def test_names_from_the_data_cannot_break_out(self):
        evil = 'a<script>alert(1)</script>|`"\'&\\\x1b[31m\n# EOF'
        quoted = '"' + evil.replace('"', '""') + '"'
        body = "".join(f"{i % 97},{'x' if i % 2 else quoted}\n" for i in range(1000))
        moved = "".join(f"{i % 97 + 60},{quoted}\n" for i in range(1000))
        # A header with control characters is refused, and the refusal does not repeat them.
        refused = run("drift", self.write("escape.csv", f"{quoted}\n" + "1\n" * 100), "-")
        self.assertEqual(refused.returncode, INPUT_ERROR)
        self.assertNotIn(b"\x1b", refused.stderr)
        missing = run("drift", self.write("plain.csv", "x\n" + "1\n2\n" * 100),
                      self.write("other.csv", f"{quoted},{quoted}\n1,2\n"))
        self.assertEqual(missing.returncode, INPUT_ERROR)
        self.assertNotIn(b"\x1b", missing.stderr)
        name = evil.replace("\x1b", "").replace("\n", " ")
        header = ",".join('"' + text.replace('"', '""') + '"' for text in (name, name + " 2")) + "\n"
        reference = self.write("evil_ref.csv", header + body)
        live = self.write("evil.csv", header + moved)

        def text(form):
            result = run("drift", reference, live, "--format", form, "--title", evil, "--window", "500")
            self.assertEqual(result.returncode, FAILED, result.stderr)
            return result.stdout.decode()
        page = self.check_page(text("html"))
        self.assertIn("<script>", "".join(page.text))
        root = ElementTree.fromstring(text("junit"))
        self.assertIn("<script>", root.get("name"))
        check_openmetrics(self, text("openmetrics"))
        self.assertEqual(json.loads(text("json"))["windows"][0]["features"][0]["name"], name)
        json.loads(text("sarif"))
        self.assertNotIn("\x1b", text("table"))
        markdown = text("markdown")
        self.assertNotIn("<script", markdown)
        self.assertEqual({len(re.findall(r"(?<!\\)\|", line)) for line in markdown.splitlines() if line.startswith("|")}, {7})

    def test_colours_only_when_asked_or_on_a_terminal(self):
        self.assertNotIn(b"\x1b", self.check("moved.csv").stdout)
        self.assertIn(b"\x1b[", self.check("moved.csv", "--color", "always").stdout)
        self.assertNotIn(b"\x1b", self.check("moved.csv", "--color", "never").stdout)
        self.assertEqual(self.check("moved.csv").stderr, b"")

    def test_reports_are_reproducible(self):
        for name in ("json", "html", "openmetrics"):
            self.assertEqual(self.check("moved.csv", "--format", name).stdout,
                             self.check("moved.csv", "--format", name).stdout)

    # baselines and policies

    def test_baselines_are_canonical_and_shown(self):
        again = self.dir / "sub" / "again.vedette"
        self.expect(run("baseline", "build", self.dir / "ref.csv", "-o", again, "--name", "test model"), PASS, "4,000 rows")
        self.assertEqual(again.read_bytes(), self.model.read_bytes())
        shown = self.expect(run("baseline", "show", again), PASS, "test model", "numeric", "categorical")
        self.assertIn(json.loads(run("baseline", "show", again, "--format", "json").stdout)["id"], shown)

    def test_policies(self):
        default = self.expect(run("policy", "show-default"), PASS)
        json.loads(default)
        json.loads(self.expect(run("policy", "schema"), PASS))
        path = self.write("default.json", default)
        self.assertEqual(self.expect(run("policy", "check", path), PASS), default)
        bad = self.write("bad.json", '{"version": 1, "levle": 0.1}')
        self.expect(run("policy", "check", bad), INPUT_ERROR, "bad.json", "levle")
        self.expect(self.check("same.csv", "--policy", bad), INPUT_ERROR, "levle")
        unknown = self.write("unknown.json", '{"version": 1, "features": {"absent": {"ignore": true}}}')
        self.expect(self.check("same.csv", "--policy", unknown), INPUT_ERROR, "absent")

    def test_monitors_of_a_policy(self):
        draw = random.Random(8)
        past = ["amount,items,country,p,said,true"]
        live = ["amount,items,country,p,said,cost"]
        for i in range(2000):
            p = draw.random()
            past.append(f"0,1,DE,{p!r},{int(p > 0.5)},{int(draw.random() < p)}")
        amounts = []
        for i in range(3000):
            amounts.append(draw.gauss(0.0 if i < 1500 else 1.5, 1.0))
            p = draw.random() if i < 1000 else 0.5 + 0.1 * (draw.random() - 0.5)
            live.append(f"{amounts[-1]!r},{draw.randint(1, 5)},FR,{p!r},{int(p > 0.5)},{int(draw.random() < 0.1)}")
        self.write("past.csv", "\n".join(past) + "\n")
        self.write("live.csv", "\n".join(live) + "\n")
        policy = self.write("watching.json", json.dumps({
            "features": {"amount": {"tolerance": 1, "monitors": [
                {"kind": "cusum", "mean": 0, "sd": 1, "slack": 0.5, "threshold": 12, "direction": "up"}]}},
            "outputs": {"cost": [{"kind": "hddm_a"}]},
            "performance": {"monitors": [{"kind": "harm_monitor"}]}}))
        # A CUSUM written anew: the same alarms.
        upper, alarms, restart = 0.0, [], False
        for position, amount in enumerate(amounts, 1):
            upper = max(0.0, (0.0 if restart else upper) + amount - 0.5)
            restart = upper > 12
            if restart:
                alarms.append(position)
        self.assertGreater(alarms[0], 1500)
        labelled = ["--labelled", self.dir / "past.csv", "--scores", "p", "--prediction", "said", "--label", "true"]
        page = self.dir / "watching.html"
        found = self.check("live.csv", "--policy", policy, *labelled, "--window", 1000, "--format", "json",
                           "--format", f"html={page}", "--format", f"openmetrics={self.dir / 'watching.txt'}")
        windows = json.loads(self.expect(found, FAILED))["windows"]
        self.check_page(page.read_text())
        check_openmetrics(self, (self.dir / "watching.txt").read_text())
        amount, cost, performance = (list(streams) for streams in zip(*(w["streams"] for w in windows)))
        self.assertEqual([s["period_begin"] for s in amount], [0, 1000, 2000])
        self.assertEqual([s["period_alarms"] for s in amount],
                         [sum(b < a <= b + 1000 for a in alarms) for b in (0, 1000, 2000)])
        newest = [alarm["position"] for alarm in amount[2]["newest_alarms"]]
        self.assertEqual(newest, alarms[-64:])
        self.assertEqual([alarm["time"] for alarm in amount[2]["newest_alarms"]], newest)
        self.assertEqual([s["decision"] for s in cost], ["pass"] * 3)
        self.assertEqual([s["decision"] for s in performance], ["pass", "alarm", "alarm"])
        self.assertEqual(performance[2]["performance"], "accuracy")
        # A rest too short to be judged is told of with the window before it, with the same alarms.
        two = json.loads(self.expect(self.check("live.csv", "--policy", policy, *labelled, "--window", 2950, "--format",
                                                "json"), FAILED))["windows"]
        self.assertEqual([(w["streams"][0]["period_begin"], w["streams"][0]["period_alarms"]) for w in two],
                         [(0, len(alarms))])
        reference = self.dir / "ref.csv"
        found = run("drift", reference, self.dir / "live.csv", "--policy", policy, *labelled, "--format", "json")
        streams = json.loads(self.expect(found, FAILED))["windows"][0]["streams"]
        self.assertEqual([s["period_alarms"] for s in streams], [len(alarms), 0, performance[2]["alarms"]])
        self.expect(self.check("live.csv", "--policy", policy), INPUT_ERROR, "--labelled")
        self.expect(self.check("same.csv", "--policy", policy, *labelled), INPUT_ERROR, "cost")
        wrong = self.write("wrong.csv", "p,said,true\n0.5,1,0\n1.5,1,0\n")
        self.expect(self.check("live.csv", "--policy", policy, "--labelled", wrong, *labelled[2:]), INPUT_ERROR,
                    "wrong.csv:3", "no score")
        self.write("wrong.csv", "p,said,true\n0.5,1,yes\n")
        self.expect(self.check("live.csv", "--policy", policy, "--labelled", wrong, *labelled[2:]), INPUT_ERROR,
                    "wrong.csv:2", "no class")

    def test_privacy(self):
        training = ["--sampling-rate", 0.04, "--steps", 2250, "--delta", 1e-5]
        account = ["privacy", "account", "--noise-multiplier", 1.5, *training]
        said = json.loads(self.expect(run(*account, "--format", "json"), PASS))
        self.assertLessEqual(said["epsilon"]["lower"], 6.7774)
        self.assertGreater(said["epsilon"]["upper"], 6.76)
        self.assertLessEqual(said["epsilon"]["upper"] - said["epsilon"]["lower"], 0.01)
        self.assertAlmostEqual(said["renyi_epsilon"], 7.32911117, places=6)
        self.assertIn("epsilon 6.7", self.expect(run(*account, "--max-epsilon", 7), PASS))
        self.assertIn("more than 6", self.expect(run(*account, "--max-epsilon", 6), FAILED))
        self.assertTrue(said["width_reached"])
        # The grid that fits into memory is too coarse for this width: told, and true all the same.
        lost = ["privacy", "account", "--noise-multiplier", 0.5, "--sampling-rate", 0.5, "--steps", 100000, "--delta",
                1e-30]
        wide = json.loads(self.expect(run(*lost, "--format", "json"), PASS))
        self.assertFalse(wide["width_reached"])
        self.assertLess(wide["epsilon"]["upper"], wide["renyi_epsilon"])
        self.assertGreater(wide["epsilon"]["lower"], 71_000)
        self.assertIn("wider than 0.01", self.expect(run(*lost), PASS))
        noise = json.loads(self.expect(run("privacy", "calibrate", "--epsilon", 7, *training, "--format", "json"), PASS))
        again = ["privacy", "account", "--noise-multiplier", repr(noise["noise_multiplier"]), *training]
        self.expect(run(*again, "--max-epsilon", 7, "--error", 0.0035), PASS)
        self.expect(run("privacy", "account", "--noise-multiplier", 0, *training), INPUT_ERROR, "noise_multiplier")
        self.expect(run("privacy", "account", "--noise-multiplier", "nan", *training), INPUT_ERROR)
        self.expect(run("privacy", "calibrate", "--epsilon", -1, *training), INPUT_ERROR, "epsilon")
        for bad in ("nan", -1, "inf"):
            self.expect(run(*account, "--max-epsilon", bad), INPUT_ERROR, "--max-epsilon")
        self.expect(run("privacy", "account", "--noise-multiplier", 1, "--sampling-rate", 0.1, "--steps", -1, "--delta",
                        1e-5), INPUT_ERROR, "0 or more")

    def test_privacy_events(self):
        def told(*arguments):
            return json.loads(self.expect(run("privacy", *arguments, "--format", "json"), PASS))

        def event(*texts):
            return [word for text in texts for word in ("--event", text)]

        # A training is an event; it says for whom.
        training = ["--sampling-rate", 0.04, "--steps", 2250, "--delta", 1e-5]
        one = told("account", "--noise-multiplier", 1.5, *training)
        same = told("account", *event("gaussian:sigma=1.5,rate=0.04,steps=2250"), "--delta", 1e-5)
        self.assertEqual(one["epsilon"], same["epsilon"])
        self.assertEqual((same["neighbours"], same["sampling"]), ("one_record_added_or_removed", "poisson"))
        # Three Laplace of 1 and two of 2: 4. Sampled Laplace, sums of Gaussians: values of dp-accounting's tests.
        pure = told("account", *event("laplace:scale=1,times=3", "laplace:scale=2,times=2"), "--delta", 1e-14)
        self.assertLessEqual(pure["epsilon"]["lower"], 4)
        self.assertGreaterEqual(pure["epsilon"]["upper"], 4 - 1e-6)
        self.assertEqual(pure["sampling"], "none")
        sums = event("mixture:sigma=1,0=0.2,1=0.6,2=0.2,times=3", "mixture:sigma=2,0=0.33,2=0.34,3=0.33,times=2")
        mixed = told("account", *sums, "--delta", 1e-6)
        self.assertLessEqual(mixed["epsilon"]["lower"], 17.193115)
        self.assertGreaterEqual(mixed["epsilon"]["upper"], 17.183)
        # Closed forms: GDP, f-DP, zCDP; divergences alone have no lower end.
        gdp = told("account", *event("gdp:mu=1"), "--epsilon", 1, "--false-positive-rate", 0.1, "--error", 1e-4)
        self.assertAlmostEqual(gdp["delta"]["upper"], 0.126936737506644, delta=2e-5)
        self.assertGreaterEqual(gdp["true_positive_rate"]["upper"], 0.38914369)
        self.assertLessEqual(gdp["true_positive_rate"]["lower"], 0.3891437)
        self.assertAlmostEqual(gdp["rho"], 0.5, places=9)
        self.assertAlmostEqual(gdp["mu"], 1, places=9)
        zcdp = told("account", *event("zcdp:rho=0.5"), "--delta", 1e-6)
        self.assertAlmostEqual(zcdp["epsilon"]["upper"], 5.22153444, delta=2e-3)
        self.assertEqual(zcdp["epsilon"]["lower"], 0)
        curve = told("account", *event("renyi:2=0.1,8=0.5,64=4"), "--delta", 1e-6)
        self.assertAlmostEqual(curve["epsilon"]["upper"], 2.04305, delta=1e-4)  # order 8, by hand
        # Every kind, all of them together, both ways.
        kinds = ["gaussian:sigma=4,rate=0.5", "laplace:scale=9,rate=0.5", "discrete_gaussian:sigma=9,sensitivity=2",
                 "discrete_laplace:scale=9,sensitivity=2,rate=0.5", "randomized_response:epsilon=0.2,categories=4",
                 "pure:epsilon=0.1", "approximate:epsilon=0.1,delta=1e-9", "mixture:sigma=5,0=0.5,1=0.5", "gdp:mu=0.1"]
        all_of_them = told("account", *event(*kinds), "--delta", 1e-6)
        self.assertTrue(all_of_them["width_reached"])
        self.assertEqual(len(all_of_them["events"]), len(kinds))
        for kind, name in (("gaussian:rate=0.5", "sigma"), ("laplace:times=2", "scale"),
                           ("discrete_gaussian:sensitivity=2", "sigma"), ("discrete_laplace:sensitivity=2", "scale"),
                           ("randomized_response:categories=4", "epsilon"), ("pure:times=3", "epsilon"),
                           ("approximate:delta=1e-9", "epsilon"), ("mixture:0=0.5,1=0.5", "sigma"), ("gdp", "mu")):
            target = ["--epsilon", 1.5, "--delta", 1e-6]
            found = told("calibrate", *event("laplace:scale=5", kind), *target, "--precision", 0.01)["found"]
            self.assertEqual(found["parameter"], name)
            given = f"{kind}{',' if ':' in kind else ':'}{name}={found['value']!r}"
            kept = told("account", *event("laplace:scale=5", given), "--delta", 1e-6, "--error", 0.005)
            self.assertLess(kept["epsilon"]["lower"], 1.5)
            self.assertGreater(kept["epsilon"]["upper"], 1.5 * 0.97)
        # A record replaced by another one: dp-accounting's two ends at a step of 1e-3; without sampling, half the noise.
        replaced = told("account", *event("gaussian:sigma=1,rate=0.2,times=50"), "--delta", 1e-6, "--neighbours",
                        "replace_one", "--error", 0.001)
        self.assertLessEqual(replaced["epsilon"]["lower"], 17.020035)
        self.assertGreaterEqual(replaced["epsilon"]["upper"], 16.995027)
        self.assertEqual(replaced["neighbours"], "one_record_replaced")
        self.assertNotIn("renyi_epsilon", replaced)
        whole = ["gaussian:sigma=2", "laplace:scale=6", "discrete_gaussian:sigma=8", "discrete_laplace:scale=8",
                 "pure:epsilon=0.1", "gdp:mu=0.5"]
        half = ["gaussian:sigma=1", "laplace:scale=3", "discrete_gaussian:sigma=8,sensitivity=2",
                "discrete_laplace:scale=8,sensitivity=2", *whole[4:]]
        both = [told("account", *event(*some), "--delta", 1e-6, *more)
                for some, more in ((whole, ["--neighbours", "replace_one"]), (half, []))]
        self.assertEqual(both[0]["epsilon"], both[1]["epsilon"])
        self.assertAlmostEqual(both[0]["renyi_epsilon"], both[1]["renyi_epsilon"], places=9)
        self.assertAlmostEqual(both[0]["rho"], both[1]["rho"], places=9)
        noise = told("calibrate", "--sampling-rate", 0.2, "--steps", 50, "--epsilon", 17.02, "--delta", 1e-6,
                     "--neighbours", "replace_one")["noise_multiplier"]
        self.assertAlmostEqual(noise, 1, delta=0.01)
        # The greatest loss at rate 1/2 and scale 1 is log((1 + e) / (1 + 1/e)).
        sampled = told("account", *event("laplace:scale=1,rate=0.5"), "--delta", 1e-12, "--neighbours", "replace_one")
        self.assertLessEqual(sampled["epsilon"]["lower"], 1)
        self.assertAlmostEqual(sampled["epsilon"]["upper"], 1, places=9)
        self.assertNotIn("renyi_epsilon", sampled)
        for wrong in ("discrete_laplace:scale=1,rate=0.5", "mixture:sigma=1,0=0.5,1=0.5", "discrete_gaussian:sigma=3,rate=0.5",
                      "gaussian:sigma=0.06"):
            self.expect(run("privacy", "account", *event(wrong), "--delta", 1e-6, "--neighbours", "replace_one"), INPUT_ERROR,
                        wrong.split(":")[0] if "rate" in wrong or "mix" in wrong else "noise_multiplier")
        self.expect(run("privacy", "account", *event("pure:epsilon=1"), "--epsilon", 0.5, "--max-delta", 0.1), FAILED,
                    "delta")
        for events, words in ((["gauss:sigma=1"], "none of gaussian"), (["gaussian:sigma=nan"], "no number"),
                              (["gaussian:sigma=1,sigma=2"], "twice"), (["gaussian:sigma"], "no ="),
                              (["gaussian:rate=0.5"], "not given"), (["laplace:scale=1,rho=1"], "no parameter"),
                              (["gaussian:sigma=1,times=0.5"], "whole"), (["mixture:sigma=1"], "points"),
                              (["mixture:sigma=1,0=0.5,1=0.4"], "sum"), (["pure:epsilon=-1"], "epsilon"),
                              (["zcdp:rho=1", "approximate:epsilon=1,delta=0.1"], "apart")):
            self.expect(run("privacy", "account", *event(*events), "--delta", 1e-6), INPUT_ERROR, words)
        self.expect(run("privacy", "account", *event("pure:epsilon=1")), INPUT_ERROR, "at which")
        self.expect(run("privacy", "account", "--delta", 1e-6), INPUT_ERROR, "--event")
        self.expect(run("privacy", "calibrate", *event("zcdp"), "--epsilon", 1, "--delta", 1e-6), INPUT_ERROR, "rho")
        self.expect(run("privacy", "calibrate", *event("laplace", "gaussian"), "--epsilon", 1, "--delta", 1e-6),
                    INPUT_ERROR, "one event")

    def test_privacy_release(self):
        lines = ["who,shop,paid"] + [f"u{i % 100},{'north' if i % 4 else 'south'},{i % 10}" for i in range(2000)]
        data = self.write("visits.csv", "\n".join(lines + ["u1,only,1e9", ",north,5", "u2,north,none"]) + "\n")
        account = ["--ledger", self.dir / "visits.ledger", "--data-set", "visits", "--principal", "analyst",
                   "--purpose", "report", "--now", 1000]
        release = ["privacy", "release", data, *account]
        self.expect(run(*release, "--statistic", "count", "--epsilon", 0.5), INPUT_ERROR, "visits.ledger")
        grant = ["privacy", "grant", *account, "--epsilon", 10_000, "--delta", 1e-6, "--days", 7]
        self.expect(run(*grant), INPUT_ERROR, "visits.ledger")
        self.assertIn("until 605800 (1970-01-08T00:16:40Z)", self.expect(run(*grant, "--create"), PASS))

        def said(*more):
            return json.loads(self.expect(run(*release, *more, "--format", "json"), PASS))

        paid = ["--column", "paid", "--lower", 0, "--upper", 10]
        count = said("--statistic", "count", "--epsilon", 500)
        self.assertEqual(count["value"], 2003)
        self.assertEqual(count["interval"], {"lower": 2003, "upper": 2003})
        self.assertEqual(count["spent"], {"epsilon": 500, "delta": 0})
        self.assertEqual(count["left"]["epsilon"], 9500)
        # 2,000 values of mean 4.5, one clamped to 10, a 5; what is no number is missing.
        self.assertAlmostEqual(said("--statistic", "sum", *paid, "--epsilon", 500)["value"], 9015, delta=1)
        mean = said("--statistic", "mean", *paid, "--epsilon", 500)
        self.assertAlmostEqual(mean["value"], 9015 / 2002, delta=0.01)
        self.assertLess(mean["interval"]["lower"], mean["value"])
        self.assertLess(mean["value"], mean["interval"]["upper"])
        self.assertAlmostEqual(said("--statistic", "variance", *paid, "--epsilon", 900)["value"], 8.26, delta=0.1)
        self.assertAlmostEqual(said("--statistic", "quantile", *paid, "--epsilon", 500, "--quantile", 0.75)["value"], 7,
                               delta=0.02)
        # Of each user the first three rows: 100 users.
        user = ["--user", "who", "--rows-per-user", 3]
        self.assertEqual(said("--statistic", "count", "--epsilon", 500, *user)["value"], 300)
        cells = said("--statistic", "histogram", "--column", "shop", "--categories", "south,west", "--epsilon", 500)
        self.assertEqual([(c["category"], c["value"]) for c in cells["cells"]],
                         [("south", 500), ("west", 0), ("(all others)", 1503)])
        open_cells = said("--statistic", "histogram", "--column", "shop", "--delta", 5e-7, "--epsilon", 500, *user,
                          "--categories-per-user", 2)
        self.assertEqual([(c["category"], c["value"]) for c in open_cells["cells"]], [("north", 225), ("south", 75)])
        self.assertLess(open_cells["left"]["delta"], 5.1e-7)
        text = self.expect(run(*release, "--statistic", "mean", *paid, "--epsilon", 0.5), PASS)
        self.assertRegex(text, r"^mean \S+ \(without noise from \S+ to \S+, at 95%\)\nepsilon 0.5 spent, 5599.5 left\n"
                               r"hidden: whether any one record is in the data \(neighbours add_remove\)\n$")
        self.expect(run(*release, "--statistic", "histogram", "--column", "shop", "--delta", 1e-6, "--epsilon", 1),
                    FAILED, "budget_exhausted")
        self.expect(run(*release, "--statistic", "count", "--epsilon", 6000), FAILED, "budget_exhausted")
        late = ["privacy", "release", data, *account[:-1], 700_000]
        self.expect(run(*late, "--statistic", "count", "--epsilon", 1), FAILED, "budget_exhausted")
        # Nothing of what is refused is paid.
        for wrong in (["--statistic", "mean", "--column", "paid", "--epsilon", 1],
                      ["--statistic", "mean", "--epsilon", 1],
                      ["--statistic", "mean", *paid, "--epsilon", "nan"],
                      ["--statistic", "mean", *paid[:2], "--lower", 2, "--upper", 1, "--epsilon", 1],
                      ["--statistic", "quantile", *paid, "--epsilon", 1, "--delta", 1e-9],
                      ["--statistic", "histogram", "--column", "shop", "--epsilon", 1],
                      ["--statistic", "quantile", *paid, "--epsilon", 1, "--quantile", 1],
                      ["--statistic", "quantile", *paid, "--epsilon", 1, "--steps", 0],
                      ["--statistic", "count", "--epsilon", 1, "--user", "who", "--rows-per-user", 0],
                      ["--statistic", "count", "--epsilon", 1, "--confidence", 1],
                      ["--statistic", "median", "--epsilon", 1],
                      # What says nothing to the statistic, or to no user.
                      ["--statistic", "count", "--lower", 0, "--epsilon", 1],
                      ["--statistic", "count", "--categories", "north", "--epsilon", 1],
                      ["--statistic", "sum", *paid, "--quantile", 0.5, "--epsilon", 1],
                      ["--statistic", "count", "--rows-per-user", 3, "--epsilon", 1],
                      ["--statistic", "count", "--choice", "random", "--epsilon", 1],
                      ["--statistic", "count", "--neighbours", "replace_one", "--epsilon", 1],
                      ["--statistic", "count", "--neighbours", "someone", "--epsilon", 1],
                      ["--statistic", "count", "--epsilon", 1, "--rho", 1],
                      ["--statistic", "count", "--rho", 1],
                      ["--statistic", "count"],
                      # Texts alone are no numbers.
                      ["--statistic", "sum", "--column", "shop", "--lower", 0, "--upper", 1, "--epsilon", 1],
                      ["--statistic", "quantile", "--column", "shop", "--lower", 0, "--upper", 1, "--epsilon", 1],
                      ["--statistic", "range", "--column", "shop", "--epsilon", 1],
                      ["--statistic", "sum", "--column", "nothing", "--lower", 0, "--upper", 1, "--epsilon", 1]):
            self.expect(run(*release, *wrong), INPUT_ERROR)
        self.assertEqual(said("--statistic", "count", "--epsilon", 0.5)["left"]["epsilon"], 5599)
        # Counts are whole numbers, and so are the ends of their intervals.
        told = run(*release, "--statistic", "count", "--epsilon", 0.25, "--format", "json").stdout.decode()
        self.assertRegex(told, r'"lower": -?[0-9]+\.0,\n +"upper": [0-9]+\.0\n')
        # Whom the noise hides; where a record is replaced by another one, their number is told exactly by nobody.
        added = said("--statistic", "sum", *paid[:2], "--lower", 5, "--upper", 10, "--epsilon", 1)
        self.assertEqual((added["neighbours"], added["unit"]), ("add_remove", "record"))
        swapped = said("--statistic", "sum", *paid[:2], "--lower", 5, "--upper", 10, "--epsilon", 1, "--neighbours",
                       "replace_one")
        self.assertEqual(swapped["neighbours"], "replace_one")

        def width(release):
            return release["interval"]["upper"] - release["interval"]["lower"]

        self.assertAlmostEqual(width(added) / width(swapped), 2, places=3)  # 10 against 10 - 5
        text = self.expect(run(*release, "--statistic", "sum", *paid, "--epsilon", 1, "--neighbours", "replace_one", *user),
                           PASS)
        self.assertIn("hidden: all that any one user's rows say, but not how many users there are (neighbours replace_one; "
                      "3 rows of a user count)", text)

    def test_privacy_release_in_rho(self):
        data = self.write("rho.csv", "x\n" + "".join(f"{i % 7}\n" for i in range(700)))
        account = ["--ledger", self.dir / "rho.ledger", "--data-set", "rho", "--principal", "analyst", "--purpose"]
        now = ["--now", 1000]
        grant, release = ["privacy", "grant", *account], ["privacy", "release", data, "--statistic", "count", *account]
        self.expect(run(*grant, "rho", *now, "--create", "--rho", 2, "--days", 1, "--delta", 1e-6), INPUT_ERROR, "--delta")
        self.assertIn("rho 2 granted", self.expect(run(*grant, "rho", *now, "--create", "--rho", 2, "--days", 1), PASS))
        self.assertIn("epsilon 3", self.expect(run(*grant, "epsilon", *now, "--epsilon", 3, "--days", 1), PASS))
        said = json.loads(self.expect(run(*release, "rho", *now, "--rho", 0.5, "--format", "json"), PASS))
        self.assertEqual(said["spent"], {"rho": 0.5})
        self.assertEqual(said["left"], {"rho": 1.5})
        self.assertAlmostEqual(said["value"], 700, delta=8)  # sigma is 1
        self.assertIn("rho 0.5 spent, 1 left", self.expect(run(*release, "rho", *now, "--rho", 0.5), PASS))
        mean = ["privacy", "release", data, "--statistic", "mean", "--column", "x", "--lower", 0, "--upper", 6, *account]
        self.assertLess(abs(json.loads(self.expect(run(*mean, "rho", *now, "--rho", 0.5, "--format", "json"), PASS))["value"]
                            - 3), 0.2)
        # One measure does not pay for the other, and nothing of what is refused is paid.
        self.expect(run(*release, "epsilon", *now, "--rho", 0.5), INPUT_ERROR, "not kept in rho")
        self.expect(run(*release, "rho", *now, "--epsilon", 0.5), INPUT_ERROR, "kept in rho")
        self.expect(run(*release, "rho", *now, "--rho", 0.5, "--delta", 1e-6), INPUT_ERROR, "--delta")
        self.expect(run(*release, "rho", *now, "--rho", 0.6), FAILED, "budget_exhausted")
        text = self.expect(run("privacy", "ledger", "show", self.dir / "rho.ledger"), PASS)
        self.assertRegex(text, r"from +until +measure +loss budget +loss spent +loss left +delta budget +delta spent +delta left")
        self.assertRegex(text, r"rho / analyst / rho +1000 \(1970-01-01T00:16:40Z\) +87400 \(1970-01-02T00:16:40Z\) +rho +2 "
                               r"+1.5 +0.5 +0 +0 +0")
        shown = json.loads(self.expect(run("privacy", "ledger", "show", self.dir / "rho.ledger", "--format", "json"), PASS))
        self.assertEqual([(p["measure"], p["spent"]["loss"], p["until_time"]) for p in shown["periods"]],
                         [("epsilon", 0, "1970-01-02T00:16:40Z"), ("rho", 1.5, "1970-01-02T00:16:40Z")])

    def test_privacy_release_of_two_columns_and_ranges(self):
        lines = ["x,y,shop,paid"]
        for i in range(1000):
            lines.append(f"{i % 10},{2 * (i % 10) - 5},{'north' if i % 4 else 'south'},{'card' if i % 5 else 'cash'}")
        data = self.write("pairs.csv", "\n".join(lines + ["3,,west,coin"]) + "\n")
        account = ["--ledger", self.dir / "pairs.ledger", "--data-set", "pairs", "--principal", "analyst", "--purpose",
                   "report", "--now", 1000]
        self.expect(run("privacy", "grant", *account, "--create", "--epsilon", 10_000, "--days", 7), PASS)
        release = ["privacy", "release", data, *account]

        def said(*more):
            return json.loads(self.expect(run(*release, *more, "--format", "json"), PASS))

        both = ["--column", "x", "--second", "y", "--lower", 0, "--upper", 10, "--second-lower", -5, "--second-upper", 15]
        covariance = said("--statistic", "covariance", *both, "--epsilon", 2000)
        self.assertAlmostEqual(covariance["value"], 16.5, delta=0.1)
        self.assertLess(covariance["interval"]["lower"], covariance["value"])
        names = ["--column", "shop", "--second", "paid", "--categories", "south,north", "--second-categories", "card"]
        table = said("--statistic", "table", *names, "--epsilon", 1000)
        self.assertEqual([(c["category"], c["second"], c["value"]) for c in table["cells"]],
                         [("south", "card", 200), ("south", "(all others)", 50), ("north", "card", 600),
                          ("north", "(all others)", 150), ("(all others)", "card", 0),
                          ("(all others)", "(all others)", 1)])
        text = self.expect(run(*release, "--statistic", "table", *names, "--epsilon", 1000), PASS)
        self.assertRegex(text, r"(?m)^ +north +card +600 +600 +600$")
        bounds = said("--statistic", "range", "--column", "y", "--least-power", -2, "--epsilon", 20)["bounds"]
        self.assertEqual(bounds, {"lower": -8, "upper": 16})
        # Hardly a value reaches so far: none, and a number is none.
        empty = ["privacy", "release", self.write("empty.csv", "a,x\n" + "1,\n" * 50), *account, "--statistic", "range",
                 "--column", "x"]
        self.assertIsNone(json.loads(self.expect(run(*empty, "--epsilon", 20, "--format", "json"), PASS))["bounds"])
        self.assertIn("range none", self.expect(run(*empty, "--epsilon", 1), PASS))
        # Of a user the first two rows, whatever the others say: 400 users of whom half have one row more, far off.
        rows = ["who,x,y,shop,paid"]
        for i in range(800):
            rows.append(f"u{i // 2},{i % 10},{2 * (i % 10) - 5},{'north' if i % 4 else 'south'},card")
        rows += [f"u{i},10,-5,far,coin" for i in range(200) for _ in range(20)]
        by_user = ["privacy", "release", self.write("users.csv", "\n".join(rows) + "\n"), *account]
        user = ["--user", "who", "--rows-per-user", 2, "--format", "json"]
        limited = json.loads(self.expect(run(*by_user, "--statistic", "covariance", *both, *user, "--epsilon", 1000), PASS))
        self.assertAlmostEqual(limited["value"], 16.5, delta=0.2)
        self.assertEqual((limited["unit"], limited["rows_per_user"]), ("user", 2))
        cells = json.loads(self.expect(run(*by_user, "--statistic", "table", *names, *user, "--categories-per-user", 2,
                                           "--epsilon", 500), PASS))["cells"]
        self.assertEqual([(c["category"], c["second"], c["value"]) for c in cells if c["value"] != 0],
                         [("south", "card", 200), ("north", "card", 600), ("(all others)", "(all others)", 2 * 100)])
        for wrong in (["--statistic", "covariance", *both[:-2], "--epsilon", 1],
                      ["--statistic", "covariance", "--column", "x", "--lower", 0, "--upper", 1, "--epsilon", 1],
                      ["--statistic", "covariance", *both, "--user", "nobody", "--epsilon", 1],
                      ["--statistic", "covariance", "--column", "x", "--second", "paid", *both[4:], "--epsilon", 1],
                      ["--statistic", "covariance", *both, "--categories-per-user", 2, "--user", "shop", "--epsilon", 1],
                      ["--statistic", "table", *names[:-2], "--epsilon", 1],
                      ["--statistic", "table", *names, "--second", "nothing", "--epsilon", 1],
                      ["--statistic", "range", "--column", "x", "--least-power", 50, "--epsilon", 1]):
            self.expect(run(*release, *wrong), INPUT_ERROR)
        self.assertEqual(said("--statistic", "count", "--epsilon", 1)["left"]["epsilon"], 10_000 - 5542)

    def test_privacy_release_of_names_queries_totals_and_responses(self):
        lines = ["who,shop,day,paid"]
        for i in range(1200):
            lines.append(f"u{i % 300},{('north', 'south', 'east')[0 if i % 6 < 3 else 1 if i % 6 < 5 else 2]},d{i // 400},1")
        data = self.write("shops.csv", "\n".join(lines + ["u7,alone,d9,1"]) + "\n")
        account = ["--ledger", self.dir / "shops.ledger", "--data-set", "shops", "--principal", "analyst", "--purpose"]
        report, rho = [*account, "report", "--now", 1000], [*account, "rho", "--now", 1000]
        self.expect(run("privacy", "grant", *report, "--create", "--epsilon", 10_000, "--delta", 1e-4, "--days", 7), PASS)
        self.expect(run("privacy", "grant", *rho, "--rho", 10_000, "--days", 7), PASS)
        release = ["privacy", "release", data, "--statistic"]

        def said(*more):
            return json.loads(self.expect(run(*release, *more, *report, "--format", "json"), PASS))

        # Which shops there are: 600, 400 and 200 rows are told for sure (1 / delta is 10^6, within e^(epsilon n)); the
        # shop of one row is told once in a million times.
        shop = ["--column", "shop"]
        names = said("partitions", *shop, "--epsilon", 2, "--delta", 1e-6)
        self.assertEqual(names["names"], ["east", "north", "south"])
        self.assertEqual(names["spent"], {"epsilon": 2, "delta": 1e-6})
        self.assertLess(names["certain_from"], 20)
        # Users, each in the first of their categories: all 300 are in the first 300 rows.
        users = said("partitions", *shop, "--epsilon", 2, "--delta", 1e-6, "--user", "who")
        self.assertEqual((users["names"], users["unit"]), (["east", "north", "south"], "user"))
        text = self.expect(run(*release, "partitions", *shop, "--epsilon", 2, "--delta", 1e-6, *report), PASS)
        self.assertRegex(text, r"^east\nnorth\nsouth\n3 categories told; whatever \d+ rows have is told for sure")
        # Which counts are at least 300, until two are: with so much epsilon there is hardly noise.
        counts = [*shop, "--categories", "east,west,north,alone,south,again", "--threshold", 300, "--positives", 2]
        above = said("above_threshold", *counts, "--epsilon", 200)
        self.assertEqual([(q["query"], q["above"]) for q in above["queries"]],
                         [("east", False), ("west", False), ("north", True), ("alone", False), ("south", True),
                          ("again", None)])
        self.assertEqual(above["positives_left"], 0)
        # Scales by hand: shares 1 and 4^(2/3) of epsilon; twice the sensitivity for both positives on each query.
        share = 1 + 4 ** (2 / 3)
        self.assertAlmostEqual(above["threshold_scale"], share / 200, places=9)
        self.assertAlmostEqual(above["query_scale"], 4 / (200 - 200 / share), places=9)
        # A user's two rows in a category: twice the noise. 300 users have two rows in the first 600.
        two = said("above_threshold", *counts, "--epsilon", 200, "--user", "who", "--rows-per-user", 2,
                   "--categories-per-user", 3)
        self.assertAlmostEqual(two["threshold_scale"], 2 * share / 200, places=9)
        text = self.expect(run(*release, "above_threshold", *counts, "--epsilon", 200, *report), PASS)
        self.assertRegex(text, r"(?m)^ *again +not asked$")
        # Rows as queries, of a stated sensitivity.
        values = self.write("queries.csv", "value\n10\n-5\n500\n7\n")
        asked = ["privacy", "release", values, "--statistic", "above_threshold", "--column", "value", "--threshold", 100,
                 *report, "--epsilon", 400]
        told = json.loads(self.expect(run(*asked, "--sensitivity", 3, "--format", "json"), PASS))
        self.assertEqual([q["above"] for q in told["queries"]], [False, False, True, None])
        self.assertIn("no query by more than 3", self.expect(run(*asked, "--sensitivity", 3), PASS))
        # Totals after each day, by all three mechanisms; the row of a day that is not listed is left out.
        days = ["--column", "day", "--categories", "d0,d1,none,d2"]
        tree = said("running_count", *days, "--epsilon", 900)
        self.assertEqual([(t["step"], t["value"]) for t in tree["totals"]],
                         [("d0", 400), ("d1", 800), ("none", 800), ("d2", 1200)])
        self.assertEqual(tree["noise"], "binary_tree")
        for loss, factor, noise in ((["--rho", 2000], [], "toeplitz_root"),
                                    (["--rho", 2000], ["--factor", "buffered"], "buffered_toeplitz")):
            total = json.loads(self.expect(run(*release, "running_count", *days, *loss, *factor, *rho, "--format",
                                               "json"), PASS))
            self.assertEqual(total["noise"], noise)
            self.assertEqual(total["spent"], {"rho": 2000})
            for step, truth in zip(total["totals"], (400, 800, 800, 1200)):
                self.assertAlmostEqual(step["value"], truth, delta=1)  # sigma is below 1/20, the grid finer
                self.assertLessEqual(step["interval"]["lower"], step["value"])
        gaussian = said("running_count", *days, "--epsilon", 20, "--delta", 1e-6)
        self.assertEqual(gaussian["noise"], "toeplitz_root")
        self.assertAlmostEqual(gaussian["totals"][3]["value"], 1200, delta=40)
        by_user = said("running_count", *days, "--epsilon", 900, "--user", "who", "--categories-per-user", 2)
        self.assertEqual([t["value"] for t in by_user["totals"]], [300, 600, 600, 600])  # the days of u0..u299 are d0, d1
        # Responses: at epsilon 30 none lies (3e-13 each); what they tell of the shares is what the file tells.
        local = [*shop, "--categories", "north,south,east", "--neighbours", "replace_one"]
        path = self.dir / "responses.csv"
        shares = said("randomized_response", *local, "--epsilon", 30, "--responses", path)
        self.assertEqual(shares["responses"], 1201)
        self.assertAlmostEqual(shares["truth_probability"], 1, places=9)
        for cell, truth in zip(shares["shares"], (600, 400, 200, 1)):
            self.assertAlmostEqual(cell["share"], truth / 1201, delta=0.005)
            self.assertLessEqual(cell["interval"]["lower"], cell["share"])
        lines = path.read_text().splitlines()
        self.assertEqual((len(lines), lines[0]), (1202, "shop"))
        self.assertIn("(all others)", lines[-1])
        again = ["privacy", "estimate", path, *shop, "--categories", "north,south,east", "--epsilon", 30]
        told = json.loads(self.expect(run(*again, "--format", "json"), PASS))
        self.assertEqual(told["shares"], shares["shares"])
        self.assertRegex(self.expect(run(*again), PASS), r"(?m)^ +north +600 +0.\d+ +0.\d+ +0.\d+$")
        # With epsilon log 3 among four a truth is told every second time, each lie once in six.
        half = said("randomized_response", *local, "--epsilon", repr(math.log(3)), "--responses", path)
        kept = sum(a.split(",")[1] == b for a, b in zip(lines_of(data)[1:1201], lines_of(path)[1:1201]))
        self.assertAlmostEqual(half["truth_probability"], 0.5, places=6)
        self.assertLess(abs(kept - 600), 6.2 * math.sqrt(300))  # one in a billion runs is further off
        # As bits, a column each. At epsilon 32 rappor's flips are one in nine million bits; of optimised every second one
        # is kept, and hardly any false one is there.
        wide = ["privacy", "estimate", path, "--categories", "north,south,east", "--epsilon", 32]
        for encoding, kept in (("rappor", 1), ("optimised", 0.5)):
            bits = said("randomized_response", *local, "--epsilon", 32, "--responses", path, "--encoding", encoding)
            self.assertEqual(bits["responses"], 1201)
            self.assertAlmostEqual(bits["true_one_probability"], kept, places=6)
            rows = [line.split(",") for line in lines_of(path)]
            self.assertEqual((rows[0], len(rows)), (["north", "south", "east", "(all others)"], 1202))
            place = {name: i for i, name in enumerate(rows[0])}
            ones = [sum(int(row[i]) for row in rows[1:]) for i in range(4)]
            self.assertEqual([cell["responses"] for cell in bits["shares"]], ones)
            of_truth = sum(int(row[place[line.split(",")[1]]]) for line, row in zip(lines_of(data)[1:1201], rows[1:]))
            elsewhere = sum(ones[:3]) - of_truth
            self.assertLess(abs(of_truth - 1200 * kept), 6.2 * math.sqrt(300) if kept < 1 else 9)
            self.assertLess(elsewhere, 9)  # 3600 bits, each one in 8.9e6 or less: 9 of them once in 1e36
            for cell, truth in zip(bits["shares"], (600, 400, 200, 1)):
                self.assertAlmostEqual(cell["share"], truth / 1201, delta=0.01 if kept == 1 else 0.2)
            told = json.loads(self.expect(run(*wide, "--encoding", encoding, "--format", "json"), PASS))
            self.assertEqual((told["shares"], "column" in told), (bits["shares"], False))
        self.assertRegex(self.expect(run(*wide, "--encoding", "rappor"), PASS), r"(?m)^ +north +\d+ +0.\d+ +0.\d+ +0.\d+$")
        self.expect(run(*wide), INPUT_ERROR, "--column")
        self.expect(run(*wide, "--encoding", "rappor", "--column", "north"), INPUT_ERROR, "--column")
        odd = self.write("bits.csv", "north,south,east,(all others)\n1,0,0,0\n1,0,2,0\n")
        self.expect(run(*wide[:2], odd, *wide[3:], "--encoding", "rappor"), INPUT_ERROR, "bits.csv:3:5")
        self.expect(run(*wide[:2], data, *wide[3:], "--encoding", "rappor"), INPUT_ERROR, "north")
        left = said("partitions", *shop, "--epsilon", 2, "--delta", 1e-6)["left"]["epsilon"]
        for wrong in (["partitions", *shop, "--epsilon", 1], ["partitions", *shop, "--epsilon", 1, "--delta", 1e-6,
                       "--user", "who", "--rows-per-user", 2],
                      ["partitions", *shop, "--epsilon", 1, "--delta", 1e-6, "--categories", "north"],
                      ["partitions", *shop, "--epsilon", 1, "--delta", 1e-6, "--neighbours", "replace_one"],
                      ["partitions", *shop, "--epsilon", 1, "--delta", 1e-6, "--confidence", 0.9],
                      ["above_threshold", *counts[:4], "--epsilon", 1],
                      ["above_threshold", *shop, "--threshold", 1, "--epsilon", 1],
                      ["above_threshold", *counts, "--sensitivity", 1, "--epsilon", 1],
                      ["above_threshold", *counts, "--epsilon", 1, "--delta", 1e-6],
                      ["above_threshold", *counts[:-1], 0, "--epsilon", 1],
                      ["above_threshold", *shop, "--sensitivity", 1, "--threshold", 1, "--epsilon", 1],
                      ["running_count", "--column", "day", "--epsilon", 1],
                      ["running_count", "--column", "day", "--categories", "d0,d0", "--epsilon", 1],
                      ["running_count", *days, "--epsilon", 1, "--factor", "root"],
                      ["running_count", *days, "--epsilon", 1, "--threshold", 3],
                      ["randomized_response", *local[:-2], "--epsilon", 1],
                      ["randomized_response", *local, "--epsilon", 33],
                      ["randomized_response", *local, "--epsilon", 1, "--user", "who"],
                      ["randomized_response", *local, "--epsilon", 1, "--confidence", 95],
                      ["randomized_response", *local, "--epsilon", 1, "--responses", self.dir / "shops.ledger"],
                      ["randomized_response", *local, "--epsilon", 1, "--responses", data],
                      ["randomized_response", *local, "--epsilon", 1, "--responses", self.dir],
                      ["randomized_response", *local, "--epsilon", 1, "--responses", self.dir / "none" / "r.csv"],
                      ["randomized_response", *local, "--epsilon", 1, "--responses", "-", "--format", "json"],
                      ["randomized_response", *local[:3], "north,(all others)", *local[4:], "--epsilon", 1],
                      ["count", "--epsilon", 1, "--responses", path], ["count", "--epsilon", 1, "--positives", 2],
                      ["median", "--epsilon", 1]):
            self.expect(run(*release, *wrong, *report), INPUT_ERROR)
        self.expect(run(*release, "running_count", *days, "--rho", 20_000, *rho), FAILED, "budget_exhausted")
        self.expect(run(*again[:-1], 0), INPUT_ERROR, "epsilon")
        self.assertAlmostEqual(said("partitions", *shop, "--epsilon", 2, "--delta", 1e-6)["left"]["epsilon"], left - 2, places=6)

    def test_release_policy_of_statistics_and_groups(self):
        reference, live = ["a,b"], ["a,b,region,decided,was"]
        for i in range(3000):
            reference.append(f"{i % 97},{'u' if i % 3 else 'v'}")
            # Of the north a third is accepted, half of the south; where the label has not come the decision is left out.
            north = i % 2 == 0
            accepted = i % 6 == 0 if north else i % 4 == 1
            live.append(f"{'' if i % 30 == 0 else i % 97},{'u' if i % 3 else 'v'},{'north' if north else 'south'},"
                        f"{int(accepted)},{'' if i % 10 == 9 else int(i % 5 == 0)}")
        reference, live = (self.write(name, "\n".join(lines) + "\n")
                           for name, lines in (("ref2.csv", reference), ("live2.csv", live)))
        model, ledger = self.dir / "model2.vedette", self.dir / "groups.ledger"
        self.expect(run("baseline", "build", reference, "-o", model), PASS)
        account = {"data_set": "loans", "principal": "operations", "purpose": "fairness"}
        names = ["--data-set", "loans", "--principal", "operations", "--purpose", "fairness"]
        self.expect(run("privacy", "grant", "--ledger", ledger, *names, "--now", 1000, "--epsilon", 25, "--days", 7,
                        "--create"), PASS)
        document = {"account": account, "epsilon": 20, "outputs": ["features"], "groups": ["north", "south"],
                    "statistics": {"columns": ["a"], "least_power": -2}}
        policy = self.write("everything.json", json.dumps(document))
        where = ["--group", "region", "--prediction", "decided", "--label", "was"]
        check = ["check", "--baseline", model, live, "--release-policy", policy, "--ledger", ledger, "--now", 1000]
        self.expect(run(*check), INPUT_ERROR, "--group")
        self.expect(run(*check, *where[:-2]), INPUT_ERROR, "--label")
        odd = self.write("odd.json", json.dumps({**document, "statistics": {"columns": ["region"]}}))
        self.expect(run(*check[:4], "--release-policy", odd, *check[6:], *where), INPUT_ERROR, "region")
        result = run(*check, *where, "--format", f"json={self.dir / 'told.json'}",
                     "--format", f"openmetrics={self.dir / 'told.prom'}", "--format", f"html={self.dir / 'told.html'}",
                     "--format", "table")
        self.assertIn(result.returncode, (PASS, FAILED), result.stderr)
        release = json.loads((self.dir / "told.json").read_text())["windows"][0]["release"]
        self.assertEqual(release["counters_per_row"], 4)  # two features, a column, an outcome
        self.assertEqual(release["scale"], 4 / 20)
        column = release["statistics"]["columns"]["a"]
        self.assertAlmostEqual(column["rows"]["value"], 3000, delta=40)
        self.assertAlmostEqual(column["null"]["value"], 100, delta=6)
        self.assertEqual(column["nan"]["value"] // 10, 0)
        self.assertEqual(column["bounds"][1], 128)
        north, south, rest = release["fairness"]["groups"]
        self.assertEqual((north["group"], south["group"], rest["group"]), ("north", "south", None))
        self.assertAlmostEqual(north["rows"]["value"], 1500, delta=12)
        self.assertAlmostEqual(south["rows"]["value"], 1200, delta=12)
        self.assertAlmostEqual(north["selection"]["value"], 1 / 3, delta=0.02)
        self.assertAlmostEqual(rest["rows"]["value"], 0, delta=12)
        metrics = (self.dir / "told.prom").read_text()
        self.assertIn('vedette_release_group_rate{group="south",rest="0",rate="selection",bound="lower"} ', metrics)
        self.assertIn('vedette_release_column_count{column="a",holds="null",bound="value"} ', metrics)
        self.assertIn("Decisions by group, noised", (self.dir / "told.html").read_text())
        self.assertIn("Statistics of columns, noised", result.stdout.decode())
        shown = json.loads(self.expect(run("privacy", "ledger", "show", ledger, "--format", "json"), PASS))
        self.assertEqual(shown["periods"][0]["spent"]["loss"], 20)
        self.expect(run(*check, *where), FAILED, "budget_exhausted")

    def test_release_policy(self):
        account = {"data_set": "traffic", "principal": "operations", "purpose": "drift"}
        ledger = self.dir / "traffic.ledger"
        names = ["--data-set", "traffic", "--principal", "operations", "--purpose", "drift"]
        self.expect(run("privacy", "grant", "--ledger", ledger, *names, "--now", 1000, "--epsilon", 3, "--days", 7,
                        "--create"), PASS)
        policy = self.write("release.json", json.dumps({"account": account, "epsilon": 1, "outputs": ["features"]}))
        pays = ["--ledger", ledger, "--now", 1000]
        check = ["check", "--baseline", self.model, self.dir / "ref.csv"]
        exact = json.loads(self.expect(run(*check, "--format", "json"), PASS))
        told = json.loads(self.expect(run(*check, "--format", "json", "--release-policy", policy, *pays), PASS))
        window = told["windows"][0]
        self.assertEqual(window["release"]["epsilon"], 1)
        self.assertEqual(window["release"]["noise"], "discrete_laplace")
        self.assertIsNone(window["requests"])
        self.assertNotIn("release", exact["windows"][0])
        rows = exact["windows"][0]["live_rows"]
        self.assertAlmostEqual(window["live_rows"], rows, delta=rows / 2)
        text = self.expect(run(*check, "--release-policy", policy, *pays), PASS)
        self.assertIn("noised: epsilon 1", text)
        self.assertRegex(text, r"about [0-9]+ live rows \(noised\) against [0-9]+ reference rows")
        shown = json.loads(self.expect(run("privacy", "ledger", "show", ledger, "--format", "json"), PASS))
        self.assertEqual(shown["periods"][0]["spent"]["loss"], 2)
        self.assertEqual(shown["periods"][0]["left"]["loss"], 1)
        # What would tell more than the noised counts, and what has no account: refused, and not paid.
        watching = self.write("watching.json", json.dumps({"outputs": {"x": [{"kind": "adwin"}]}}))
        for wrong in (["--window", 100], ["--window-by", "x"], ["--thin", 2], ["--policy", watching]):
            self.expect(run(*check, "--release-policy", policy, *pays, *wrong), INPUT_ERROR)
        self.expect(run(*check, "--release-policy", policy), INPUT_ERROR, "--ledger")
        self.expect(run(*check, "--ledger", ledger), INPUT_ERROR, "--release-policy")
        broken = self.write("broken.json", json.dumps({"account": account, "epsilon": 0}))
        self.expect(run(*check, "--release-policy", broken, *pays), INPUT_ERROR, "/epsilon")
        dear = self.write("dear.json", json.dumps({"account": account, "epsilon": 1.5}))
        self.expect(run(*check, "--release-policy", dear, *pays), FAILED, "budget_exhausted")
        shown = json.loads(self.expect(run("privacy", "ledger", "show", ledger, "--format", "json"), PASS))
        self.assertEqual(shown["periods"][0]["spent"]["loss"], 2)

    def test_privacy_ledger(self):
        ledger = self.dir / "books.ledger"
        names = ["--data-set", "books", "--principal", "reader", "--purpose", "count"]
        self.expect(run("privacy", "grant", "--ledger", ledger, *names, "--now", 1000, "--epsilon", 2, "--delta", 1e-6,
                        "--days", 1, "--create"), PASS)
        before = self.expect(run("privacy", "ledger", "verify", ledger), PASS).strip()
        self.assertRegex(before, r"^[0-9]+:[0-9a-f]{64}$")
        old = ledger.read_bytes()
        self.expect(run("privacy", "grant", "--ledger", ledger, *names[:-1], "list", "--now", 1000, "--epsilon", 1,
                        "--days", 1), PASS)
        after = self.expect(run("privacy", "ledger", "verify", ledger, "--at-least", before), PASS).strip()
        self.assertNotEqual(before, after)
        text = self.expect(run("privacy", "ledger", "show", ledger), PASS)
        self.assertIn("books / reader / count", text)
        self.assertIn("books / reader / list", text)
        self.assertNotIn("/ count", self.expect(run("privacy", "ledger", "show", ledger, "--purpose", "list"), PASS))
        self.expect(run("privacy", "ledger", "show", ledger, "--purpose", "none"), NOT_ENOUGH)
        self.expect(run("privacy", "ledger", "close", ledger, 99), INPUT_ERROR)
        self.expect(run("privacy", "ledger", "verify", ledger, "--at-least", "7"), INPUT_ERROR, "--at-least")
        self.expect(run("privacy", "ledger", "verify", self.dir / "absent.ledger"), INPUT_ERROR)
        ledger.write_bytes(old)
        self.expect(run("privacy", "ledger", "verify", ledger, "--at-least", after), FAILED)
        # Nor does an older copy that was put back pay for anything.
        self.expect(run("privacy", "grant", "--ledger", ledger, *names, "--now", 1000, "--epsilon", 1, "--days", 1,
                        "--at-least", after), INPUT_ERROR, "corrupt_data")
        data = self.write("books.csv", "x\n" + "1\n" * 50)
        count = ["privacy", "release", data, "--statistic", "count", "--ledger", ledger, *names, "--now", 1001,
                 "--epsilon", 0.5, "--format", "json"]
        self.expect(run(*count, "--at-least", after), INPUT_ERROR, "corrupt_data")
        first = json.loads(self.expect(run(*count, "--at-least", before), PASS))["ledger_head"]
        second = json.loads(self.expect(run(*count, "--at-least", first), PASS))["ledger_head"]
        self.assertNotEqual(first, second)
        third = self.expect(run(*count[:-4], "--epsilon", 0.1, "--at-least", second), PASS).splitlines()[-1]
        second = third.removeprefix("ledger head ")
        self.assertEqual(second, self.expect(run("privacy", "ledger", "verify", ledger), PASS).strip())
        ledger.write_bytes(old)

        keyed, key = self.dir / "keyed.ledger", self.dir / "key"
        key.write_bytes(bytes(range(32)))
        self.expect(run("privacy", "grant", "--ledger", keyed, *names, "--now", 1000, "--epsilon", 2, "--days", 1,
                        "--create", "--key-file", key), PASS)
        self.expect(run("privacy", "ledger", "show", keyed), INPUT_ERROR, "key")
        self.expect(run("privacy", "ledger", "show", keyed, "--key-file", key), PASS)
        key.write_bytes(bytes(33))
        self.expect(run("privacy", "ledger", "show", keyed, "--key-file", key), INPUT_ERROR, "32 bytes")
        last = len(old.rstrip(b"\0")) - 1  # what follows is room for records to come
        ledger.write_bytes(old[:last] + bytes([old[last] ^ 1]) + old[last + 1:])
        self.expect(run("privacy", "ledger", "verify", ledger), FAILED, "altered")

    def test_privacy_audit(self):
        audit = ["privacy", "audit"]
        # Clopper and Pearson's ends at 97.5 % of 800 and 200 in 1000.
        counts = [*audit, "--counts", 800, 1000, 200, 1000]
        self.assertIn("epsilon at least 1.2301", self.expect(run(*counts), PASS))
        said = json.loads(self.expect(run(*counts, "--claimed-epsilon", 1, "--format", "json"), FAILED))
        self.assertTrue(said["refuted"])
        self.assertLess(said["epsilon_lower_bound"], math.log(4))
        self.assertEqual(said["evidence"]["second_hits"], 200)
        self.assertIn("refuted", self.expect(run(*counts, "--claimed-epsilon", 1.2), FAILED))
        self.expect(run(*counts, "--claimed-epsilon", 1.3), PASS)
        # Appendix D of Steinke, Nasr and Jagielski (2023): 75 of 100 guesses about 1000 canaries.
        rows = ["0,1"] * 13 + ["1,0"] * 12 + ["1,1"] * 40 + ["0,0"] * 35 + ["1,"] * 450 + ["0,"] * 450
        guesses = self.write("guesses.csv", "included,guess\n" + "\n".join(rows) + "\n")
        said = json.loads(self.expect(run(*audit, "--guesses", guesses, "--delta", 1e-4, "--format", "json"), PASS))
        self.assertAlmostEqual(said["epsilon_lower_bound"], 0.673, places=3)
        self.assertEqual(said["evidence"], {"canaries": 1000, "guesses": 100, "correct": 75})
        # A mechanism that never tells of the first input what it tells of the second one.
        rows = [f"{1 + i % 2},{i % 7 + 10 * (i % 2)}" for i in range(400)] + ["1,"]
        outputs = self.write("outputs.csv", "input,output\n" + "\n".join(rows) + "\n")
        self.assertIn("epsilon 2 is refuted", self.expect(run(*audit, "--outputs", outputs, "--claimed-epsilon", 2), FAILED))
        # Wrong inputs are told with their place.
        self.expect(run(*audit), INPUT_ERROR, "--guesses,--outputs,--counts")
        self.expect(run(*counts, "--guesses", guesses), INPUT_ERROR)
        self.expect(run(*audit, "--counts", 8, 5, 1, 5), INPUT_ERROR, "8 hits")
        self.expect(run(*audit, "--counts", 0, 0, 0, 0), INPUT_ERROR, "no runs")
        self.expect(run(*counts, "--delta", 1), INPUT_ERROR, "delta")
        self.expect(run(*counts, "--confidence", "nan"), INPUT_ERROR, "level")
        self.expect(run(*counts, "--claimed-epsilon", "nan"), INPUT_ERROR, "claimed-epsilon")
        for content, place in (("included,guess\n2,1\n", ":2"), ("included,guess\n1,maybe\n", "a guess must be"),
                               ("included\n1\n", "guess")):
            self.expect(run(*audit, "--guesses", self.write("wrong.csv", content)), INPUT_ERROR, place)
        self.expect(run(*audit, "--guesses", self.write("none.csv", "included,guess\n1,\n")), NOT_ENOUGH, "no guess")
        self.expect(run(*audit, "--outputs", self.write("wrong.csv", "input,output\n1,x\n")), INPUT_ERROR, "wrong.csv:2")
        self.expect(run(*audit, "--outputs", self.write("few_runs.csv", "input,output\n1,1\n2,2\n")), NOT_ENOUGH, "at least 2")

    def test_the_demo_runs(self):
        out = self.dir / "demo"
        result = subprocess.run(["sh", str(DATA / "demo.sh"), TOOL, str(out)], capture_output=True, check=False, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        said = result.stdout.decode()
        self.assertIn("month 12", said)
        self.assertIn(f"{out}/flights.html", said)
        self.check_page((out / "flights.html").read_text())
        report = json.loads((out / "flights.json").read_text())
        self.assertEqual([w["live_rows"] for w in report["windows"]], [1000] * 9)
        july = {f["name"]: f["decision"] for f in report["windows"][3]["features"]}
        self.assertEqual(july["temperature"], "alarm")


if __name__ == "__main__":
    TOOL = sys.argv[1]
    DATA = pathlib.Path(sys.argv[2]) / "tests" / "data"
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
