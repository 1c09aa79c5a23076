# SPDX-License-Identifier: Apache-2.0
"""Thresholds of randomised response in 60 digits: the least T with (2^64 - T) m / T <= e^epsilon. Needs mpmath."""

import json
import pathlib

import mpmath

mpmath.mp.dps = 60
rows = []
for epsilon in (2.0**-20, 2.0**-21, 0.1, 0.5, 1.0, 2.5, 8.0, 16.0, 32.0):
    for others in (1, 2, 9, 1023, 2**20 - 1):
        weight = others * mpmath.exp(-mpmath.mpf(epsilon))
        threshold = int(mpmath.ceil(mpmath.mpf(2) ** 64 * weight / (1 + weight)))
        rows.append([epsilon, others, threshold])
text = "{\n" + f'"mpmath": "{mpmath.__version__}",\n"lie_thresholds": [\n'
text += ",\n".join(json.dumps(row) for row in rows) + "\n]\n}\n"
path = pathlib.Path(__file__).parent / "data" / "privacy_response.json"
path.write_text(text)
