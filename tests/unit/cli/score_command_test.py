#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`vedette score` from end to end: fit, calibrate, run, and in a baseline that `vedette check` judges by.

usage: score_command_test.py VEDETTE-BINARY SOURCE-DIR
"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = ""
PASS, FAILED, INPUT_ERROR, NOT_ENOUGH = 0, 1, 2, 3


def run(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, check=False, timeout=120, text=True)


def table(count, seed, far=0):
    """Two correlated columns and a class; the last `far` rows break the correlation."""
    draw = random.Random(seed)
    lines = ["a,b,class"]
    for i in range(count):
        x = draw.gauss(0.0, 1.0)
        y = x + 0.1 * draw.gauss(0.0, 1.0)
        if i >= count - far:
            x, y = 2.0, -2.0
        lines.append(f"{x!r},{y!r},{i % 2}")
    return "\n".join(lines) + "\n"


class Score(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def fit(self, kind, name, *more, calibration=999):
        reference, benign = self.write("reference.csv", table(800, 1)), self.write("benign.csv",
                                                                                  table(calibration, 2))
        output = self.folder / name
        done = run("score", "fit", reference, "--kind", kind, "--calibrate", benign, "-o", output, *more)
        self.assertEqual(done.returncode, PASS, done.stderr)
        return output

    def test_list(self):
        done = run("score", "list")
        self.assertEqual(done.returncode, PASS)
        for word in ("mahalanobis", "ecod", "energy", "embedding", '"rank":0'):
            self.assertIn(word, done.stdout)

    def test_fit_and_run(self):
        score = self.fit("mahalanobis", "m.score", "--label", "class", "--options", "rank=2")
        live = self.write("live.csv", table(500, 3, far=20))
        out = self.folder / "rows.csv"
        done = run("score", "run", score, live, "--ignore", "class", "-o", out)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        lines = out.read_text().splitlines()
        self.assertEqual(lines[0], "row,score,p_value,adjusted_p_value,found")
        self.assertEqual(len(lines), 501)
        found = [line.split(",")[0] for line in lines[1:] if line.endswith(",1")]
        self.assertTrue(set(map(str, range(481, 501))) <= set(found))
        self.assertLess(len(found), 30)
        done = run("score", "run", score, live, "--ignore", "class", "--format", "json")
        told = json.loads(done.stdout)
        self.assertEqual((told["rows"], told["found"], told["kind"]), (500, len(found), "mahalanobis"))
        benign = self.write("live.csv", table(300, 4))
        self.assertEqual(run("score", "run", score, benign, "--ignore", "class").returncode, PASS)

    def test_groups_and_npy(self):
        score = self.fit("ecod", "g.score", "--group", "class", "--guarantee", "conditional_simes")
        live = self.write("live.csv", table(200, 5))
        self.assertEqual(run("score", "run", score, live, "--group", "class").returncode, PASS)
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (50, 2), }"
        header += " " * (63 - (len(header) + 10) % 64) + "\n"
        values = [value for i in range(50) for value in (0.01 * i, 0.01 * i)]
        npy = self.write("live.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                         struct.pack("<100f", *values))
        self.assertEqual(run("score", "run", score, npy).returncode, PASS)

    def npy(self, name, rows):
        shape = f"({len(rows)}, {len(rows[0])})" if isinstance(rows[0], list) else f"({len(rows)},)"
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
        header += " " * (63 - (len(header) + 10) % 64) + "\n"
        flat = [x for row in rows for x in (row if isinstance(row, list) else [row])]
        return self.write(name, b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() +
                          struct.pack(f"<{len(flat)}f", *flat))

    def test_the_last_layer(self):
        weights, bias = self.npy("w.npy", [[1.0, 0.0], [0.0, 1.0]]), self.npy("b.npy", [0.5, -0.5])
        for kind in ("fdbd", "nci", "react", "ash_s", "scale"):
            score = self.fit(kind, f"{kind}.score", "--label", "class", "--head-weights", weights, "--head-bias", bias)
            live = self.write("live.csv", table(50, 3))
            done = run("score", "run", score, live, "--ignore", "class", "--format", "json")
            self.assertIn(done.returncode, (PASS, FAILED), done.stderr)
            self.assertEqual(json.loads(done.stdout)["not_evaluated"], 0)
        reference, output = self.folder / "reference.csv", self.folder / "x"
        for more, words in ((("--head-weights", weights), "bias"), ((), "weights"),
                            (("--head-weights", self.npy("v.npy", [[1.0], [2.0]]), "--head-bias", bias), "")):
            done = run("score", "fit", reference, "--kind", "fdbd", "--label", "class", *more, "-o", output)
            self.assertNotEqual(done.returncode, PASS)
            self.assertIn(words, done.stderr)

    def predictions(self, questions):
        """A model of two columns, over what the tool asks: logistic in their difference."""
        data = questions.read_bytes()
        start = 10 + struct.unpack("<H", data[8:10])[0]
        x = struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])
        rows = []
        for i in range(0, len(x), 2):
            p = 1.0 / (1.0 + 2.718281828 ** (-4.0 * (x[i] + x[i + 1])))
            rows.append([1.0 - p, p])
        return rows

    def test_asking_the_model(self):
        benign = self.write("benign.csv", table(200, 2))
        plain, score = self.folder / "plain.score", self.folder / "asking.score"
        kind = ("--kind", "noise_stability", "--options", "width=2,standard_deviation=0.3,copies=4")
        self.assertEqual(run("score", "fit", *kind, "-o", plain).returncode, PASS)
        questions = self.folder / "q.npy"
        done = run("score", "queries", plain, benign, "--ignore", "class", "-o", questions)
        self.assertEqual(done.returncode, PASS, done.stderr)
        answers = self.npy("answers.npy", self.predictions(questions))
        done = run("score", "fit", *kind, "--ignore", "class", "--calibrate", benign, "--predictions", answers, "-o",
                   score)
        self.assertEqual(done.returncode, PASS, done.stderr)
        self.assertIn("calibrated by 200", done.stdout)
        # A row at the boundary is the strangest; one with a gap is asked nothing.
        live = self.write("live.csv", "a,b\n3,3\n0,0\n,1\n-3,-3\n")
        self.assertEqual(run("score", "queries", score, live, "-o", questions).returncode, PASS)
        told = self.predictions(questions)
        self.assertEqual(len(told), 3 * 5)
        out = self.folder / "out.csv"
        done = run("score", "run", score, live, "--predictions", self.npy("p.npy", told), "-o", out)
        self.assertIn(done.returncode, (FAILED, NOT_ENOUGH), done.stderr)
        values = [line.split(",")[1] for line in out.read_text().splitlines()[1:]]
        self.assertEqual(values[2], "")
        self.assertGreater(float(values[1]), 10.0 * max(float(values[0]), float(values[3])))
        expected = sum(2.0 * abs(p[1] - told[5][1]) for p in told[6:10]) / 4.0
        self.assertAlmostEqual(float(values[1]), expected, places=5)
        for arguments, words in (
                (("score", "run", score, live), "--predictions"),
                (("score", "run", score, live, "--predictions", answers), "1000 predictions"),
                (("score", "run", score, live, "--predictions", self.npy("p.npy", [[2.0, 3.0]] * 15)), "--logits"),
                (("score", "queries", self.fit("ecod", "t.score", "--ignore", "class"), live, "-o", questions),
                 "does not ask")):
            done = run(*arguments)
            self.assertEqual(done.returncode, INPUT_ERROR, (arguments, done.stdout, done.stderr))
            self.assertIn(words, done.stderr)

    def test_without_calibration_nothing_is_evaluated(self):
        output = self.folder / "e.score"
        self.assertEqual(run("score", "fit", "--kind", "energy", "-o", output).returncode, PASS)
        live = self.write("logits.csv", "x,y\n1,2\n3,4\n")
        done = run("score", "run", output, live)
        self.assertEqual(done.returncode, NOT_ENOUGH)
        self.assertIn("no calibration", done.stdout)

    def test_in_a_baseline(self):
        score = self.fit("mahalanobis", "m.score", "--ignore", "class")
        tails = self.fit("ecod", "t.score", "--ignore", "class")
        reference = self.write("reference.csv", table(800, 1))
        baseline, scored = self.folder / "b.vedette", self.folder / "s.vedette"
        self.assertEqual(run("baseline", "build", reference, "--ignore", "class", "-o", baseline).returncode, PASS)
        done = run("score", "add", baseline, f"tails={tails}", f"novelty={score}", "-o", scored)
        self.assertEqual(done.returncode, PASS, done.stderr)
        self.assertIn("novelty (mahalanobis)", done.stdout)
        policy = self.write("policy.json", json.dumps({"defaults": {"tolerance": 0.9}, "scores": {
            "tails": {"level": 0.01, "action": "alarm"}}}))
        for far, status, decision in ((0, PASS, "pass"), (100, FAILED, "alarm")):
            # Rows far out on both columns: what the tails see.
            text = table(1000, 6) if far == 0 else table(1000, 6) + "9,9,0\n" * far
            live = self.write("live.csv", text)
            report = self.folder / "report.json"
            done = run("check", live, "--baseline", scored, "--policy", policy, "--format", f"json={report}")
            self.assertEqual(done.returncode, status, done.stderr + done.stdout)
            told = json.loads(report.read_text())["windows"][0]["scores"][0]
            self.assertEqual((told["name"], told["decision"]), ("tails", decision))

    def test_errors(self):
        live = self.write("live.csv", "a,b\n1,x\n")
        score = self.fit("ecod", "t.score", "--ignore", "class")
        for arguments, words in (
                (("score", "fit", live, "--kind", "magic", "-o", self.folder / "x"), "magic"),
                (("score", "fit", "--kind", "ecod", "-o", self.folder / "x"), "ecod"),
                (("score", "run", score, live), "live.csv:2"),
                (("score", "run", live, live), "live.csv"),
                (("score", "add", live, f"a={score}", "-o", self.folder / "x"), "live.csv"),
                (("score", "add", live, "nothing", "-o", self.folder / "x"), "live.csv")):
            done = run(*arguments)
            self.assertEqual(done.returncode, INPUT_ERROR, arguments)
            self.assertIn(words, done.stderr)
        reference, benign = self.write("r.csv", table(100, 1)), self.write("c.csv", table(50, 2))
        done = run("score", "fit", reference, "--kind", "ecod", "--calibrate", benign, "--level", "0.001", "-o",
                   self.folder / "x")
        self.assertEqual(done.returncode, NOT_ENOUGH)
        self.assertIn("999", done.stderr)


if __name__ == "__main__":
    TOOL = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
