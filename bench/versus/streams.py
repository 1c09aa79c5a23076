# SPDX-License-Identifier: Apache-2.0
"""Detection delay at matched run length: how long after a change does a monitor alarm, when every monitor has been made
just as strict that it alarms falsely once in so many values? Any other comparison can be won by alarming often: the
"every k values" contender, which looks at nothing, would win it.

usage: streams.py --kernels LIBRARY --data FOLDER [--output FILE] [--run-length N] [--quick] [--streams PART] [--contenders PART]
"""
import argparse
import ctypes
import math
import pathlib
import sys
import types

import numpy as np

HORIZON = 5        # a run ends, alarm or none, after so many run lengths
REFERENCE = 1000   # values before the stream, for whoever wants them
BEFORE = 500       # values before the change
ROUNDS = 14        # of bisection


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
    """`strictness` is a threshold, or minus the logarithm to base ten of a level; larger is stricter."""
    def __init__(self, name, low, high, first_alarm, binary=None, runs=200):
        self.name, self.low, self.high, self.first_alarm = name, low, high, first_alarm
        self.binary, self.runs = binary, runs


def level(strictness):
    return 10.0 ** -strictness


def every(strictness, reference, values):
    """Looks at nothing."""
    return min(len(values), int(strictness) - 1)


def ours(kernels, name, low, high, binary=None):
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
    return Contender(f"vedette {name}", low, high, first_alarm, binary)


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
    return [
        Contender("river ADWIN", 0.05, 15, stepwise(lambda s: drift.ADWIN(delta=level(s)), update), runs=60),
        Contender("river PageHinkley", 1, 300, stepwise(lambda s: drift.PageHinkley(threshold=s), update), runs=60),
        Contender("river KSWIN", 1, 12, stepwise(lambda s: drift.KSWIN(alpha=level(s), seed=1), update), runs=8),
        Contender("river DDM", 0.5, 10, stepwise(
            lambda s: drift.binary.DDM(warning_threshold=0.01, drift_threshold=s), update), True, 60),
        Contender("river HDDM_A", 0.05, 12, stepwise(
            lambda s: drift.binary.HDDMA(drift_confidence=level(s), warning_confidence=level(s)), update), True, 40),
    ]


def frouros_contenders():
    from frouros.detectors import concept_drift as f

    def update(detector, x):
        detector.update(value=x)
        return detector.status["drift"]

    def cusum(s):
        return f.CUSUM(f.CUSUMConfig(lambda_=s, delta=0.25))

    def page_hinkley(s):
        return f.PageHinkley(f.PageHinkleyConfig(lambda_=s))

    def hddm(s):
        return f.HDDMA(f.HDDMAConfig(alpha_d=level(s), alpha_w=1.001 * level(s)))
    return [
        Contender("frouros CUSUM", 1, 60, stepwise(cusum, update), runs=40),
        Contender("frouros PageHinkley", 1, 300, stepwise(page_hinkley, update), runs=40),
        Contender("frouros HDDM-A", 0.05, 12, stepwise(hddm, update), True, 40),
    ]


def alibi_contenders(target):
    # A text library that its detectors of numbers do not use is imported all the same.
    stand_in = types.ModuleType("transformers")
    stand_in.__getattr__ = lambda name: type(name, (), {})
    sys.modules.setdefault("transformers", stand_in)
    from alibi_detect.cd import CVMDriftOnline, FETDriftOnline
    fitted = {}

    def first_alarm(kind, window):
        def run(strictness, reference, values):
            key = (kind, reference.tobytes())
            if key not in fitted:
                if kind is CVMDriftOnline:
                    fitted[key] = kind(reference, ert=target, window_sizes=[window], n_bootstraps=2000, verbose=False)
                else:
                    fitted[key] = kind(reference.astype(int), ert=target, window_sizes=[window], n_bootstraps=2000,
                                       verbose=False)
            detector = fitted[key]
            detector.reset()
            for i, x in enumerate(values):
                if detector.predict(np.array([x]) if kind is CVMDriftOnline else np.array(int(x)))["data"]["is_drift"]:
                    return i
            return len(values)
        return run
    # It sets its own thresholds, by simulation from the reference.
    return [Contender("alibi-detect CVMDriftOnline", None, None, first_alarm(CVMDriftOnline, 50), False, 12),
            Contender("alibi-detect FETDriftOnline", None, None, first_alarm(FETDriftOnline, 50), True, 20)]


# ---- the measurement ----

