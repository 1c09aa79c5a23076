# SPDX-License-Identifier: Apache-2.0
"""Writes the shap package's Kernel SHAP of linear softmax models, all coalitions asked: `python kernel_shap_oracle.py
data`."""
import json
import pathlib
import sys

import numpy as np
import shap

generator = np.random.default_rng(20261127)
cases = []
for features, classes, rows in [(3, 2, 1), (6, 3, 5), (10, 4, 8)]:
    weights = np.float32(generator.normal(size=(classes, features)))
    background = np.float32(generator.normal(size=(rows, features)))
    row = np.float32(generator.normal(size=features))
    label = classes - 1

    def predict(x):
        logits = np.float64(x) @ np.float64(weights).T
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (e / e.sum(axis=1, keepdims=True))[:, label]

    explainer = shap.KernelExplainer(predict, np.float64(background))
    values = explainer.shap_values(np.float64(row), nsamples=2 ** features, l1_reg=0, silent=True)
    cases.append({"weights": weights.astype(float).tolist(), "background": background.astype(float).ravel().tolist(),
                  "row": row.astype(float).tolist(), "label": label, "shap_values": np.ravel(values).tolist()})

document = {"versions": {"numpy": np.__version__, "shap": shap.__version__}, "cases": cases}
path = pathlib.Path(sys.argv[1]) / "kernel_shap.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
