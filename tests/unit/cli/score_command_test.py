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
SOURCE = pathlib.Path(".")
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

    def test_weights_keep_the_rate_where_the_inputs_have_moved(self):
        """Live x is N(1, 1) where calibration had N(0, 1), and y is as noisy as x is large: the ratio of densities of x is
        exp(x - 1/2), and of y given x 1."""
        draw = random.Random(6)

        def moved(name, count, mean):
            lines = ["a,w"]
            for _ in range(count):
                x = draw.gauss(mean, 1.0)
                lines.append(f"{x + 0.3 * draw.gauss(0, 1)!r},{2.718281828459045 ** (x - 0.5)!r}")
            return self.write(name, "\n".join(lines) + "\n")

        reference, benign, live = moved("r.csv", 500, 0.0), moved("b.csv", 4000, 0.0), moved("l.csv", 4000, 1.0)
        fit = lambda *more: run("score", "fit", reference, "--kind", "mahalanobis", "--columns", "a", "--calibrate", benign,
                                "-o", self.folder / "weighted", *more)
        rates = {}
        for weight in ((), ("--weight", "w")):
            self.assertEqual(fit(*weight).returncode, PASS)
            done = run("score", "run", self.folder / "weighted", live, "--columns", "a", "--format", "json", *weight)
            self.assertIn(done.returncode, (PASS, FAILED), done.stderr)
            p = json.loads(done.stdout)["p_values"]
            rates[bool(weight)] = sum(x <= 0.1 for x in p) / len(p)
        # Of 4000 rows; the effective calibration rows are (sum w)^2 / sum w^2 = 4000/e, so a standard deviation of the
        # rate is sqrt(0.09/4000 + 0.09/1470) = 0.0092: four of them.
        self.assertLess(abs(rates[True] - 0.1), 0.037, rates)
        self.assertGreater(rates[False], 0.2, rates)
        wrong = run("score", "run", self.folder / "weighted", live, "--columns", "a")
        self.assertEqual(wrong.returncode, INPUT_ERROR)
        self.assertIn("--weight", wrong.stderr)
        self.assertEqual(fit("--weight", "nothing").returncode, INPUT_ERROR)
        self.assertEqual(fit("--weight", "w", "--group", "w").returncode, INPUT_ERROR)

    def requests(self, name, count, seed, thieves=0, boundary=0, retries=False):
        """Benign requests of many accounts, with `retries` one in twenty twice; `boundary` of one that asks around a row, and
        `thieves` accounts that share rows of another law among them, fewer each than the window's first look takes."""
        draw = random.Random(seed)
        lines = ["who,when,a,b,c"]
        add = lambda who, row: lines.append(f"{who},{len(lines)}," + ",".join(f"{x!r}" for x in row))
        seeds = [[1.5 + 0.4 * draw.gauss(0, 1) for _ in range(3)] for _ in range(10)]
        prober = [draw.gauss(0, 1) for _ in range(3)]
        for i in range(count):
            row = [draw.gauss(0, 1) for _ in range(3)]
            for _ in range(2 if retries and i % 20 == 0 else 1):
                add(f"user {i % 50}", row)
            if i < boundary:
                add("prober", [x + 0.0005 * draw.gauss(0, 1) for x in prober])
            if thieves and i < thieves * 15:
                add(f"thief {i % thieves}", [x + draw.choice((-0.002, 0.002)) for x in draw.choice(seeds)])
        return self.write(name, "\n".join(lines) + "\n")

    def memory(self, *more):
        output = self.folder / "memory"
        done = run("score", "memory", self.requests("benign.csv", 8000, 1), "--account", "who", "--time", "when",
                   "--expected-run", 20000, "--mmd-features", 32, "--steps", 0.01, "-o", output, *more)
        self.assertEqual(done.returncode, PASS, done.stderr)
        self.assertIn("3 columns", done.stdout)
        self.assertEqual(output.stat().st_mode & 0o077, 0)
        return output

    def watch(self, memory, live, *more):
        return run("score", "watch", memory, live, "--account", "who", "--time", "when", "--format", "json", *more)

    def test_memory_finds_probing_and_a_group_of_thieves_and_no_benign_account(self):
        memory = self.memory()
        quiet = self.watch(memory, self.requests("quiet.csv", 2000, 2))
        self.assertEqual(quiet.returncode, PASS, quiet.stdout + quiet.stderr)
        evidence = self.folder / "evidence.csv"
        done = self.watch(memory, self.requests("live.csv", 2000, 3, thieves=20, boundary=60), "--evidence", evidence)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(said["rows"], 2000 + 60 + 300)
        by_reason = {}
        for each in said["accused"]:
            by_reason.setdefault(each["reason"], set()).add(each["account"])
        self.assertIn("prober", by_reason["query_attack"])
        for accounts in by_reason.values():
            self.assertFalse([name for name in accounts if name.startswith("user")], by_reason)
        self.assertTrue(all(name.startswith("thief") for name in by_reason["group_unlike_benign"]))
        self.assertFalse([name for name in by_reason.get("unlike_benign", ()) if name.startswith("thief")])
        self.assertTrue(any(sum(name.startswith("thief") for name in group["accounts"]) > 10
                            for group in said["groups"]))
        lines = evidence.read_text().splitlines()
        self.assertEqual(len(lines), 1 + said["rows"])
        self.assertTrue(any(line.endswith(",1") and ",prober," in line for line in lines))

    def test_an_account_s_own_retries_do_not_keep_others_from_being_linked(self):
        memory = self.folder / "memory"
        done = run("score", "memory", self.requests("benign.csv", 4000, 1, retries=True), "--account", "who", "--time", "when",
                   "--mmd-accounts", 0, "--steps", 0.000001, "--window", 1, "-o", memory)
        self.assertEqual(done.returncode, PASS, done.stderr)
        # Benign rows share one column of three at most, thieves two: a retry, which shares all, must not raise the limit.
        live = self.requests("live.csv", 400, 3).read_text()
        live += "".join(f"thief {i % 5},{1000 + i},0.25,0.75,{i}\n" for i in range(60))
        said = json.loads(self.watch(memory, self.write("live.csv", live)).stdout)
        self.assertEqual([sorted(group["accounts"]) for group in said["groups"]], [[f"thief {i}" for i in range(5)]])

    def rows(self, name, count, seed, mean=lambda i: 0.0):
        draw = random.Random(seed)
        lines = [f"user {i % 20},{i}," + ",".join(repr(draw.gauss(mean(i), 1)) for _ in range(3)) for i in range(count)]
        return self.write(name, "\n".join(["who,when,a,b,c", *lines]) + "\n")

    def test_p_values_hold_however_long_a_memory_is_in_service(self):
        # A store that went on filling after its calibration would find more and more benign inputs alike.
        memory, evidence = self.folder / "memory", self.folder / "evidence.csv"
        done = run("score", "memory", self.rows("benign.csv", 2000, 6), "--account", "who", "--time", "when", "--steps",
                   0.1, "--mmd-accounts", 0, "-o", memory)
        self.assertEqual(done.returncode, PASS, done.stderr)
        self.assertIn("1,000 benign requests remembered", done.stdout)
        watched = run("score", "watch", memory, self.rows("live.csv", 12000, 7), "--account", "who", "--time", "when",
                      "--evidence", evidence)
        self.assertEqual(watched.returncode, PASS, watched.stdout)
        last = [line.split(",")[3] for line in evidence.read_text().splitlines()[-4000:]]
        # Of 4000 at most 400 expected, and four standard deviations.
        self.assertLess(sum(float(p) <= 0.1 for p in last), 476)
        self.assertIn("at most", watched.stdout)  # counters of pairs may say too much, never too little

    def test_the_benign_law_is_that_of_all_benign_traffic(self):
        # A third of the traffic, its last, has another mean; requests of both kinds are benign.
        memory = self.folder / "memory"
        benign = self.rows("benign.csv", 15000, 8, lambda i: 0.0 if i < 10000 else 3.0)
        done = run("score", "memory", benign, "--account", "who", "--time", "when", "--mmd-window", 50,
                   "--mmd-features", 16, "--expected-run", 10000, "-o", memory)
        self.assertEqual(done.returncode, PASS, done.stderr)
        live = self.rows("live.csv", 2000, 9, lambda i: 3.0 if i * 7 % 3 == 0 else 0.0)
        watched = self.watch(memory, live)
        said = json.loads(watched.stdout)
        self.assertLess(sum(each["reason"] == "unlike_benign" for each in said["accused"]), 5)  # of 20

    def test_a_memory_goes_on_over_runs_and_merges(self):
        memory = self.memory("--mmd-accounts", 0)
        live = self.requests("live.csv", 40, 4, boundary=40).read_text().splitlines()
        half = len(live) // 2
        first = self.write("first.csv", "\n".join(live[:half]) + "\n")
        second = self.write("second.csv", "\n".join([live[0], *live[half:]]) + "\n")
        whole = self.write("whole.csv", "\n".join(live) + "\n")
        resumed, at_once, one, two = (self.folder / name for name in ("resumed", "at_once", "one", "two"))
        self.assertIn(self.watch(memory, first, "-o", one).returncode, (PASS, FAILED))
        self.watch(one, second, "-o", resumed)
        self.watch(memory, whole, "-o", at_once)
        self.assertEqual(resumed.read_bytes(), at_once.read_bytes())
        self.assertNotEqual(one.read_bytes(), memory.read_bytes())
        # Without -o it forgets.
        before = one.read_bytes()
        self.watch(one, second)
        self.assertEqual(one.read_bytes(), before)
        self.watch(memory, second, "-o", two)
        done = run("score", "merge", one, two, "-o", self.folder / "merged")
        self.assertEqual(done.returncode, PASS, done.stderr)
        again = self.watch(self.folder / "merged", second)
        self.assertIn(again.returncode, (PASS, FAILED))

    def test_memory_misuse_is_an_error_that_says_what(self):
        memory = self.memory("--mmd-accounts", 0)
        live = self.requests("live.csv", 20, 4)
        self.assertEqual(run("score", "watch", memory, live, "--account", "nobody").returncode, INPUT_ERROR)
        narrow = self.watch(memory, live, "--columns", "a,b")
        self.assertEqual(narrow.returncode, INPUT_ERROR)
        self.assertIn("made with, in their order: a, b, c", narrow.stderr)
        other_names = self.watch(memory, self.write("p.csv", "who,when,p,q\nx,1,2,3\n"))
        self.assertEqual(other_names.returncode, INPUT_ERROR)
        self.assertIn("the memory takes 3", other_names.stderr)
        self.assertEqual(self.watch(live, live).returncode, INPUT_ERROR)
        empty = self.watch(memory, self.write("empty.csv", "who,when,a,b,c\n"))
        self.assertEqual(empty.returncode, NOT_ENOUGH)
        few = run("score", "memory", self.requests("few.csv", 30, 5), "--account", "who", "-o", self.folder / "x",
                  "--ignore", "when")
        self.assertEqual(few.returncode, NOT_ENOUGH)
        self.assertIn("window", few.stderr)
        other = self.folder / "other"
        again = run("score", "memory", self.requests("benign2.csv", 8000, 1), "--account", "who", "--time", "when",
                    "--mmd-accounts", 0, "-o", other)
        self.assertEqual(again.returncode, PASS, again.stderr)
        self.assertNotEqual(run("score", "merge", memory, other, "-o", self.folder / "y").returncode, PASS)  # another key

    def test_a_memory_knows_its_columns_tells_what_it_could_not_judge_and_merges_nothing_twice(self):
        memory = self.memory("--mmd-accounts", 0)
        live = self.requests("live.csv", 40, 4, boundary=40)
        moved = [",".join([*line.split(",")[::-1], "0"]) for line in live.read_text().splitlines()]  # c, b, a, when, who
        moved[0] = "c,b,a,when,who,more"
        self.assertEqual(self.watch(memory, live).stdout, self.watch(memory, self.write("m.csv", "\n".join(moved))).stdout)
        gone = self.watch(memory, self.write("gone.csv", "who,when,a,b,d\nx,1,2,3,4\n"))
        self.assertEqual(gone.returncode, INPUT_ERROR)
        self.assertIn("there is no column c", gone.stderr)
        gaps = self.write("gaps.csv", "who,when,a,b,c\nx,1,nan,2,3\ny,2,,1,2\n")
        done = self.watch(memory, gaps)
        self.assertEqual(done.returncode, NOT_ENOUGH)
        self.assertEqual(json.loads(done.stdout)["not_evaluated"], 2)
        text = run("score", "watch", memory, gaps, "--account", "who", "--time", "when")
        self.assertTrue(text.stdout.startswith("not evaluated: 2 requests"), text.stdout)
        one, copy = self.folder / "one", self.folder / "copy"
        self.watch(memory, live, "-o", one)
        copy.write_bytes(one.read_bytes())
        for twice in ((one, one), (one, copy), (memory, one, copy)):
            done = run("score", "merge", *twice, "-o", self.folder / "z")
            self.assertEqual(done.returncode, INPUT_ERROR)
            self.assertIn("twice", done.stderr)
        self.assertFalse((self.folder / "z").exists())
        goes_on = self.watch(one, self.write("m.csv", "\n".join(moved)), "-o", self.folder / "z")
        self.assertIn(goes_on.returncode, (PASS, FAILED))
        self.assertEqual(self.watch(self.folder / "z", live, "--columns", "c,b,a").returncode, INPUT_ERROR)

    def test_a_score_knows_its_columns(self):
        score = self.fit("mahalanobis", "m.score", "--label", "class", "--options", "rank=2")
        live = table(300, 4).splitlines()
        straight = self.write("live.csv", "\n".join(live) + "\n")
        turned = [",".join(["7", *line.split(",")[::-1]]) for line in live]
        turned[0] = "more,class,b,a"
        turned = self.write("turned.csv", "\n".join(turned) + "\n")
        told = [run("score", "run", score, path, "--format", "json").stdout for path in (straight, turned)]
        self.assertEqual(told[0], told[1])
        self.assertEqual(json.loads(told[0])["rows"], 300)
        for columns in ("b,a", "a"):
            done = run("score", "run", score, straight, "--columns", columns)
            self.assertEqual(done.returncode, INPUT_ERROR)
            self.assertIn("in their order: a, b", done.stderr)
        done = run("score", "run", score, self.write("gone.csv", "a,c\n1,2\n"))
        self.assertEqual(done.returncode, INPUT_ERROR)
        self.assertIn("there is no column b", done.stderr)
        # Another file may name them otherwise: by its own order, and those asked for.
        self.assertEqual(run("score", "run", score, self.write("x.csv", "x,y\n1,1\n")).returncode, PASS)
        self.assertEqual(run("score", "run", score, straight, "--columns", "a,b").returncode, PASS)
        # Rows to calibrate with are taken by name, too.
        reference, benign = self.write("r.csv", table(800, 1)), table(999, 2).splitlines()
        back = self.write("t.csv", "\n".join([",".join(line.split(",")[::-1]) for line in benign]) + "\n")
        again = self.folder / "again"
        done = run("score", "fit", reference, "--kind", "mahalanobis", "--label", "class", "--options", "rank=2",
                   "--calibrate", back, "-o", again)
        self.assertEqual(done.returncode, PASS, done.stderr)
        self.assertEqual(again.read_bytes(), score.read_bytes())

    def test_a_map_in_16_bits_finds_the_same(self):
        live = self.write("live.csv", table(300, 4))
        told = []
        for options in ("storage=float32", "storage=int16"):
            score = self.fit("mahalanobis", options[-5:], "--label", "class", "--options", options)
            told.append(json.loads(run("score", "run", score, live, "--format", "json").stdout))
        self.assertEqual(told[0]["rows"], told[1]["rows"])
        self.assertEqual(told[0]["storage_error"], 0.0)
        self.assertTrue(0.0 < told[1]["storage_error"] <= 0.1)
        self.assertLessEqual(abs(told[0]["found"] - told[1]["found"]), 1)
        done = run("score", "fit", live, "--kind", "mahalanobis", "--label", "class", "--options", "storage=int8", "-o",
                   self.folder / "none")
        self.assertEqual(done.returncode, INPUT_ERROR)
        self.assertIn("storage", done.stderr)

    def test_list(self):
        done = run("score", "list")
        self.assertEqual(done.returncode, PASS)
        for word in ("mahalanobis", "ecod", "energy", "embedding", '"rank":0'):
            self.assertIn(word, done.stdout)

    def test_every_kind_is_in_the_readme_s_tables_with_what_it_does_not_see(self):
        listed = [line.split()[0] for line in run("score", "list").stdout.splitlines() if line.startswith("  ")]
        kinds = [word for word in listed if word not in ("kind",)]
        self.assertGreater(len(kinds), 30)
        rows = [line.split("|")[1] for line in (SOURCE / "README.md").read_text().splitlines()
                if line.startswith("| `") and line.count("|") >= 6]
        for kind in kinds:
            self.assertTrue(any(f"`{kind}`" in row for row in rows), f"{kind} has no row in a table of README.md")

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

    def test_what_each_column_adds(self):
        score = self.fit("ecod", "c.score", "--ignore", "class")
        live, out = self.write("live.csv", table(100, 3) + "0,25,0\nnan,1,0\n"), self.folder / "c.csv"
        done = run("score", "run", score, live, "-o", out, "--contributions")
        self.assertIn(done.returncode, (FAILED, NOT_ENOUGH), done.stderr)
        lines = [line.split(",") for line in out.read_text().splitlines()]
        self.assertEqual(lines[0][5:], ["contribution of a", "contribution of b"])
        for line in lines[1:101]:
            self.assertAlmostEqual(float(line[1]), float(line[5]) + float(line[6]), places=9)
        self.assertGreater(float(lines[101][6]), 5 * float(lines[101][5]))
        self.assertEqual(lines[102][5:], ["", ""])
        done = run("score", "run", score, live, "--contributions")
        self.assertEqual(done.returncode, INPUT_ERROR)
        plain = self.fit("mahalanobis", "m.score", "--ignore", "class")
        done = run("score", "run", plain, live, "-o", out, "--contributions")
        self.assertEqual(done.returncode, INPUT_ERROR)
        self.assertIn("does not say", done.stderr)

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
            more = ("--options", "percentile=0.4") if kind in ("ash_s", "scale") else ()
            score = self.fit(kind, f"{kind}.score", "--label", "class", "--head-weights", weights, "--head-bias", bias,
                             *more)
            live = self.write("live.csv", table(50, 3))
            done = run("score", "run", score, live, "--ignore", "class", "--format", "json")
            self.assertIn(done.returncode, (PASS, FAILED, NOT_ENOUGH), done.stderr)
            # Of rows without an activation above 0 the shaped energies cannot tell.
            self.assertLess(json.loads(done.stdout)["not_evaluated"], 30 if kind in ("ash_s", "scale") else 1)
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
        turned = self.folder / "turned.score"
        done = run("score", "fit", reference, "--kind", "ecod", "--columns", "b,a", "--calibrate",
                   self.write("benign2.csv", table(999, 2)), "-o", turned)
        self.assertEqual(done.returncode, PASS, done.stderr)
        done = run("score", "add", baseline, f"turned={turned}", "-o", self.folder / "t.vedette")
        self.assertEqual(done.returncode, INPUT_ERROR)
        self.assertIn("in their order", done.stderr)
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
    TOOL, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
    unittest.main(argv=sys.argv[:1])
