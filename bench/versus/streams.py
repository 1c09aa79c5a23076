# SPDX-License-Identifier: Apache-2.0
"""Detection delay at matched run length: how long after a change does a monitor alarm, when every monitor has been made
just as strict that it alarms falsely once in so many values? Any other comparison can be won by alarming often: the
"every k values" contender, which looks at nothing, would win it.

usage: streams.py --data FOLDER --cells FILE [--kernels LIBRARY] [--contenders PART] [--streams PART] [--run-length N] [--quick]
       streams.py --cells FILE --table FILE
What was measured is added to FILE, a line of JSON for each monitor and stream, and not measured again; --table writes it
between the marks of a README.
"""
import argparse
import ctypes
import importlib.util
import json
import math
import pathlib
import sys
import time
import types

import numpy as np

HORIZON = 5        # a run ends, alarm or none, after so many run lengths
REFERENCE = 1000   # values before the stream, for whoever wants them
CHANGES = (200, 1000)  # values before the change
ROUNDS = 14        # of bisection
SUMMARY = ("mean + 0.5 sd, normal", "sd × 1.5, normal", "error rate 0.2 → 0.3")


# ---- streams: laws of independent values before and after, drawn at will ----

class Stream:
    def __init__(self, name, before, after, binary=False):
        self.name, self.before, self.after, self.binary = name, before, after, binary


def drawn_from(values):
    """Independent draws from real values: what was recorded, but without its order in time."""
    return lambda random, size: random.choice(values, size)


