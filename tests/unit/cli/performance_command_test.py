#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`vedette performance` from end to end, and the performance in the reports of `vedette check`: joins, counts, the
ranking and label shift written anew here (standard library only).

usage: performance_command_test.py VEDETTE-BINARY SOURCE-DIR
"""
import hashlib
import json
import math
import pathlib
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom

TOOL = ""
PASS, FAILED, INPUT_ERROR, NOT_ENOUGH = 0, 1, 2, 3
MODEL = ("--scores", "p", "--prediction", "said")


def run(*arguments, stdin=None):
    return subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, check=False, timeout=120,
                          text=True)


def rows_of(count, seed, hard=0.0, easy=0.0, positives=0.5, honest=True):
    """A model that is sure for small x and unsure else; `y` drifts without a meaning. Dishonest: labels by a coin."""
    draw = random.Random(seed)
    rows = []
    for i in range(count):
        x, y = draw.gauss(hard, 1.0), draw.gauss(easy, 1.0)
        sure = 0.95 if x < 0.5 else 0.6
        p = sure if draw.random() < positives else 1.0 - sure
        truth = int(draw.random() < (p if honest else 0.5))
        rows.append({"id": f"row {i}", "x": x, "y": y, "p": p, "said": int(p > 0.5), "true": truth})
    return rows


def table(rows, *columns):
    lines = [",".join(columns)]
    lines += [",".join("" if row[name] is None else row[name] if isinstance(row[name], str) else repr(row[name])
                       for name in columns) for row in rows]
    return "\n".join(lines) + "\n"


class Performance(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.past = rows_of(4000, 1)
        self.labelled = self.write("past.csv", self.past, "x", "y", "p", "said", "true")

    def write(self, name, rows, *columns):
        path = self.folder / name
        path.write_text(rows if isinstance(rows, str) else table(rows, *columns))
        return path

    def fit(self):
        path = self.folder / "model.performance"
        done = run("performance", "fit", self.labelled, *MODEL, "--label", "true", "-o", path)
        self.assertEqual(done.returncode, PASS, done.stderr)
        return path

    def expect(self, done, status, *words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)
        return done.stdout

    def json(self, done, status):
        return json.loads(self.expect(done, status))

    def test_any_metric_at_all_times(self):
        model = self.fit()
        same = self.write("same.csv", rows_of(3000, 2), "p", "said", "true")
        hard = self.write("hard.csv", rows_of(6000, 3, hard=1.5), "p", "said", "true")
        for metric in ("accuracy", "precision", "recall", "specificity", "f1", "roc_auc"):
            for command, extra in (("estimate", ()), ("realised", ("--label", "true"))):
                with self.subTest(metric=metric, command=command):
                    ask = ("performance", command, model, "-", *MODEL, *extra, "--metric", metric, "--format", "json")
                    found = self.json(run(*ask, stdin=same.read_text()), PASS)
                    key = "estimated" if command == "estimate" else "realised"
                    self.assertAlmostEqual(found["harm"][metric], found[key][metric]["value"],
                                           delta=0.05 if metric == "roc_auc" else 1e-6)
                    low, high = found["harm"][metric + "_at_all_times"]
                    inner = found[key][metric]["interval"]
                    self.assertTrue(0 < low < found["harm"][metric] < high <= 1)
                    self.assertGreater(high - low, inner[1] - inner[0])  # what holds at all times costs
                    strict = self.json(run(*ask, "--tolerated", "0.001", stdin=hard.read_text()), FAILED)
                    self.assertGreater(strict["harm"]["first_alarm_row"], 0)
        self.expect(run("performance", "estimate", model, same, *MODEL, "--metric", "brier"), INPUT_ERROR)

    def test_states_of_shards_merge(self):
        model = self.fit()
        rows = rows_of(3000, 2)
        whole = self.write("whole.csv", rows, "p", "said")
        one, two = self.write("one.csv", rows[:1000], "p", "said"), self.write("two.csv", rows[1000:], "p", "said")
        ask = ("performance", "estimate", model)
        end = (*MODEL, "--metric", "f1", "--format", "json")
        expected = self.json(run(*ask, whole, *end), PASS)
        states = [self.folder / "one.state", self.folder / "two.state"]
        for data, state in zip((one, two), states):
            self.expect(run(*ask, data, *end, "--state", state), PASS)
        merged = self.json(run("performance", "merge", model, *states, "-o", self.folder / "all.state", "--format",
                               "json"), PASS)
        self.assertEqual(merged["estimated"], expected["estimated"])
        self.assertAlmostEqual(merged["harm"]["f1"], expected["harm"]["f1"], places=12)
        self.assertEqual(merged["harm"]["values"], expected["harm"]["values"])
        # It goes on from there.
        none = self.write("none.csv", "p,said\n0.9,1\n")
        on = self.json(run(*ask, none, *end, "--state", self.folder / "all.state"), PASS)
        self.assertEqual(on["counts"]["rows"], 3001)
        self.expect(run("performance", "merge", model, states[0], states[0]), INPUT_ERROR, "twice")
        self.expect(run(*ask, one, *MODEL, "--state", self.folder / "other.state"), PASS)
        self.expect(run("performance", "merge", model, states[0], self.folder / "other.state"), INPUT_ERROR, "other")
        self.expect(run("performance", "merge", model, model), INPUT_ERROR)

    def test_a_state_that_asks_nothing_sensible_is_refused(self):
        model, state = self.fit(), self.folder / "good.state"
        data = self.write("one.csv", rows_of(300, 2), "p", "said")
        self.expect(run("performance", "estimate", model, data, *MODEL, "--state", state), PASS)
        good = state.read_bytes()
        at = good.index(b'"sha256":"') + 10
        for part, other in ((rb'\"level\":0.01', rb'\"level\":null'), (rb'{\"margin\":0.05}', rb'[\"margin\",0.05]'),
                            (rb'\"estimate\"', rb'\"realised\"'), (rb'\"accuracy\"', rb'\"precise_\"')):
            self.assertEqual(len(part), len(other))
            self.assertEqual(good.count(part), 1)
            bad = good.replace(part, other)
            bad = bad[:at] + b"0" * 64 + bad[at + 64:]
            state.write_bytes(bad[:at] + hashlib.sha256(bad).hexdigest().encode() + bad[at + 64:])
            with self.subTest(part):
                self.expect(run("performance", "merge", model, state), INPUT_ERROR, "good.state")

    def test_a_page_with_the_time_line_of_alarms(self):
        model, state = self.fit(), self.folder / "page.state"
        good = self.write("good.csv", rows_of(2000, 2), "p", "said", "true")
        bad = self.write("bad.csv", rows_of(2000, 3, honest=False), "p", "said", "true")
        ask = ("--label", "true", "--tolerated", "0.3", "--format", "html", "--state", state)
        page = self.expect(run("performance", "realised", model, good, *MODEL, *ask), PASS)
        self.assertTrue(page.startswith("<!DOCTYPE html>"))
        self.assertEqual(page.count('class="dot alarm"'), 0)
        page = self.expect(run("performance", "realised", model, bad, *MODEL, *ask), FAILED)
        self.assertGreaterEqual(page.count('class="dot alarm"'), 1)
        for words in ("1 - realised accuracy", "4,000 rows read", "roc auc", "alarms, the first at row", "labels tell"):
            self.assertIn(words, page)
        xml.dom.minidom.parseString(page.replace("<!DOCTYPE html>", ""))
        page = self.expect(run("performance", "estimate", model, good, *MODEL, "--format", "html"), PASS)
        self.assertIn("1 - estimated accuracy", page)
        self.expect(run("performance", "estimate", model, good, *MODEL, "--format", "xml"), INPUT_ERROR, "html")
        self.expect(run("performance", "merge", model, state, "--format", "html"), INPUT_ERROR)

    def test_scores_that_turn_into_what_cannot_be_taken_are_no_pass(self):
        model = self.fit()
        rows = table(rows_of(1000, 2), "p", "said")
        flood = "".join("nan,1\n" for _ in range(200))
        self.expect(run("performance", "estimate", model, "-", *MODEL, stdin=rows + flood), NOT_ENOUGH,
                    "in a row could not be taken")
        self.expect(run("performance", "estimate", model, "-", *MODEL, stdin=rows + flood + rows.split("\n", 1)[1]), PASS)

    def test_estimate(self):
        model = self.fit()
        same = self.write("same.csv", rows_of(3000, 2), "p", "said")
        found = self.json(run("performance", "estimate", model, same, *MODEL, "--format", "json"), PASS)
        right = sum(row["said"] == row["true"] for row in self.past) / len(self.past)
        self.assertAlmostEqual(found["reference"]["accuracy"], right, places=12)
        low, high = found["estimated"]["accuracy"]["interval"]
        self.assertTrue(low < right < high)
        low, high = found["harm"]["accuracy_at_all_times"]
        self.assertTrue(low < found["harm"]["accuracy"] < high)
        self.assertEqual((found["counts"]["rows"], found["harm"]["alarms"]), (3000, 0))
        # The level is that of an alarm over reference and stream: half is the bound's (Clopper and Pearson), at which
        # so few errors have that probability.
        self.assertEqual(found["harm"]["level"], 0.01)
        n, bound = len(self.past), found["harm"]["tolerated_loss"] - 0.05
        errors = sum(row["said"] != row["true"] for row in self.past)
        tail = sum(math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(bound) +
                            (n - k) * math.log1p(-bound)) for k in range(errors + 1))
        self.assertAlmostEqual(tail, 0.005, places=6)
        # Harder rows: an alarm on harm; rows that drift without harm: none.
        hard = table(rows_of(3000, 3, hard=1.5), "p", "said")
        found = self.json(run("performance", "estimate", model, "-", *MODEL, "--format", "json", stdin=hard), FAILED)
        self.assertGreater(found["harm"]["first_alarm_row"], 0)
        easy = self.write("easy.csv", rows_of(3000, 4, easy=3.0), "p", "said")
        self.expect(run("performance", "estimate", model, easy, *MODEL), PASS, "no alarm", "roc_auc")
        self.expect(run("performance", "estimate", model, easy, *MODEL, "--tolerated", 0.0), FAILED, "alarms")
        # What cannot be taken is counted; nothing at all is not enough.
        odd = self.write("odd.csv", "p,said\n0.5,1\n,1\n1.5,1\n0.5,7\n0.5,x\n")
        counts = self.json(run("performance", "estimate", model, odd, *MODEL, "--format", "json"), PASS)["counts"]
        self.assertEqual(counts, {"rows": 1, "nan": 1, "out_of_range": 1, "unknown_class": 2, "over_capacity": 0})
        none = self.write("none.csv", "p,said\n")
        self.expect(run("performance", "estimate", model, none, *MODEL), NOT_ENOUGH)
        self.expect(run("performance", "estimate", self.labelled, same, *MODEL), INPUT_ERROR, "past.csv")
        self.expect(run("performance", "estimate", model, same, "--scores", "p,p", "--prediction", "said"), INPUT_ERROR,
                    "fitted to 1")
        self.expect(run("performance", "estimate", model, same, "--scores", "q", "--prediction", "said"), INPUT_ERROR,
                    "q")

    def test_realised_in_a_batch(self):
        model = self.fit()
        rows = rows_of(2000, 5, honest=False)
        for i, row in enumerate(rows):
            row["true"] = None if i % 4 == 0 else row["true"]
        known = [row for row in rows if row["true"] is not None]
        live = self.write("live.csv", rows, "p", "said", "true")
        found = self.json(run("performance", "realised", model, live, *MODEL, "--label", "true", "--format", "json"),
                          FAILED)
        self.assertEqual((found["rows"], found["realised"]["rows"]), (2000, len(known)))
        right = sum(row["said"] == row["true"] for row in known) / len(known)
        self.assertAlmostEqual(found["realised"]["accuracy"]["value"], right, places=12)
        # Concept drift: the estimate does not see it, the gap does.
        self.assertLess(found["gap"]["p_value"], 1e-20)
        self.assertLess(found["gap"]["interval"][1], 0.0)
        self.expect(run("performance", "realised", model, live, *MODEL, "--label", "true"), FAILED,
                    "realised less estimated")

    def test_late_labels(self):
        model = self.fit()
        draw = random.Random(6)
        rows = rows_of(1500, 7)
        labels = []
        for i, row in enumerate(rows):
            row["time"] = i
            if i % 10 != 3:
                labels.append({"id": row["id"], "time": i + draw.randrange(0, 200), "true": row["true"]})
        labels += [{"id": "nobody", "time": 0, "true": 1}, {"id": "row 0", "time": 3000, "true": 1},
                   {"id": "row 13", "time": 3000, "true": 9}]
        labels.sort(key=lambda label: label["time"])
        predictions = self.write("live.csv", rows, "id", "time", "p", "said")
        late = self.write("labels.csv", labels, "id", "time", "true")
        command = ["performance", "realised", model, predictions, *MODEL, "--labels", late, "--id", "id", "--label",
                   "true", "--time", "time", "--format", "json"]

        def expected(capacity, longest):
            waiting, kept, joined, unknown, expired, displaced, refused, right = {}, [], 0, 0, 0, 0, 0, 0
            events = sorted([(row["time"], 0, i, row) for i, row in enumerate(rows)] +
                            [(label["time"], 1, i, label) for i, label in enumerate(labels)], key=lambda e: e[:3])
            for time, is_label, _, event in events:
                for name in [name for name, row in waiting.items() if time - row["time"] > longest]:
                    del waiting[name]
                    expired += 1
                if not is_label:
                    kept.append(event["id"])
                    if len(kept) > capacity:
                        displaced += waiting.pop(kept.pop(0), None) is not None
                    waiting[event["id"]] = event
                elif event["true"] > 1:  # whoever waits
                    refused += 1
                elif event["id"] not in waiting:
                    unknown += 1
                else:
                    joined += 1
                    right += waiting.pop(event["id"])["said"] == event["true"]
            return joined, unknown, expired, displaced, refused, len(waiting), right / joined

        for capacity, longest in ((100_000, 10**9), (60, 10**9), (100_000, 50)):
            limits = ["--capacity", capacity, "--longest-wait", longest]
            found = self.json(run(*command, *limits), PASS)
            said = found["labels"]
            got = tuple(said[k] for k in ("joined", "unknown", "expired", "displaced", "refused_labels", "waiting"))
            with self.subTest(capacity=capacity, longest=longest):
                self.assertEqual(got, expected(capacity, longest)[:-1])
                self.assertAlmostEqual(found["realised"]["accuracy"]["value"], expected(capacity, longest)[-1],
                                       places=12)
                self.assertLessEqual(said["delay"]["longest"], 200)
        self.expect(run(*command[:-2]), PASS, "still wait", "median")
        # Without times: all predictions, then all labels.
        del command[-4:-2]
        self.assertEqual(self.json(run(*command), PASS)["labels"]["joined"], 1350)
        # Nothing waits where there is no time.
        self.expect(run(*command, "--longest-wait", 5), INPUT_ERROR, "--time")
        wrong = self.write("wrong.csv", "id,time,true\na,5,1\nb,4,1\n")
        late_wrong = ["performance", "realised", model, predictions, *MODEL, "--labels", wrong, "--id", "id",
                      "--label", "true", "--time", "time"]
        self.expect(run(*late_wrong), INPUT_ERROR, "wrong.csv:3", "must not go back")
        self.write("wrong.csv", "id,time,true\n,5,1\n")
        self.expect(run(*late_wrong), INPUT_ERROR, "without an id")
        self.expect(run("performance", "realised", model, predictions, *MODEL, "--label", "true", "--id", "id"),
                    INPUT_ERROR, "--labels")

    def test_late_labels_of_ids_that_are_numbers(self):
        model = self.fit()
        ids = [99_999, 100_000, 300_000, 12_000_000, 2**53]
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(ids)}, 3), }}".ljust(117) + "\n"
        live = self.folder / "live.npy"
        live.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                         b"".join(struct.pack("<3d", number, 0.9, 1.0) for number in ids))
        late = self.write("labels.csv", "f0,f1\n" + "".join(f"{number},1\n" for number in ids))
        found = self.json(run("performance", "realised", model, live, "--scores", "f1", "--prediction", "f2", "--labels",
                              late, "--id", "f0", "--label", "f1", "--format", "json"), PASS)
        self.assertEqual((found["labels"]["joined"], found["labels"]["unknown"]), (len(ids), 0))

    def pieces(self, text, cuts):
        """The CSV cut before those rows, each piece with the header."""
        lines = text.splitlines(keepends=True)
        for begin, end in zip([0, *cuts], [*cuts, len(lines) - 1]):
            yield "".join(lines[:1] + lines[1 + begin:1 + end])

    def test_an_estimate_in_pieces_is_that_of_the_stream(self):
        model = self.fit()
        text = table(rows_of(2000, 3, hard=1.5), "p", "said")
        one, many = self.folder / "one.state", self.folder / "many.state"
        command = ["performance", "estimate", model, "-", *MODEL, "--format", "json", "--state"]
        whole = self.expect(run(*command, one, stdin=text), FAILED)
        statuses, last = [], ""
        for piece in self.pieces(text, [0, 1, 40, 40, 1100, 1999]):
            done = run(*command, many, "--save-every", 7, stdin=piece)
            statuses.append(done.returncode)
            last = done.stdout
        self.assertEqual(last, whole)
        self.assertEqual(one.read_bytes(), many.read_bytes())
        self.assertEqual(statuses[:4], [NOT_ENOUGH, PASS, PASS, NOT_ENOUGH])
        self.assertIn(FAILED, statuses[4:])
        self.assertEqual(statuses[-1], PASS if json.loads(whole)["harm"]["alarms"] == 1 else statuses[-1])
        # Another question, another model or a broken file is no continuation, and the file stays as it was.
        saved = many.read_bytes()
        other = self.folder / "other.performance"
        self.expect(run("performance", "fit", self.write("other.csv", rows_of(500, 77), "p", "said", "true"), *MODEL,
                        "--label", "true", "-o", other), PASS)
        for arguments in ((*command, many, "--margin", 0.3), (*command, many, "--level", 0.02),
                          (*command, many, "--tolerated", 0.3), (*command[:2], other, *command[3:], many)):
            self.expect(run(*arguments, stdin=text), INPUT_ERROR, "many.state", "remove it")
        broken = bytearray(saved)
        broken[len(broken) // 2] ^= 1
        self.folder.joinpath("broken.state").write_bytes(bytes(broken))
        self.expect(run(*command, self.folder / "broken.state", stdin=text), INPUT_ERROR, "broken.state",
                    "corrupt_data")
        self.expect(run(*command, model, stdin=text), INPUT_ERROR, "model.performance")
        self.assertEqual(many.read_bytes(), saved)
        self.expect(run(*command[:-1], "--save-every", 5, stdin=text), INPUT_ERROR, "--state")

    def test_an_alarm_saved_by_a_run_that_could_not_tell_it_is_told_by_the_next(self):
        model = self.fit()
        state = self.folder / "untold.state"
        hard, calm = rows_of(2000, 3, hard=1.5), table(rows_of(50, 2), "p", "said")
        command = ["performance", "estimate", model, "-", *MODEL, "--format", "json", "--state", state, "--save-every",
                   500]
        # The last row is broken: nothing is told of the rows that were saved.
        self.expect(run(*command, stdin=table(hard, "p", "said") + '0.5,"1\n'), INPUT_ERROR, "quote")
        self.assertEqual(self.place_of(state), (2000, 0))
        saved = state.read_bytes()
        found = self.json(run(*command, stdin=calm), FAILED)
        self.assertGreater(found["harm"]["alarms"], 0)
        self.assertLess(found["harm"]["first_alarm_row"], 2000)
        # Told once.
        self.json(run(*command, stdin=calm), PASS)
        # Nor by one whose output was lost.
        state.write_bytes(saved)
        with open("/dev/full", "w") as full:
            done = subprocess.run([TOOL, *map(str, command)], input=calm, stdout=full, stderr=subprocess.PIPE,
                                  check=False, timeout=120, text=True)
        self.assertEqual(done.returncode, INPUT_ERROR, done.stderr)
        self.json(run(*command, stdin="p,said\n"), FAILED)

    def test_two_runs_with_one_state_file_do_not_overwrite_each_other(self):
        model = self.fit()
        state = self.folder / "shared.state"
        command = ["performance", "estimate", model, "-", *MODEL, "--save-every", 1, "--state", state]
        lines = table(rows_of(8, 2), "p", "said").splitlines(keepends=True)
        with subprocess.Popen([TOOL, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            process.stdin.write("".join(lines[:6]))
            process.stdin.flush()
            while self.place_of(state) != (5, 0):
                self.assertIsNone(process.poll())
            self.expect(run(*command, stdin="".join(lines[:1] + lines[6:8])), PASS)
            saved = state.read_bytes()
            said = process.communicate("".join(lines[8:]), timeout=60)[1]
        self.assertEqual(process.returncode, INPUT_ERROR, said)
        self.assertIn("another process", said)
        self.assertEqual(state.read_bytes(), saved)
        self.assertEqual(self.place_of(state), (7, 0))

    def test_realised_performance_in_pieces(self):
        model = self.fit()
        rows = rows_of(1200, 5, honest=False)
        draw = random.Random(8)
        for i, row in enumerate(rows):
            row["time"] = 2 * i
        labels = sorted(({"id": row["id"], "time": row["time"] + 1 + 2 * draw.randrange(0, 90), "true": row["true"]}
                         for i, row in enumerate(rows) if i % 7), key=lambda label: label["time"])
        one, many = self.folder / "one.state", self.folder / "many.state"

        def late(state, live, known, *more):
            return run("performance", "realised", model, self.write("live.csv", live), *MODEL, "--labels",
                       self.write("labels.csv", known), "--id", "id", "--label", "true", "--time", "time", "--capacity", 80,
                       "--longest-wait", 150, "--format", "json", "--state", state, *more)

        predictions = table(rows, "id", "time", "p", "said")
        known = table(labels, "id", "time", "true")
        whole = self.expect(late(one, predictions, known), FAILED)
        self.assertGreater(json.loads(whole)["labels"]["expired"], 0)
        last = ""
        # Cut in time: of both files what came before.
        begin = 0
        for end in (1, 300, 301, 1500, 10**6):
            part = lambda all_rows: [row for row in all_rows if begin <= row["time"] < end]
            done = late(many, table(part(rows), "id", "time", "p", "said"), table(part(labels), "id", "time", "true"),
                        "--save-every", 11)
            self.assertIn(done.returncode, (PASS, FAILED, NOT_ENOUGH), done.stderr)
            begin, last = end, done.stdout
        self.assertEqual(last, whole)
        self.assertEqual(one.read_bytes(), many.read_bytes())
        early = table([dict(rows[0], id="new", time=3)], "id", "time", "p", "said")
        self.expect(late(many, early, "id,time,true\n"), INPUT_ERROR, "must not go back")
        self.expect(late(many, predictions, known, "--margin", 0.01), INPUT_ERROR, "remove it")
        # Labels in the file itself.
        batch = table(rows, "p", "said", "true")
        one, many = self.folder / "one.batch", self.folder / "many.batch"
        command = ["performance", "realised", model, "-", *MODEL, "--label", "true", "--format", "json", "--state"]
        whole = self.expect(run(*command, one, stdin=batch), FAILED)
        for piece in self.pieces(batch, [3, 500, 501]):
            last = run(*command, many, stdin=piece).stdout
        self.assertEqual(last, whole)
        self.assertEqual(one.read_bytes(), many.read_bytes())

    @staticmethod
    def place_of(state):
        """How many rows and labels a state file is of; nothing without one. It is whole at every moment."""
        try:
            data = state.read_bytes()
        except FileNotFoundError:
            return 0, 0
        length = struct.unpack("<Q", data[:8])[0]
        begin = 8 + length + json.loads(data[8:8 + length])["places"]["data_offsets"][0]
        return struct.unpack("<2Q", data[begin:begin + 16])

    def test_killed_at_any_moment_performance_goes_on_where_it_saved(self):
        model = self.fit()
        draw = random.Random(12)
        rows = rows_of(700, 5, honest=False)
        for i, row in enumerate(rows):
            row["time"] = 2 * i
        labels = sorted(({"id": row["id"], "time": row["time"] + 1 + 2 * draw.randrange(0, 40), "true": row["true"]}
                         for row in rows), key=lambda label: label["time"])
        predictions = table(rows, "id", "time", "p", "said").splitlines(keepends=True)
        known = table(labels, "id", "time", "true").splitlines(keepends=True)
        estimate = ["performance", "estimate", model, "-", *MODEL, "--format", "json", "--save-every", 1, "--state"]
        realised = ["performance", "realised", model, "-", *MODEL, "--labels", self.folder / "labels.csv", "--id", "id",
                    "--label", "true", "--time", "time", "--format", "json", "--save-every", 1, "--state"]
        for name, command in (("estimate", estimate), ("realised", realised)):
            calm, killed = self.folder / f"{name}.calm", self.folder / f"{name}.killed"
            self.write("labels.csv", "".join(known))
            whole = run(*command, calm, stdin="".join(predictions)).stdout
            signals = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL]
            for number, sent in enumerate(signals, 1):
                row, label = self.place_of(killed)
                self.write("labels.csv", "".join(known[:1] + known[1 + label:]))
                with subprocess.Popen([TOOL, *map(str, command), str(killed)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                    # All but the end, so that it never ends by itself.
                    process.stdin.write("".join(predictions[:1] + predictions[1 + row:-1]).encode())
                    process.stdin.flush()
                    while self.place_of(killed)[0] < 120 * number:
                        self.assertIsNone(process.poll())
                    process.send_signal(sent)
                    process.stdin.close()
                    said = process.stderr.read()
                    process.wait(timeout=60)
                self.assertEqual(b"stopped by a signal" in said, sent == signal.SIGTERM, said)
            row, label = self.place_of(killed)
            self.assertLess(row, 700)
            self.write("labels.csv", "".join(known[:1] + known[1 + label:]))
            last = run(*command, killed, stdin="".join(predictions[:1] + predictions[1 + row:])).stdout
            with self.subTest(name):
                self.assertEqual(last, whole)
                self.assertEqual(killed.read_bytes(), calm.read_bytes())

    def test_rows_with_labels_from_a_pipe(self):
        """What is read twice is read once where it can be read only once."""
        baseline = self.folder / "past.vedette"
        self.expect(run("baseline", "build", self.labelled, "-o", baseline, "--ignore", "p,said,true"), PASS)
        live = self.write("live.csv", rows_of(3000, 9, hard=0.75), "x", "y", "p", "said")

        def through_a_pipe(*arguments):
            reading, writing = os.pipe()
            with subprocess.Popen(["cat", str(self.labelled)], stdout=writing):
                os.close(writing)
                done = subprocess.run([TOOL, *(f"/dev/fd/{reading}" if word is self.labelled else str(word)
                                               for word in arguments)], capture_output=True, check=False, timeout=120,
                                      text=True, pass_fds=(reading,))
                os.close(reading)
            return done

        policy = self.folder / "watched.json"
        policy.write_text(json.dumps({"performance": {"monitors": [{"kind": "harm_monitor"}]}}))
        for command in (["check", "--baseline", baseline, live, "--labelled", self.labelled, *MODEL, "--label", "true"],
                        ["check", "--baseline", baseline, live, "--policy", policy, "--labelled", self.labelled, *MODEL,
                         "--label", "true"],
                        ["performance", "rank", self.labelled, live, "--prediction", "said", "--label", "true",
                         "--scores", "p"]):
            command = [*command, "--format", "json"]
            by_file, piped = run(*command), through_a_pipe(*command)
            self.assertIn(by_file.returncode, (PASS, FAILED), by_file.stderr)
            self.assertEqual(json.loads(piped.stdout), json.loads(by_file.stdout))
            self.assertEqual(piped.returncode, by_file.returncode)
        self.expect(run("check", "--baseline", baseline, "-", "--labelled", "-", *MODEL, "--label", "true", stdin=""),
                    INPUT_ERROR, "standard input")

    def test_label_shift(self):
        model = self.fit()
        rows = rows_of(5000, 8, positives=0.8)
        live = self.write("live.csv", rows, "said")
        found = self.json(run("performance", "shift", model, live, "--prediction", "said", "--format", "json"), PASS)
        # Lipton et al. (2018) for two classes, by hand.
        joint = [[sum(r["said"] == s and r["true"] == t for r in self.past) / len(self.past) for t in (0, 1)]
                 for s in (0, 1)]
        mu = [sum(r["said"] == s for r in rows) / len(rows) for s in (0, 1)]
        det = joint[0][0] * joint[1][1] - joint[0][1] * joint[1][0]
        weights = [(mu[0] * joint[1][1] - mu[1] * joint[0][1]) / det, (mu[1] * joint[0][0] - mu[0] * joint[1][0]) / det]
        shares = [max(0.0, w) * (joint[0][t] + joint[1][t]) for t, w in enumerate(weights)]
        for each, share in zip(found["classes"], shares):
            self.assertAlmostEqual(each["live"], share / sum(shares), places=9)
        self.assertLess(found["test"]["p_value"], 1e-30)
        self.expect(run("performance", "shift", model, live, "--prediction", "said"), PASS, "condition")
        self.expect(run("performance", "shift", model, live, "--prediction", "said", "--largest-condition", 1),
                    NOT_ENOUGH, "not evaluated")

    def test_rank(self):
        live = self.write("live.csv", rows_of(3000, 9, hard=0.75, easy=2.0), "x", "y")
        command = ["performance", "rank", self.labelled, live, "--prediction", "said", "--label", "true", "--scores",
                   "p"]
        found = self.json(run(*command, "--format", "json"), PASS)
        self.assertEqual([each["feature"] for each in found["ranking"]], ["x", "y"])
        # P(x >= 0.5) goes from 0.3085 to 0.5987, with 0.35 less accuracy there.
        low, high = found["ranking"][0]["interval"]
        self.assertTrue(low < -0.35 * 0.2902 < high < 0.0)
        low, high = found["ranking"][1]["interval"]
        self.assertTrue(low < 0.0 < high)
        self.expect(run(*command), PASS, "effect on accuracy")
        self.expect(run(*command, "--ignore", "x"), PASS, "y")
        self.expect(run(*command[:3], self.write("none.csv", "x,y\n"), *command[4:]), NOT_ENOUGH)

    def test_reports(self):
        baseline = self.folder / "past.vedette"
        self.expect(run("baseline", "build", self.labelled, "-o", baseline, "--ignore", "p,said,true"), PASS)
        policy = self.folder / "policy.json"
        policy.write_text(json.dumps({"defaults": {"tolerance": 1}, "performance": {"margin": 0.02}}))
        rows = rows_of(2000, 10) + rows_of(2050, 11, hard=1.0)
        for i, row in enumerate(rows):
            row["true"] = row["true"] if i % 3 else None
        live = self.write("live.csv", rows, "x", "y", "p", "said", "true")
        command = ["check", "--baseline", baseline, "--policy", policy, live, "--labelled", self.labelled, *MODEL,
                   "--label", "true"]
        windows = self.json(run(*command, "--window", 2000, "--format", "json"), FAILED)["windows"]
        self.assertEqual([w["performance"]["decision"] for w in windows], ["pass", "alarm"])
        # The rest of fifty rows is judged with the window before it.
        self.assertEqual([w["performance"]["estimated"]["rows"] for w in windows], [2000, 2050])
        known = [r for r in rows[2000:] if r["true"] is not None]
        found = windows[1]["performance"]
        self.assertEqual(found["realised"]["rows"], len(known))
        self.assertAlmostEqual(found["realised"]["accuracy"]["value"],
                               sum(r["said"] == r["true"] for r in known) / len(known), places=12)
        self.assertEqual(found["ranking"][0]["feature"], "x")
        self.expect(run(*command, "--format", "table"), FAILED, "realised accuracy", "its drift changes the accuracy")
        # Labels have not come at all: the estimate alone.
        blind = self.write("blind.csv", rows, "x", "y", "p", "said")
        command[5] = blind
        found = self.json(run(*command, "--format", "json"), FAILED)["windows"][0]["performance"]
        self.assertNotIn("realised", found)
        self.assertEqual(found["by_labels"], False)
        self.expect(run(*command[:8]), INPUT_ERROR, "--scores")


if __name__ == "__main__":
    TOOL = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
