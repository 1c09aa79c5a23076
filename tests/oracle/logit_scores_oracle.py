# SPDX-License-Identifier: Apache-2.0
"""Writes the expected scores of logits, from their definitions at 60 digits: `python logit_scores_oracle.py data`."""
import json
import pathlib
import sys

import mpmath
import numpy as np

mpmath.mp.dps = 60
generator = np.random.default_rng(20261127)


def scores(z, temperature, gamma, largest):
    def softmax(t):
        top = max(z)
        e = [mpmath.exp((mpmath.mpf(x) - top) / t) if x > -np.inf else mpmath.mpf(0) for x in z]
        return [x / sum(e) for x in e]

    t = mpmath.mpf(temperature)
    p, plain = sorted(softmax(t), reverse=True), sorted(softmax(mpmath.mpf(1)), reverse=True)
    log_sum = mpmath.log(sum(mpmath.exp(mpmath.mpf(x) / t) for x in z if x > -np.inf))
    g = mpmath.mpf(gamma)
    return {"max_softmax": 1 - p[0], "max_logit": -mpmath.mpf(max(z)), "energy": -t * log_sum,
            "generalised_entropy": sum(x ** g * (1 - x) ** g for x in plain[:largest] if 0 < x < 1),
            "entropy": -sum(x * mpmath.log(x) for x in p if x > 0), "margin": -(p[0] - (p[1] if len(p) > 1 else 0))}


cases = []


def add(name, z, temperature=1.0, gamma=0.1, largest=100):
    z = [float(x) for x in np.asarray(z, dtype=np.float32)]
    found = {k: float(v) for k, v in scores(z, temperature, gamma, largest).items()}
    cases.append({"name": name, "logits": [x if np.isfinite(x) else "-inf" for x in z], "temperature": temperature,
                  "gamma": gamma, "largest": largest, **found})


def normal(n, scale=1.0):
    return np.round(generator.normal(scale=scale, size=n) * 64) / 64


add("one", [0.3])
add("two", [1.0, -2.0])
add("confident", [60.0, 1.0, 0.0, -3.0])
add("certain", [300.0, 1.0, 0.0])
add("flat", [2.0] * 10)
add("tied for the largest", [3.0, 3.0, 3.0, 1.0, 0.0], largest=2)
add("ties at the edge", [3.0, 1.0, 1.0, 1.0, 0.0, -1.0], largest=3)
add("classes ruled out", [1.0, -np.inf, 0.5, -np.inf], largest=3)
add("huge", [3e38, -3e38, 2.5e38])
add("denormal", [1e-40, -1e-40, 3e-42])
add("normal", normal(64, 2.0))
add("wide", normal(300, 12.0), temperature=2.5, gamma=0.5)
add("cold", normal(70, 1.0), temperature=0.25, gamma=1.0, largest=10)
add("many", normal(1000, 3.0))
add("many, few of them", normal(1000, 1.0), largest=7)

(pathlib.Path(sys.argv[1]) / "logit_scores.json").write_text(json.dumps(
    {"versions": {"mpmath": mpmath.__version__, "numpy": np.__version__}, "cases": cases}) + "\n")
