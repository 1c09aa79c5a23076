#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`vedette monitor` from end to end: the alarms of a CUSUM written anew here, streams in pieces and by signal, formats,
misuse (standard library only).

usage: monitor_command_test.py VEDETTE-BINARY SOURCE-DIR
"""
import json
import math
import os
import pathlib
import random
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from cli_test import check_openmetrics

TOOL = ""
DATA = pathlib.Path()
PASS, FAILED, INPUT_ERROR, NOT_ENOUGH = 0, 1, 2, 3


def run(*arguments, stdin=None):
    return subprocess.run([TOOL, "monitor", *map(str, arguments)], input=stdin, capture_output=True, check=False,
                          timeout=120)


def cusum_alarms(values, mean, sd, slack, threshold):
    """The positions (from 1) of the alarms of a two-sided tabular CUSUM; None and NaN enter nothing."""
    upper = lower = 0.0
    alarms, restart = [], False
    for position, value in enumerate(values, 1):
        if value is None or not math.isfinite(value):
            continue
        if restart:
            upper = lower = 0.0
        z = (value - mean) / sd
        upper, lower = max(0.0, upper + z - slack), max(0.0, lower - z - slack)
        restart = max(upper, lower) > threshold
        if restart:
            alarms.append(position)
    return alarms


def events(result_or_text, kind="change"):
    text = result_or_text if isinstance(result_or_text, str) else result_or_text.stdout.decode()
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == kind]


def table(columns):
    """A CSV; None is an empty field."""
    lines = [",".join(columns)]
    for row in zip(*columns.values()):
        lines.append(",".join("" if value is None else value if isinstance(value, str) else repr(value) for value in row))
    return "\n".join(lines) + "\n"


class Monitor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        draw = random.Random(5)
        # Powers of two, so that this file's arithmetic and the library's round alike.
        cls.a = [draw.randint(-64, 64) / 32 + (1.0 if i >= 2000 else 0.0) for i in range(3000)]
        cls.b = [None if i % 50 == 7 else draw.randint(0, 256) / 64 for i in range(3000)]
        cls.b[100], cls.b[101] = math.nan, math.inf
        cls.day = [f"day {i // 100}" for i in range(3000)]
        cls.whole = cls.write("whole.csv", table({"a": cls.a, "b, c=d": cls.b, "day": cls.day}).replace("b, c=d", '"b, c=d"'))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def write(cls, name, text):
        path = cls.dir / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def expect(self, result, status, *texts):
        said = (result.stdout + result.stderr).decode()
        self.assertEqual(result.returncode, status, said)
        for text in texts:
            self.assertIn(text, said)
        return result

    def test_alarms_are_those_of_the_definition(self):
        result = self.expect(run(self.whole, "--monitor", "a=cusum:mean=0,sd=2,slack=0.25,threshold=6",
                                 "--monitor", 'b, c=d=cusum:{"mean": 2, "sd": 1, "slack": 0.5, "threshold": 4}',
                                 "--time", "day", "--format", "json"), FAILED)
        told = events(result)
        expected = {"a": cusum_alarms(self.a, 0.0, 2.0, 0.25, 6.0), "b, c=d": cusum_alarms(self.b, 2.0, 1.0, 0.5, 4.0)}
        for column, rows in expected.items():
            self.assertGreater(len(rows), 1)
            self.assertEqual([line["row"] for line in told if line["column"] == column], rows)
        for line in told:
            self.assertEqual(line["time"], self.day[line["row"] - 1])
            self.assertEqual(line["value"], (self.a if line["column"] == "a" else self.b)[line["row"] - 1])
            self.assertGreater(line["statistic"], line["limit"])
            self.assertIsNone(line["p_value"])
        self.assertEqual([line["row"] for line in told], sorted(line["row"] for line in told))
        last = {line["column"]: line for line in events(result, "end")}
        self.assertEqual((last["a"]["accepted"], last["a"]["changes"]), (3000, len(expected["a"])))
        self.assertEqual((last["b, c=d"]["nan"], last["b, c=d"]["infinite"]), (61, 1))
        self.assertEqual(last["a"]["options"]["slack"], 0.25)
        said = self.expect(run(self.whole, "--monitor", "a=cusum:mean=0,sd=2,slack=0.25,threshold=6"), FAILED).stdout
        self.assertEqual(said.decode().count(": cusum: change with the value "), len(expected["a"]))

    def test_a_stream_in_pieces_is_the_stream(self):
        monitors = ["--monitor", "a=cusum:average_run_length=500", "--monitor", "a=incremental_ks:window=50",
                    "--monitor", "b, c=d=adwin:block=3", "--learn", "150", "--format", "json"]
        one, many = self.dir / "one.state", self.dir / "many.state"
        whole = self.expect(run(self.whole, *monitors, "--state", one), FAILED)
        lines = self.whole.read_text().splitlines(keepends=True)
        told, cuts = [], [0, 40, 41, 160, 700, 2100, 3000]  # two of them while it learns
        statuses = []
        for begin, end in zip(cuts, cuts[1:]):
            piece = "".join(lines[:1] + lines[begin + 1:end + 1]).encode()
            result = run("-", *monitors, "--state", many, "--save-every", "50", stdin=piece)
            statuses.append(result.returncode)
            told += events(result)
        self.assertEqual(told, events(whole))
        self.assertEqual(one.read_bytes(), many.read_bytes())
        self.assertEqual(statuses[:2], [NOT_ENOUGH, NOT_ENOUGH])  # what only learns has judged nothing
        self.assertIn(FAILED, statuses)
        # Another question is no continuation.
        self.expect(run(self.whole, *monitors, "--monitor", "a=kswin", "--state", one), INPUT_ERROR, "remove it")
        self.expect(run(self.whole, "--monitor", "a=adwin:delta=0.1", "--state", one), INPUT_ERROR, "remove it")
        broken = bytearray(one.read_bytes())
        broken[len(broken) // 2] ^= 1
        self.expect(run(self.whole, *monitors, "--state", self.write("broken.state", bytes(broken))), INPUT_ERROR,
                    "broken.state", "corrupt_data")

    def test_alarms_come_while_the_stream_lasts_and_a_signal_saves(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            state = self.dir / f"live{number}.state"
            with subprocess.Popen([TOOL, "monitor", "-", "--no-header", "--monitor",
                                   "cusum:mean=0,sd=1,slack=0,threshold=3", "--format", "json", "--state", state],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                process.stdin.write(b"0.5\n1.5\n0.0\n2.0\n")
                process.stdin.flush()
                self.assertTrue(select.select([process.stdout], [], [], 60)[0], "the alarm waits for more input")
                alarm = json.loads(process.stdout.readline())
                self.assertEqual((alarm["event"], alarm["row"], alarm["column"]), ("change", 4, "f0"))
                process.stdin.write(b"1.0\n12")  # the beginning of 123.0
                process.stdin.flush()
                # Wait until it has been read: the pipe is empty, and the tool waits for more.
                while not self.waits(process):
                    pass
                process.send_signal(number)
                rest, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, FAILED, said)
            self.assertIn(b"stopped by a signal after row 5", said)
            self.assertEqual(json.loads(rest)["seen"], 5)  # half a number is none
            result = run("-", "--no-header", "--monitor", "cusum:mean=0,sd=1,slack=0,threshold=3", "--format", "json",
                         "--state", state, stdin=b"1.0\n1.5\n")
            self.assertEqual([line["row"] for line in events(self.expect(result, FAILED))], [7])

    def test_a_signal_before_the_first_row(self):
        """The tool waits for a header that does not come, or for its second row."""
        for given in (b"", b"a,b\n"):
            state = self.dir / "early.state"
            with subprocess.Popen([TOOL, "monitor", "-", "--monitor", "a=adwin", "--state", state], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                process.stdin.write(given)
                process.stdin.flush()
                while not (self.catches(process, signal.SIGTERM) and self.waits(process)):
                    pass
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, NOT_ENOUGH, said)
            self.assertIn(b"stopped by a signal", said)

    def test_two_runs_with_one_state_file_do_not_overwrite_each_other(self):
        state = self.dir / "shared.state"
        command = ["monitor", "-", "--monitor", "a=adwin", "--save-every", "1", "--state", str(state)]
        with subprocess.Popen([TOOL, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdin.write(b"a\n" + b"1.5\n" * 5)
            process.stdin.flush()
            while self.rows_of(state) != 5:
                self.assertIsNone(process.poll())
            self.expect(run(*command[1:], stdin=b"a\n1\n2\n"), PASS)
            saved = state.read_bytes()
            said = process.communicate(b"2.5\n", timeout=60)[1]
        self.assertEqual(process.returncode, INPUT_ERROR, said)
        self.assertIn(b"another process", said)
        self.assertEqual(state.read_bytes(), saved)
        self.assertEqual(self.rows_of(state), 7)

    def test_a_state_that_cannot_be_saved_is_refused_before_the_stream_is_read(self):
        for path, said in ((self.dir / "nowhere" / "s", "there is no folder"), (self.dir, "is a folder")):
            with self.subTest(path=path), subprocess.Popen(
                    [TOOL, "monitor", "-", "--monitor", "a=adwin", "--state", str(path)], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                # Nothing is written and the stream stays open: who reads it first would wait for ever.
                self.assertEqual(process.wait(timeout=60), INPUT_ERROR)
                self.assertIn(said, process.stderr.read().decode())

    def test_of_two_runs_that_save_at_once_one_is_refused(self):
        for i in range(20):
            state = self.dir / f"both{i}"
            runs = [subprocess.Popen([TOOL, "monitor", "-", "--monitor", "a=adwin", "--state", str(state)],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                    for _ in range(2)]
            for each in runs:
                each.stdin.write(b"a\n1\n2\n3\n")
                each.stdin.flush()
            time.sleep(0.05)  # both have looked for the file
            for each in runs:
                each.stdin.close()
            said = sorted(each.wait(timeout=60) for each in runs)
            for each in runs:
                each.stdout.close()
            # One that began late goes on from the other's; no rows are lost.
            passed = said.count(PASS)
            self.assertEqual(said, [PASS] * passed + [INPUT_ERROR] * (2 - passed))
            self.assertEqual(self.rows_of(state), 3 * passed)

    def test_a_state_whose_path_leads_nowhere_is_an_error_of_input(self):
        loop = self.dir / "loop"
        loop.symlink_to(loop.name)
        for path in (loop, self.dir / ("x" * 300)):
            self.expect(run(self.whole, "--monitor", "a=adwin", "--state", path), INPUT_ERROR)

    @staticmethod
    def rows_of(state):
        """How many rows a state file is of; 0 without one. It is whole at every moment."""
        try:
            data = state.read_bytes()
        except FileNotFoundError:
            return 0
        length = struct.unpack("<Q", data[:8])[0]
        return int(json.loads(data[8:8 + length])["__metadata__"]["rows"])

    def test_killed_at_any_moment_it_goes_on_where_it_saved(self):
        draw = random.Random(11)
        late = [i >= 350 for i in range(600)]
        x = [draw.gauss(0, 1) + (2.0 if changed else 0.0) for changed in late]
        e = [float(draw.random() < (0.7 if changed else 0.1)) for changed in late]
        s = [draw.uniform(0.0, 1.0 if changed else 0.4) for changed in late]
        lines = table({"x": x, "y": [draw.gauss(0, 1) for _ in x], "e": e, "s": s}).splitlines(keepends=True)
        # Every kind, those of blocks, and each rule with a state of its own.
        monitors = ["x=adwin:delta=0.05,clock=4", "x=page_hinkley:threshold=8", "x=cusum", "x=ewma_chart",
                    "x=kswin:window=40,recent=15,level=0.01", "x=incremental_ks:window=30", "x=e_process",
                    "y=e_detector:average_run_length=200", "e=ddm", "e=eddm:warm_start=10", "e=stepd", "s=hddm_a",
                    "s=hddm_w", "s=harm_monitor:tolerated=0.25", "s=mean_monitor:most=0.25,rule=betting,cells=32",
                    "e=mean_monitor:most=0.2,rule=proportion", "x=mean_monitor:most=0.5", "y=adwin:block=3",
                    "s=cusum:thin=2", "x,y=mmd_monitor:window=20,expected_run=300,features=8"]
        known = subprocess.run([TOOL, "monitor", "--list"], capture_output=True, check=True).stdout.decode()
        self.assertEqual({line.split(":")[0] for line in known.splitlines()},
                         {monitor.split("=", 1)[1].split(":")[0] for monitor in monitors})
        flags = [word for monitor in monitors for word in ("--monitor", monitor)] + ["--learn", "60", "--format", "json"]
        calm, killed = self.dir / "calm.state", self.dir / "killed.state"
        expected = events(self.expect(run("-", *flags, "--state", calm, stdin="".join(lines).encode()), FAILED))
        kinds = {event["monitor"] for event in expected}
        self.assertGreater(len(kinds), 12, kinds)
        told, kills, row = {}, 0, 0
        while kills < 12 and row < 540:
            goal = row + draw.randint(1, 80)
            with subprocess.Popen([TOOL, "monitor", "-", *flags, "--state", killed, "--save-every", "2"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                # All but the end, so that it never ends by itself.
                process.stdin.write("".join(lines[:1] + lines[row + 1:-1]).encode())
                process.stdin.flush()
                while self.rows_of(killed) < min(goal, 590):
                    self.assertIsNone(process.poll())
                process.kill()  # SIGKILL, wherever it is in reading, telling or saving
                said = process.stdout.read().decode()
                process.wait(timeout=60)
            kills += 1
            row = self.rows_of(killed)
            for line in said.splitlines(keepends=True):
                if not line.endswith("\n"):
                    continue  # half a line
                event = json.loads(line)
                key = event["row"], event["column"], event["monitor"]
                self.assertEqual(told.setdefault(key, event), event)  # told again, it is the same
        self.assertGreater(kills, 5)
        last = run("-", *flags, "--state", killed, stdin="".join(lines[:1] + lines[row + 1:]).encode())
        place = lambda event: (event["row"], event["column"], event["monitor"])
        told.update({place(event): event for event in events(last)})
        self.assertEqual([told[key] for key in sorted(told)], sorted(expected, key=place))
        self.assertEqual(killed.read_bytes(), calm.read_bytes())

    @staticmethod
    def catches(process, number):
        """Whether its handler stands already."""
        for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) >> (number - 1) & 1
        return False

    @staticmethod
    def waits(process):
        if process.poll() is not None:
            raise AssertionError(process.stderr.read())
        unread = bytearray(4)
        import fcntl
        import termios
        fcntl.ioctl(process.stdin.fileno(), termios.FIONREAD, unread)
        status = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return struct.unpack("i", unread)[0] == 0 and status == "S"

    def test_blocks_and_thinning(self):
        monitor = "cusum:mean=0,sd=1,slack=0.25,threshold=2"
        means = [sum(self.a[i:i + 4]) / 4 for i in range(0, 3000, 4)]
        for flags, values, place in ((["--block", "4"], means, lambda k: 4 * k),
                                     (["--thin", "4"], self.a[::4], lambda k: 4 * k - 3)):
            result = self.expect(run(self.whole, "--monitor", "a=" + monitor, *flags, "--format", "json"), FAILED)
            expected = [place(k) for k in cusum_alarms(values, 0.0, 1.0, 0.25, 2.0)]
            self.assertGreater(len(expected), 3)
            self.assertEqual([line["row"] for line in events(result)], expected)
        named = run(self.whole, "--monitor", "a=" + monitor + ",block=4", "--format", "json")
        self.assertEqual(events(named), events(run(self.whole, "--monitor", "a=" + monitor, "--block", "4",
                                                   "--format", "json")))
        self.expect(run(self.whole, "--monitor", "a=adwin", "--thin", "2", "--block", "2"), INPUT_ERROR, "--thin")
        self.expect(run(self.whole, "--monitor", "a=adwin:block=2", "--block", "2"), INPUT_ERROR, "given twice")
        self.expect(run(self.whole, "--monitor", "a=adwin:{}", "--block", "2"), INPUT_ERROR, "in JSON")

    def test_statuses(self):
        quiet = ["--monitor", "a=cusum:mean=0,sd=1,threshold=1e6"]
        self.expect(run(self.whole, *quiet), PASS, "in_control", "3,000 rows")
        self.expect(run(self.write("empty.csv", "a\n"), *quiet), NOT_ENOUGH)
        self.expect(run(self.write("nan.csv", "a\n\nnan\ninf\n"), *quiet), NOT_ENOUGH)
        self.expect(run(self.whole, *quiet, "--monitor", "b, c=d=hddm_a:block=2999"), NOT_ENOUGH)
        self.expect(run(self.whole, "--monitor", "a=e_process", "--learn", "3000"), NOT_ENOUGH)
        self.expect(run(self.whole, "--monitor", "a=e_process", "--learn", "3001"), NOT_ENOUGH, "learning")
        self.expect(run(self.write("same.csv", "a\n" + "1\n" * 30), "--monitor", "a=cusum", "--learn", "20"), NOT_ENOUGH,
                    "all the same")
        # A field that is no number is counted, and said once.
        result = self.expect(run(self.write("text.csv", "a\n1\nn/a\n2\noops\n"), *quiet, "--format", "json"), PASS,
                             'text.csv:3:1: "n/a" is not a number')
        self.assertNotIn(b"oops", result.stderr)
        self.assertEqual(events(result, "end")[0]["nan"], 2)

    def test_a_stream_that_turns_into_what_cannot_be_taken_is_told(self):
        calm = self.a[:400]
        for kind, bad in (("adwin", "nan"), ("cusum:mean=0,sd=1,average_run_length=100000", "inf"), ("adwin", "oops"),
                          ("adwin", "1e120"), ("harm_monitor:tolerated=0.9", "1.5"), ("page_hinkley:block=4", "")):
            values = [abs(value) % 1 for value in calm] if "harm" in kind else calm
            text = "a,b\n" + "".join(f"{value},1\n" for value in values)
            with self.subTest(kind=kind, bad=bad):
                # 31 such rows may be chance; more are no good news, whatever the monitor saw before.
                self.expect(run("-", "--monitor", "a=" + kind, stdin=(text + f"{bad},1\n" * 31).encode()), PASS)
                flood = self.expect(run("-", "--monitor", "a=" + kind, stdin=(text + f"{bad},1\n" * 100).encode()),
                                    NOT_ENOUGH, "up to row 432, 32 in a row could not be taken")
                self.assertEqual(flood.stderr.count(b"in a row"), 1)
                # Told, and over.
                self.expect(run("-", "--monitor", "a=" + kind, stdin=(text + f"{bad},1\n" * 40 + text[4:]).encode()),
                            PASS, "32 in a row")
        # Thinned, of what is kept: not one in ten of a flood that came and went between.
        good = "a\n" + "".join(f"{value}\n" for value in (calm * 3)[:1000])
        flood = self.expect(run("-", "--monitor", "a=adwin", "--thin", "10", stdin=(good + "nan\n" * 1000).encode()),
                            NOT_ENOUGH, "32 in a row could not be taken")
        self.assertEqual(flood.stderr.count(b"in a row"), 1)
        self.expect(run("-", "--monitor", "a=adwin", "--thin", "10", stdin=(good + "nan\n" * 310).encode()), PASS)
        # A beginning without values does not hide that the column falls silent much later.
        late = "a\n" + "nan\n" * 40 + good[2:] * 4 + "nan\n" * 2000
        told = self.expect(run("-", "--monitor", "a=adwin", stdin=late.encode()), NOT_ENOUGH, "up to row 32,")
        self.assertEqual(told.stderr.count(b"in a row"), 2)
        # Where nine of ten are always missing, runs of 32 are nothing new.
        draw = random.Random(3)
        missing = [draw.random() < 0.9 for _ in range(4000)]
        self.assertIn("x" * 32, "".join("x" if each else " " for each in missing))
        sparse = "a,b\n" + "".join(f"{'' if each else i % 3},1\n" for i, each in enumerate(missing))
        self.assertNotIn(b"in a row", self.expect(run("-", "--monitor", "a=adwin", stdin=sparse.encode()), PASS).stderr)

    def test_misuse(self):
        for arguments, said in (
                ((self.whole,), "--monitor"), (("--monitor", "a=adwin"), "data"),
                ((self.whole, "--monitor", "a=adwn"), "there are adwin"),
                ((self.whole, "--monitor", "adwin"), "which of the 3 columns"),
                ((self.whole, "--monitor", "x=adwin"), 'there is no column "x"'),
                ((self.whole, "--monitor", "a=adwin:delta=2"), "delta must lie between 0 and 1"),
                ((self.whole, "--monitor", "a=adwin:dleta=2"), 'no option "dleta"'),
                ((self.whole, "--monitor", "a=adwin", "--monitor", "a=adwin:delta=0.1"), "twice"),
                ((self.whole, "--monitor", "a=cusum"), "--reference FILE or --learn"),
                ((self.whole, "--monitor", "a=cusum:sd=-1", "--learn", "100"), "sd must be"),
                ((self.whole, "--monitor", "a=cusum", "--learn", "9", "--reference", self.whole), "--reference"),
                ((self.whole, "--monitor", "a=e_process", "--reference", self.write("x.csv", "b\n1\n")), "no column"),
                ((self.whole, "--monitor", "a=adwin", "--time", "hour"), "hour"),
                ((self.whole, "--monitor", "a=adwin", "--format", "xml"), "text, json, html and openmetrics"),
                ((self.whole, "--monitor", "a=adwin", "--format", "text", "--format", "json"), "two outputs"),
                ((self.whole, "--monitor", "a=adwin", "--format", f"json={self.whole}/x"), "cannot be written"),
                ((self.dir / "absent.csv", "--monitor", "a=adwin"), "absent.csv"),
                ((self.whole, "--monitor", "a=adwin", "--state", self.dir), "state")):
            with self.subTest(said=said):
                self.expect(run(*arguments), INPUT_ERROR, *([] if said == "state" else [said]))

    def test_formats(self):
        flags = ["--columns", "a", "--monitor", "page_hinkley:threshold=20", "--monitor", "adwin"]
        text = self.expect(run(self.whole, *flags, "--format", "openmetrics"), FAILED).stdout.decode()
        types = check_openmetrics(self, text)
        self.assertEqual(types["vedette_monitor_changes"], "counter")
        lines, metrics = self.dir / "alarms.jsonl", self.dir / "metrics.txt"
        result = self.expect(run(self.whole, *flags, "--format", f"json={lines}", "--format", f"openmetrics={metrics}",
                                 "--format", "text"), FAILED)
        self.assertEqual(metrics.read_text(), text)
        told = events(lines.read_text())
        self.assertEqual(result.stdout.decode().count("change with the value"), len(told))
        counts = {line["monitor"]: line["changes"] for line in events(lines.read_text(), "end")}
        for monitor, count in counts.items():
            self.assertGreater(count, 0)
            self.assertIn(f'vedette_monitor_changes_total{{column="a",monitor="{monitor}"}} {count}\n', text)
        hostile = self.write("hostile.csv", '"a ""b\\\\\nc"\n' + "1\n" * 10)
        check_openmetrics(self, run(hostile, "--monitor", "adwin", "--format", "openmetrics").stdout.decode())
        listed = subprocess.run([TOOL, "monitor", "--list"], capture_output=True, check=True).stdout.decode()
        for line in listed.splitlines():
            kind, options = line.split(":", 1)
            self.assertIsInstance(json.loads(options), dict)
            if kind == "mmd_monitor":
                self.assertEqual(json.loads(options)["expected_run"], 10000)
                options = "window=20,expected_run=200,features=16"  # its defaults are simulated for seconds
            result = run(self.whole, "--monitor", f"a={kind}:{options}", "--learn", "500", "--format", "json")
            self.assertIn(result.returncode, (PASS, FAILED, NOT_ENOUGH), result.stderr)
            self.assertEqual(events(result, "end")[0]["monitor"], kind)

    def test_warnings_are_told_on_demand(self):
        draw = random.Random(9)
        errors = [float(draw.random() < (0.1 if i < 1000 else 0.4)) for i in range(2000)]
        path = self.write("errors.csv", table({"error": errors}))
        self.assertEqual(events(run(path, "--monitor", "ddm", "--format", "json"), "warning"), [])
        told = run(path, "--monitor", "ddm", "--format", "json", "--warnings")
        self.assertEqual(events(told), events(run(path, "--monitor", "ddm", "--format", "json")))
        self.assertLess(events(told, "warning")[0]["row"], events(told)[0]["row"])

    def together(self):
        """Two columns that are as they were, each by itself, but go together from row 500 on."""
        draw = random.Random(3)
        x = [draw.gauss(0, 1) for _ in range(800)]
        y = [draw.gauss(0, 1) if i < 500 else x[i] + 0.1 * draw.gauss(0, 1) for i in range(800)]
        y[10], y[11] = None, "oops"
        return self.write("together.csv", table({"x": x, "time": [f"t{i}" for i in range(800)], "y": y}))

    def test_several_columns_together(self):
        path = self.together()
        options = "window=60,expected_run=4000,features=64,bandwidth=0.5,simulations=2000"
        monitors = ["--monitor", f"y,x=mmd_monitor:{options}", "--monitor", "x=adwin", "--learn", "400", "--format", "json",
                    "--time", "time"]
        one, many = self.dir / "one.rows", self.dir / "many.rows"
        whole = self.expect(run(path, *monitors, "--state", one), FAILED, '"oops" is not a number')
        told = events(whole)
        self.assertEqual({(line["column"], line["monitor"]) for line in told}, {("y,x", "mmd_monitor")})
        self.assertGreater(told[0]["row"], 500)
        self.assertLess(told[0]["row"], 600)
        self.assertEqual(told[0]["time"], f"t{told[0]['row'] - 1}")
        self.assertIsNone(told[0]["value"])
        self.assertGreater(told[0]["statistic"], told[0]["limit"])
        last = events(whole, "end")[0]
        self.assertEqual(last["columns"], ["y", "x"])
        self.assertEqual((last["seen"], last["accepted"], last["nan"]), (398, 398, 0))  # two rows taught nothing
        self.assertEqual(last["changes"], len(told))
        lines = path.read_text().splitlines(keepends=True)
        pieces, cuts = [], [0, 40, 402, 403, 520, 800]
        for begin, end in zip(cuts, cuts[1:]):
            piece = "".join(lines[:1] + lines[begin + 1:end + 1]).encode()
            pieces += events(run("-", *monitors, "--state", many, "--save-every", "30", stdin=piece))
        self.assertEqual(pieces, told)
        self.assertEqual(one.read_bytes(), many.read_bytes())
        # The columns of --columns, or all but the time; a file as the reference; no value to name in a text.
        reference = self.write("taught.csv", "".join(lines[:403]))  # the same 400 rows
        named = ["--monitor", f"mmd_monitor:{options}", "--reference", reference]
        by_file = self.expect(run(path, *named, "--columns", "y,x", "--format", "json"), FAILED)
        self.assertEqual([line["row"] for line in events(by_file)], [line["row"] for line in told])
        self.assertEqual(events(by_file, "end")[0]["nan"], 2)
        text = self.expect(run(path, *named, "--time", "time"), FAILED, "x,y: mmd_monitor: change: statistic").stdout
        metrics = run(path, *named, "--time", "time", "--format", "openmetrics").stdout.decode()
        check_openmetrics(self, metrics)
        self.assertIn('vedette_monitor_changes_total{column="x,y",monitor="mmd_monitor"} ', metrics)
        self.assertIn(b"learning", run(path, *monitors[:2], "--learn", "900").stdout)
        for arguments, said in ((("--monitor", "x,y=mmd_monitor"), "--reference FILE or --learn"),
                                (("--monitor", "x,y=mmd_monitor", "--learn", "5"), "at least 20 rows"),
                                (("--monitor", "x,y=mmd_monitor:windw=5", "--learn", "50"), "no option \"windw\""),
                                (("--monitor", "x,y=mmd_monitor:window=1", "--learn", "50"), "window"),
                                (("--monitor", "x,z=mmd_monitor", "--learn", "50"), 'there is no column "z"'),
                                (("--monitor", "x,x=mmd_monitor", "--learn", "50"), "twice"),
                                (("--monitor", "x,y=mmd_monitor", "--learn", "50", "--block", "3"), "at least 60 rows"),
                                (("--monitor", "x,y=mmd_monitor", "--learn", "50", "--thin", "3"), "at least 60 rows"),
                                (("--monitor", "x,y=mmd_monitor", "--monitor", "x,y=mmd_monitor"), "twice"),
                                ((*monitors, "--state", one, "--monitor", "y=kswin"), "remove it")):
            with self.subTest(said=said, arguments=arguments):
                self.expect(run(path, *arguments), INPUT_ERROR, said)

    def test_a_group_of_features_in_a_policy(self):
        path = self.together()
        lines = path.read_text().replace("oops", "").splitlines(keepends=True)
        reference = self.write("reference.csv", "".join(lines[:401]))
        live = self.write("live.csv", "".join(lines[:1] + lines[401:]))
        group = {"features": ["x", "y"], "monitors": [{"kind": "mmd_monitor", "window": 60, "expected_run": 4000,
                                                       "features": 64, "bandwidth": 0.5, "simulations": 2000}]}
        policy = self.write("policy.json", json.dumps({"groups": {"pair": group}}))
        tool = lambda *arguments: subprocess.run([TOOL, *map(str, arguments)], capture_output=True, check=False)
        baseline = self.dir / "pair.vedette"
        self.expect(tool("baseline", "build", reference, "-o", baseline, "--ignore", "time"), PASS)
        checked = self.expect(tool("check", "--baseline", baseline, live, "--policy", policy, "--group-reference",
                                   reference, "--format", "json"), FAILED)
        stream = json.loads(checked.stdout)["windows"][0]["streams"][0]
        self.assertEqual((stream["group"], stream["monitor"], stream["decision"]), ("pair", "mmd_monitor", "alarm"))
        self.assertGreater(stream["newest_alarms"][0]["position"], 100)
        self.assertEqual(stream["seen"], 400)
        drifted = self.expect(tool("drift", reference, live, "--ignore", "time", "--policy", policy, "--format", "json"),
                              FAILED)
        self.assertEqual(json.loads(drifted.stdout)["windows"][0]["streams"][0]["newest_alarms"],
                         stream["newest_alarms"])
        self.expect(tool("check", "--baseline", baseline, live, "--policy", policy), INPUT_ERROR, "--group-reference")
        del group["features"]
        policy.write_text(json.dumps({"groups": {"pair": group}}))
        self.expect(tool("check", "--baseline", baseline, live, "--policy", policy), INPUT_ERROR, 'embedding "pair"')

    def test_a_page_with_time_lines(self):
        data = self.dir / "jump.csv"
        data.write_text(table({"a<b": [0.0 if row < 300 else 9.0 for row in range(600)]}))
        page = self.dir / "page.html"
        result = run(data, "--monitor", "page_hinkley:threshold=20", "--format", f"html={page}")
        self.assertEqual(result.returncode, FAILED, result.stderr)
        text = page.read_text()
        self.assertIn("a&lt;b", text)
        self.assertIn("<svg", text)
        self.assertEqual(text.count('class="dot alarm"'), 1)

    def test_a_state_behind_a_link_stays_behind_it(self):
        data = self.dir / "data.csv"
        data.write_text(table({"a": [float(row % 7) for row in range(100)]}))
        target, link = self.dir / "target.state", self.dir / "link.state"
        run(data, "--monitor", "adwin", "--state", target)
        link.symlink_to(target)
        self.assertEqual(run(data, "--monitor", "adwin", "--state", link).returncode, PASS)
        self.assertTrue(link.is_symlink())
        self.assertIn(b"200 rows", run("-", "--monitor", "adwin", "--state", target, stdin=b"a\n").stdout)

    def test_evidence_of_columns_together_and_of_shards(self):
        generator = random.Random(7)
        reference = self.dir / "reference.csv"
        reference.write_text(table({name: [generator.gauss(0, 1) for _ in range(800)] for name in "abcd"}))
        other = self.dir / "other_reference.csv"
        other.write_text(table({name: [generator.gauss(0, 1) for _ in range(800)] for name in "abcd"}))

        def stream(name, rows, shifted):
            path = self.dir / name
            path.write_text(table({column: [generator.gauss(1.5 if column == "c" and row >= shifted else 0, 1)
                                            for row in range(rows)] for column in "abcd"}))
            return path

        def watch(data, state, reference=reference, rate="0.1"):
            return run(data, "--monitor", "e_process", "--columns", "a,b,c,d", "--reference", reference,
                       "--false-discovery-rate", rate, "--state", state, "--format", "json")

        first, quiet = stream("first.csv", 600, 300), stream("quiet.csv", 300, 300)
        result = watch(first, self.dir / "first.state")
        self.assertEqual(result.returncode, FAILED, result.stderr)
        self.assertEqual([event["column"] for event in events(result)], ["c"])
        self.assertGreater(events(result)[0]["row"], 300)
        joined = events(result, "joined_evidence")[0]
        self.assertEqual((joined["discovered"], joined["decision"]), (["c"], "alarm"))
        self.assertEqual(joined["threshold"], 4 / 0.1)
        # In pieces: the discovery is told once, and stands in the state.
        again = watch(quiet, self.dir / "first.state")
        self.assertEqual((again.returncode, events(again)), (PASS, []))
        self.assertEqual(events(again, "joined_evidence")[0]["discovered"], ["c"])
        self.assertEqual(watch(quiet, self.dir / "first.state", rate="0.2").returncode, INPUT_ERROR)
        # Shards.
        self.assertEqual(watch(quiet, self.dir / "quiet.state").returncode, PASS)
        merged = run("merge", self.dir / "first.state", self.dir / "quiet.state", "--format", "json")
        self.assertEqual(merged.returncode, FAILED, merged.stderr)
        evidence = json.loads(merged.stdout)["joined_evidence"]
        self.assertEqual((evidence["discovered"], evidence["shards"], evidence["merge"]), (["c"], 2, "average"))
        refused = run("merge", self.dir / "first.state", self.dir / "quiet.state", "--e-values", "product")
        self.assertEqual(refused.returncode, INPUT_ERROR)
        self.assertIn(b"same reference", refused.stderr)
        self.assertEqual(watch(quiet, self.dir / "own.state", other).returncode, PASS)
        product = run("merge", self.dir / "first.state", self.dir / "own.state", "--e-values", "product")
        self.assertEqual(product.returncode, FAILED)
        self.assertIn(b"each with a reference of its own", product.stdout)
        self.assertEqual(run("merge", self.dir / "own.state", self.dir / "own.state").returncode, INPUT_ERROR)
        self.assertEqual(run(quiet, "--monitor", "a=adwin", "--false-discovery-rate", "0.1").returncode, INPUT_ERROR)
        self.assertEqual(run(quiet, "--monitor", "a=e_process:level=0.1", "--reference", reference,
                             "--false-discovery-rate", "0.1").returncode, INPUT_ERROR)
        # Bounds of sums merge, what depends on the order does not.
        for name, share in (("mean one", 0.2), ("mean two", 0.3)):
            data = self.dir / (name + ".csv")
            data.write_text(table({"error": [1 if generator.random() < share else 0 for _ in range(3000)]}))
            run(data, "--monitor", "error=mean_monitor:most=0.5", "--monitor", "error=adwin", "--state",
                self.dir / (name + ".state"))
        merged = run("merge", self.dir / "mean one.state", self.dir / "mean two.state", "--format", "json")
        columns = json.loads(merged.stdout)["columns"]
        self.assertAlmostEqual(columns[0]["estimate"], 0.25, delta=0.03)
        self.assertIn("does not merge", columns[1]["left_out"])

    def test_npy_and_a_reference_file(self):
        values = self.a[:500] + [value + 1.0 for value in self.a[500:1000]]
        header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117) + "\n"
        array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}d", *values)
        path = self.write("values.npy", array)
        reference = self.write("reference.csv", table({"f0": self.a[:500]}))
        result = self.expect(run(path, "--monitor", "cusum:threshold=8", "--reference", reference, "--format", "json"), FAILED)
        self.assertGreaterEqual(events(result)[0]["row"], 500)
        options = events(result, "end")[0]["options"]
        mean = sum(self.a[:500]) / 500
        self.assertAlmostEqual(options["mean"], mean, 12)
        self.assertAlmostEqual(options["sd"], math.sqrt(sum((v - mean) ** 2 for v in self.a[:500]) / 499), 12)


if __name__ == "__main__":
    TOOL = sys.argv[1]
    DATA = pathlib.Path(sys.argv[2]) / "tests" / "data"
    os.environ.pop("NO_COLOR", None)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
