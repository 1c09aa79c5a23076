# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of tests on sketches with SciPy: `python sketch_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
from scipy import stats

folder = pathlib.Path(sys.argv[1])
generator = np.random.default_rng(20240611)
rows = []
for n, m, shift, digits in [(40, 60, 0.0, 6), (100, 50, 0.5, 6), (120, 120, 0.2, 1), (80, 150, 1.0, 0)]:
    reference = np.round(generator.normal(size=n), digits) + 0.0
    live = np.round(generator.normal(size=m) + shift, digits) + 0.0
    result = stats.ks_2samp(reference, live, method="asymp")
    rows.append({"reference": reference.tolist(), "live": live.tolist(), "d": float(result.statistic),
                 "p_asymptotic": float(result.pvalue)})
content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__}, "ks": rows}
(folder / "sketch.json").write_text(json.dumps(content) + "\n")
