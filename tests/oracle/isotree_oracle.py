# SPDX-License-Identifier: Apache-2.0
"""Writes scores of isotree's forests: `python isotree_oracle.py data`, after isolation_forest_oracle.py. Trees are drawn by
each package's own generator, so laws are compared: of single features score by score, of two at a time (where isotree
draws thresholds on the projection, and the paper a point in the box of the rows) by what they find."""
import importlib.metadata
import json
import pathlib
import sys

import isotree
import numpy as np

folder = pathlib.Path(sys.argv[1])
law = json.loads((folder / "isolation_forest.json").read_text())["same_law"]
train = np.array(law["train"], np.float64).reshape(-1, law["d"])
rows = np.array(law["rows"], np.float64)


def forest(data, ndim, trees):
    return isotree.IsolationForest(ntrees=trees, sample_size=law["sample_size"], ndim=ndim, missing_action="fail",
                                   max_depth=int(np.ceil(np.log2(law["sample_size"]))), coefs="normal",
                                   standardize_data=False, random_seed=7, nthreads=1).fit(data)


# Two bands of benign rows, as in Hariri et al. (2019), whose strange ones are common in each feature by itself.
generator = np.random.default_rng(20261128)


def benign(n):
    side = generator.integers(0, 2, (n, 1))
    along = generator.normal(size=(n, 1))
    return np.float32((np.hstack([along, np.where(side, along, -along), along]) * 3
                       + generator.normal(size=(n, 3)) * 0.3).round(3))


known, usual = benign(400), benign(100)
strange = np.float32((generator.normal(size=(100, 3)) * 3).round(3))
auroc = lambda a, b: float(np.mean((b[:, None] > a[None, :]) + 0.5 * (b[:, None] == a[None, :])))
found = {}
for ndim in (1, 2, 3):
    model = forest(np.float64(known), ndim, 1000)
    found[str(ndim - 1)] = auroc(model.predict(np.float64(usual)), model.predict(np.float64(strange)))

flat = lambda table: [float(x) for x in table.ravel()]
(folder / "isotree.json").write_text(json.dumps({
    "versions": {"isotree": importlib.metadata.version("isotree"), "numpy": np.__version__},
    "scores": flat(forest(train, 1, law["trees"]).predict(rows)),
    "detection": {"d": 3, "sample_size": law["sample_size"], "trees": 1000, "known": flat(known), "usual": flat(usual),
                  "strange": flat(strange), "auroc": found}}) + "\n")
