# SPDX-License-Identifier: Apache-2.0
"""Writes what the drift tests must give for ties, NaN, tiny, huge and empty input: `python parity_oracle.py data`.

SciPy where its definition is the same and its digits suffice, else the definition in whole numbers or mpmath.
"""
import json
import pathlib
import sys
import warnings

import mpmath
import numpy as np
import scipy
from parity_counts import counts
from parity_rows import rows
from parity_samples import samples

warnings.simplefilter("ignore")


def clean(value, path=""):
    """What the oracle cannot say, such as a p-value without degrees of freedom, is null."""
    if isinstance(value, dict):
        return {k: clean(v, f"{path} {value.get('name', '')} {k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v, path) for v in value]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not np.isfinite(value):
        print("not a number:", path)
        return None
    return value


mpmath.mp.dps = 30
content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "mpmath": mpmath.__version__},
           "samples": samples(), "rows": rows(), "counts": counts()}
text = json.dumps(clean(content), allow_nan=False, separators=(",", ":"))
(pathlib.Path(sys.argv[1]) / "parity.json").write_text(text.replace("},{", "},\n{") + "\n")