class Runs:
    """The same runs for every contender: references, streams without a change, and streams with one."""
    def __init__(self, stream, seed, target, count):
        random = np.random.default_rng(seed)
        self.binary = stream.binary
        horizon = HORIZON * target
        self.references, self.null, self.changed = [], [], []
        shared = [stream.before(random, REFERENCE) for _ in range(2)]
        for run in range(count):
            reference = shared[run % len(shared)]
            # In units of the reference, as thresholds are; errors stay errors.
            mean, sd = (0.0, 1.0) if stream.binary else (reference.mean(), reference.std())

            def scaled(values):
                return np.ascontiguousarray((values - mean) / sd)
            self.references.append(scaled(reference))
            self.null.append(scaled(stream.before(random, horizon)))
            self.changed.append(scaled(np.concatenate([stream.before(random, BEFORE), stream.after(random, horizon)])))


def run_length(contender, strictness, runs):
    """Values per false alarm: the estimate for a constant hazard, runs without an alarm included."""
    count = min(contender.runs, len(runs.null))
    found = [contender.first_alarm(strictness, runs.references[i], runs.null[i]) for i in range(count)]
    alarms = sum(index < len(values) for index, values in zip(found, runs.null))
    total = sum(min(index + 1, len(values)) for index, values in zip(found, runs.null))
    return total / alarms if alarms else math.inf


def matched_strictness(contender, runs, target):
    low, high = contender.low, contender.high
    for _ in range(ROUNDS):
        middle = math.sqrt(low * high)
        length = run_length(contender, middle, runs)
        if abs(length - target) <= 0.02 * target:
            return middle
        low, high = (middle, high) if length < target else (low, middle)
    return math.sqrt(low * high)


def mean_delay(contender, strictness, runs):
    """Over runs that did not alarm before the change; and the share of them that had found it by one run length."""
    delays = []
    for i in range(min(contender.runs, len(runs.changed))):
        found = contender.first_alarm(strictness, runs.references[i], runs.changed[i])
        if found >= BEFORE:
            delays.append(found - BEFORE + 1)
    return (float(np.mean(delays)), len(delays)) if delays else (math.nan, 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernels", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--output")
    parser.add_argument("--run-length", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs, ours alone")
    parser.add_argument("--peers", action="store_true", help="with --quick: peers too")
    parser.add_argument("--streams", default="", help="those whose name has this in it")
    parser.add_argument("--contenders", default="", help="the same")
    arguments = parser.parse_args()
    target = arguments.run_length
    kernels = ctypes.CDLL(arguments.kernels)
    streams = [(number, stream) for number, stream in enumerate(load_streams(arguments.data))
               if arguments.streams in stream.name]
    contenders = [Contender("alarm every k values", target / 50, target * 50, every),
                  ours(kernels, "CUSUM", 0.5, 60), ours(kernels, "EWMA chart", 0.8, 30),
                  ours(kernels, "Page-Hinkley", 1, 300), ours(kernels, "ADWIN", 0.05, 15),
                  ours(kernels, "KSWIN", 1, 12), ours(kernels, "sliding KS", 0.5, 14),
                  ours(kernels, "e-detector", 20, 20_000),
                  ours(kernels, "DDM", 0.5, 10, True), ours(kernels, "HDDM-A", 0.05, 12, True),
                  ours(kernels, "STEPD", 0.5, 12, True)]
    if arguments.peers or not arguments.quick:
        contenders += river_contenders() + frouros_contenders() + alibi_contenders(target)
    contenders = [contender for contender in contenders if arguments.contenders in contender.name]
    cells = {contender.name: {} for contender in contenders}
    for number, stream in streams:
        runs = Runs(stream, 1000 + number, target, 20 if arguments.quick else 200)
        for contender in contenders:
            if contender.binary is not None and contender.binary != stream.binary:
                continue
            strictness = None if contender.low is None else matched_strictness(contender, runs, target)
            length = run_length(contender, strictness, runs)
            delay, kept = mean_delay(contender, strictness, runs)
            near = 0.7 * target <= length <= 1.4 * target
            text = f"{delay:,.0f}" if near else f"{delay:,.0f} (at {length:,.0f})" if kept else "cannot be matched"
            cells[contender.name][stream.name] = text
            print(f"{stream.name} | {contender.name} | {strictness} | run length {length:.0f} | delay {delay:.1f} "
                  f"of {kept} runs", file=sys.stderr, flush=True)
    lines = [f"Mean number of values from the change to the alarm, {BEFORE} values after the start, every monitor set to "
             f"one false alarm in {target:,} values; in brackets the run length where it could not be set so.", "",
             "| monitor | " + " | ".join(stream.name for _, stream in streams) + " |",
             "|---|" + "--:|" * len(streams)]
    lines += ["| " + " | ".join([name] + [found.get(stream.name, "") for _, stream in streams]) + " |"
              for name, found in cells.items()]
    text = "\n".join(lines) + "\n"
    if arguments.output:
        pathlib.Path(arguments.output).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