def errors_of_a_model(train, before, after):
    """0 and 1: the errors of a logistic regression that was trained on the first of three parts of a stream."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    scaler = StandardScaler().fit(train[:, :-1])
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(train[:, :-1]), train[:, -1])
    return [(model.predict(scaler.transform(part[:, :-1])) != part[:, -1]).astype(float) for part in (before, after)]


def load_streams(data):
    streams = [
        Stream("mean + 0.5 sd, normal", lambda r, n: r.normal(size=n), lambda r, n: r.normal(0.5, 1.0, n)),
        Stream("sd × 1.5, normal", lambda r, n: r.normal(size=n), lambda r, n: r.normal(0.0, 1.5, n)),
        Stream("mean + 0.5 sd, Student t(3)", lambda r, n: r.standard_t(3, n),
               lambda r, n: r.standard_t(3, n) + 0.5 * math.sqrt(3)),
        Stream("error rate 0.2 → 0.3", lambda r, n: (r.random(n) < 0.2).astype(float),
               lambda r, n: (r.random(n) < 0.3).astype(float), binary=True),
    ]
    # The market of Victoria joined in May 1997: its price, a constant until then, says when.
    electricity = np.genfromtxt(data / "elec.csv", delimiter=",", skip_header=1)
    joined = int(np.argmax(electricity[:, 3] != electricity[0, 3]))
    streams.append(Stream("electricity: price", drawn_from(electricity[:joined, 1]),
                          drawn_from(electricity[joined:, 1])))
    streams.append(Stream("electricity: demand", drawn_from(electricity[:joined, 2]),
                          drawn_from(electricity[joined:, 2])))
    # The last column but one is constant before, and no model could learn of it.
    usable = electricity[:, [0, 1, 2, 4, 6]]
    before, after = errors_of_a_model(usable[:joined // 2], usable[joined // 2:joined], usable[joined:])
    streams.append(Stream("electricity: a model's errors", drawn_from(before), drawn_from(after), binary=True))
    # Two of the four wilderness areas, as if the survey had moved on.
    covertype = np.genfromtxt(data / "covtype.csv", delimiter=",", skip_header=1, usecols=(0, 10, 12, 54),
                              max_rows=200_000)
    first, third = covertype[covertype[:, 1] == 1], covertype[covertype[:, 2] == 1]
    streams.append(Stream("covertype: elevation, area 1 → 3", drawn_from(first[:, 0]), drawn_from(third[:, 0])))
    # Fifty years of weather (NOAA), a day a row; the same with columns mixed from row 12,000 on by those who published it
    # so: a change whose moment is known. The first column numbers the rows.
    begun = 12_000
    weather = np.genfromtxt(data / "weather.csv", delimiter=",", skip_header=1)
    streams.append(Stream("weather: wind speed, later years", drawn_from(weather[:begun, 4]),
                          drawn_from(weather[begun:, 4])))
    mixed = np.genfromtxt(data / "rainfall_data.csv", delimiter=",", skip_header=1)[:, 1:]
    before, after = errors_of_a_model(mixed[:begun // 2], mixed[begun // 2:begun], mixed[begun:])
    streams.append(Stream("weather: a model's errors, columns mixed", drawn_from(before), drawn_from(after), binary=True))
    return streams


# ---- contenders: `first_alarm(strictness, reference, values)` gives an index, or the length ----

class Contender:
    """`strictness` is a threshold, or minus the logarithm to base ten of a level; larger is stricter. A contender of one
    strictness, `fixed`, is not matched: it keeps a promise of its own."""
    def __init__(self, name, low, high, first_alarm, binary=None, runs=200, rounds=ROUNDS, fixed=None):
        self.name, self.low, self.high, self.first_alarm = name, low, high, first_alarm
        self.binary, self.runs, self.rounds, self.fixed = binary, runs, rounds, fixed


def level(strictness):
    return 10.0 ** -strictness


def every(strictness, reference, values):
    """Looks at nothing."""
    return min(len(values), int(strictness) - 1)


def ours(kernels, name, low, high, binary=None, label=None, **options):
    function = kernels.versus_first_change
    function.restype = ctypes.c_int64
    function.argtypes = [ctypes.c_char_p, ctypes.c_double, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p,
                         ctypes.c_size_t]

    def first_alarm(strictness, reference, values):
        found = function(name.encode(), strictness, reference.ctypes.data, len(reference), values.ctypes.data,
                         len(values))
        if found < 0:
            raise ValueError(f"{name} refuses {strictness}")
        return found
    return Contender(f"vedette {label or name}", low, high, first_alarm, binary, **options)


def our_contenders(kernels, target):
    promise = -math.log10(0.05)  # of ever a false alarm
    return [ours(kernels, "CUSUM", 0.5, 60), ours(kernels, "EWMA chart", 0.8, 30),
            ours(kernels, "Page-Hinkley", 1, 300), ours(kernels, "ADWIN", 0.05, 15),
            ours(kernels, "KSWIN", 1, 12), ours(kernels, "sliding KS", 0.5, 14),
            ours(kernels, "windowed MMD", target / 8, target * 8, False, runs=100, rounds=7),
            ours(kernels, "e-detector", 20, 20_000),
            ours(kernels, "DDM", 0.5, 10, True), ours(kernels, "EDDM", 1.0005, 20, True),
            ours(kernels, "HDDM-A", 0.05, 12, True), ours(kernels, "HDDM-W", 0.05, 60, True),
            ours(kernels, "STEPD", 0.5, 12, True),
            ours(kernels, "e-process", None, None, label="e-process, level 0.05", fixed=promise),
            ours(kernels, "mean monitor", None, None, True, label="mean monitor, betting, level 0.05", fixed=promise,
                 runs=50),
            ours(kernels, "harm monitor", None, None, True, label="harm monitor, level 0.05", fixed=promise)]


def stepwise(make, update):
    def first_alarm(strictness, reference, values):
        detector = make(strictness)
        for i, x in enumerate(values.tolist()):
            if update(detector, x):
                return i
        return len(values)
    return first_alarm


def river_contenders():
    from river import drift

    def update(detector, x):
        detector.update(x)
        return detector.drift_detected

    def update_errors(detector, x):
        detector.update(x > 0.5)
        return detector.drift_detected
    return [
        Contender("river ADWIN", 0.05, 15, stepwise(lambda s: drift.ADWIN(delta=level(s)), update), runs=60),
        Contender("river PageHinkley", 1, 300, stepwise(lambda s: drift.PageHinkley(threshold=s), update), runs=60),
        Contender("river KSWIN", 1, 12, stepwise(lambda s: drift.KSWIN(alpha=level(s), seed=1), update), None, 6, 6),
        Contender("river DDM", 0.5, 10, stepwise(
            lambda s: drift.binary.DDM(warning_threshold=0.01, drift_threshold=s), update_errors), True, 60),
        Contender("river EDDM", 1.0005, 20, stepwise(
            lambda s: drift.binary.EDDM(alpha=1 / s, beta=1 / s), update_errors), True, 60),
        Contender("river FHDDM", 0.05, 30, stepwise(
            lambda s: drift.binary.FHDDM(confidence_level=level(s)), update_errors), True, 60),
        Contender("river HDDM_A", 0.05, 12, stepwise(
            lambda s: drift.binary.HDDMA(drift_confidence=level(s), warning_confidence=level(s)), update_errors),
            True, 40),
        Contender("river HDDM_W", 0.05, 60, stepwise(
            lambda s: drift.binary.HDDMW(drift_confidence=level(s), warning_confidence=level(s)), update_errors),
            True, 40),
    ]


def frouros_contenders():
    from frouros.detectors import concept_drift as f

    def update(detector, x):
        detector.update(value=x)
        return detector.status["drift"]

    def contender(name, low, high, make, binary=None, runs=30, rounds=10):
        return Contender(f"frouros {name}", low, high, stepwise(make, update), binary, runs, rounds)
    # Not among them: BOCD, whose time and memory grow with the stream.
    return [
        contender("CUSUM", 1, 60, lambda s: f.CUSUM(f.CUSUMConfig(lambda_=s, delta=0.25))),
        contender("PageHinkley", 1, 300, lambda s: f.PageHinkley(f.PageHinkleyConfig(lambda_=s))),
        contender("GeometricMovingAverage", 0.005, 5, lambda s: f.GeometricMovingAverage(
            f.GeometricMovingAverageConfig(lambda_=s))),
        contender("ADWIN", 0.05, 15, lambda s: f.ADWIN(f.ADWINConfig(delta=level(s))), runs=12, rounds=8),
        contender("KSWIN", 1, 12, lambda s: f.KSWIN(f.KSWINConfig(alpha=level(s), seed=1)), runs=6, rounds=6),
        contender("DDM", 0.5, 10, lambda s: f.DDM(f.DDMConfig(warning_level=0.01, drift_level=s)), True),
        contender("RDDM", 0.5, 10, lambda s: f.RDDM(f.RDDMConfig(warning_level=0.01, drift_level=s)), True),
        contender("EDDM", 1.0005, 20, lambda s: f.EDDM(f.EDDMConfig(alpha=1.0001 / s, beta=1 / s)), True),
        contender("ECDDWT", None, None, lambda s: f.ECDDWT(f.ECDDWTConfig(average_run_length=1000)), True),
        contender("HDDM-A", 0.05, 12, lambda s: f.HDDMA(f.HDDMAConfig(alpha_d=level(s), alpha_w=1.001 * level(s))), True),
        contender("HDDM-W", 0.05, 60, lambda s: f.HDDMW(f.HDDMWConfig(alpha_d=level(s), alpha_w=1.001 * level(s))), True),
        contender("STEPD", 0.5, 12, lambda s: f.STEPD(f.STEPDConfig(alpha_d=level(s), alpha_w=1.001 * level(s))), True),
    ]


def alibi_contenders(target):
    # A text library that its detectors of numbers do not use is imported all the same.
    if importlib.util.find_spec("transformers") is None:
        stand_in = types.ModuleType("transformers")
        stand_in.__getattr__ = lambda name: type(name, (), {})
        sys.modules["transformers"] = stand_in
    import alibi_detect.cd as cd
    fitted = {}

    def by_itself(make, shape, binary, name, runs):
        """It sets its own thresholds, by simulation from the reference; a fit serves all streams beside it."""
        def first_alarm(strictness, reference, values):
            key = (name, reference.tobytes())
            if key not in fitted:
                fitted[key] = make(reference)
            detector = fitted[key]
            # Those of windows and those of kernels name it differently.
            (detector.reset_state if hasattr(detector, "reset_state") else detector.reset)()
            for i, x in enumerate(values):
                if detector.predict(shape(x))["data"]["is_drift"]:
                    return i
            return len(values)
        return Contender(f"alibi-detect {name}", None, None, first_alarm, binary, runs)

    def of_windows(detector, **options):
        return lambda reference: detector(reference, ert=target, window_sizes=[50], n_bootstraps=2000, verbose=False,
                                          **options)

    def of_kernels(detector):
        return lambda reference: detector(reference[:, None].astype(np.float32), ert=target, window_size=50,
                                          backend="pytorch", n_bootstraps=2500, verbose=False)
    contenders = [by_itself(of_windows(cd.CVMDriftOnline), lambda x: np.array([x]), False, "CVMDriftOnline", 12),
                  by_itself(lambda reference: of_windows(cd.FETDriftOnline)(reference.astype(int)),
                            lambda x: np.array(int(x)), True, "FETDriftOnline", 20)]
    try:
        import torch
    except ImportError:
        return contenders
    torch.set_num_threads(1)
    kernels = [by_itself(of_kernels(getattr(cd, name)), lambda x: np.array([x], dtype=np.float32), False, name, 12)
               for name in ("MMDDriftOnline", "LSDDDriftOnline")]
    return contenders + kernels


# ---- the measurement ----

class Runs:
    """The same runs for every contender: references, streams without a change, and streams with one."""
    def __init__(self, stream, seed, target, count):
        random = np.random.default_rng(seed)
        horizon = HORIZON * target
        self.references, self.null, self.changed = [], [], {change: [] for change in CHANGES}
        shared = [stream.before(random, REFERENCE) for _ in range(2)]
        for run in range(count):
            reference = shared[run % len(shared)]
            # In units of the reference, as thresholds are; errors stay errors.
            mean, sd = (0.0, 1.0) if stream.binary else (reference.mean(), reference.std())

            def scaled(values):
                return np.ascontiguousarray((values - mean) / sd)
            self.references.append(scaled(reference))
            self.null.append(scaled(stream.before(random, horizon)))
            for change in CHANGES:
                self.changed[change].append(
                    scaled(np.concatenate([stream.before(random, change), stream.after(random, horizon)])))


def run_length(contender, strictness, runs):
    """Values per false alarm and how many of them it was learned from: the estimate for a constant hazard, runs without an
    alarm included."""
    count = min(contender.runs, len(runs.null))
    found = [contender.first_alarm(strictness, runs.references[i], runs.null[i]) for i in range(count)]
    alarms = sum(index < len(values) for index, values in zip(found, runs.null))
    total = sum(min(index + 1, len(values)) for index, values in zip(found, runs.null))
    return total / max(alarms, 1), alarms


def matched_strictness(contender, runs, target):
    low, high = contender.low, contender.high
    for _ in range(contender.rounds):
        middle = math.sqrt(low * high)
        length, alarms = run_length(contender, middle, runs)
        if abs(length - target) <= 0.02 * target:
            return middle
        low, high = (middle, high) if length < target else (low, middle)
    return math.sqrt(low * high)


def delays(contender, strictness, runs, change):
    """Over runs that did not alarm before the change: mean, its standard error, how many."""
    found = []
    for i in range(min(contender.runs, len(runs.null))):
        index = contender.first_alarm(strictness, runs.references[i], runs.changed[change][i])
        if index >= change:
            found.append(index - change + 1)
    if not found:
        return [None, None, 0]
    return [float(np.mean(found)), float(np.std(found) / math.sqrt(len(found))), len(found)]


def measure(arguments):
    target = arguments.run_length
    measured = read_cells(arguments.cells)
    contenders = [Contender("alarm every k values", target / 50, target * 50, every)]
    if arguments.kernels:
        contenders += our_contenders(ctypes.CDLL(arguments.kernels), target)
    for peers in (river_contenders, frouros_contenders, lambda: alibi_contenders(target)):
        if arguments.quick:
            break
        try:
            contenders += peers()
        except ImportError as missing:  # of the environment of another peer
            print(missing, file=sys.stderr)
    contenders = [contender for contender in contenders if arguments.contenders in contender.name]
    for number, stream in enumerate(load_streams(arguments.data)):
        if arguments.streams not in stream.name:
            continue
        runs = Runs(stream, 1000 + number, target, 20 if arguments.quick else 200)
        for contender in contenders:
            if contender.binary not in (None, stream.binary) or (contender.name, stream.name) in measured:
                continue
            started = time.process_time()
            strictness = contender.fixed if contender.low is None else matched_strictness(contender, runs, target)
            length, alarms = run_length(contender, strictness, runs)
            cell = {"contender": contender.name, "stream": stream.name, "strictness": strictness, "target": target,
                    "run_length": length, "alarms": alarms,
                    "delays": {str(change): delays(contender, strictness, runs, change) for change in CHANGES},
                    "seconds": time.process_time() - started}
            with open(arguments.cells, "a") as file:
                file.write(json.dumps(cell) + "\n")
            print(json.dumps(cell), file=sys.stderr, flush=True)


# ---- the table ----

def read_cells(path):
    if not pathlib.Path(path).exists():
        return {}
    cells = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    return {(cell["contender"], cell["stream"]): cell for cell in cells}


def show(cell):
    """Delays of each change, then the run length where it is not the one asked for."""
    if cell is None:
        return ""
    text = " · ".join("–" if delay is None else f"{delay:,.0f} ± {error:,.0f}"
                      for delay, error, kept in (cell["delays"][str(change)] for change in CHANGES))
    length, target = cell["run_length"], cell["target"]
    if 0.7 * target <= length <= 1.4 * target:
        return text
    return f"{text} (at {'>' if cell['alarms'] == 0 else ''}{length:,.0f})"


def rows_of(names, streams, cells, cell_text):
    lines = ["| monitor | " + " | ".join(streams) + " |", "|---|" + "--:|" * len(streams)]
    lines += ["| " + " | ".join([name] + [cell_text(cells.get((name, stream))) for stream in streams]) + " |"
              for name in names]
    return "\n".join(lines) + "\n"


def table(cells):
    names = list(dict.fromkeys(name for name, _ in cells))
    order = ("alarm", "vedette", "river", "frouros", "alibi-detect")
    names.sort(key=lambda name: order.index(name.split()[0]))
    return rows_of(names, list(dict.fromkeys(stream for _, stream in cells)), cells, show)


def summary(cells):
    """Ours, at the first change, on laws."""
    def short(cell):
        if cell is None:
            return ""
        delay, error, _ = cell["delays"][str(CHANGES[0])]
        matched = 0.7 * cell["target"] <= cell["run_length"] <= 1.4 * cell["target"]
        at = "" if matched else f" (at {'>' if cell['alarms'] == 0 else ''}{cell['run_length']:,.0f})"
        return f"{delay:,.0f} ± {error:,.0f}{at}"
    names = [name for name in dict.fromkeys(name for name, _ in cells) if name.startswith("vedette ")]
    names.sort(key=lambda name: [cells[name, stream]["delays"][str(CHANGES[0])][0] if (name, stream) in cells else 1e9
                                 for stream in SUMMARY])
    text = rows_of(names, SUMMARY, cells, short)
    return text.replace("| vedette ", "| ")


def put(path, text):
    """Between the marks of a README, or in a file of its own."""
    begin, end = "<!-- delays -->\n", "<!-- end of delays -->"
    old = path.read_text() if path.exists() else begin + end
    head, rest = old.split(begin)
    path.write_text(head + begin + "\n" + text + "\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernels")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--cells", required=True)
    parser.add_argument("--table", type=pathlib.Path, help="a README with the marks, or a file of its own")
    parser.add_argument("--summary", type=pathlib.Path, help="the same, for a small table of ours")
    parser.add_argument("--run-length", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs, ours alone")
    parser.add_argument("--streams", default="", help="those whose name has this in it")
    parser.add_argument("--contenders", default="", help="the same")
    arguments = parser.parse_args()
    if arguments.data:
        measure(arguments)
    if arguments.table:
        put(arguments.table, table(read_cells(arguments.cells)))
    if arguments.summary:
        put(arguments.summary, summary(read_cells(arguments.cells)))


if __name__ == "__main__":
    main()
