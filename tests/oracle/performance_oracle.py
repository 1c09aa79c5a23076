# SPDX-License-Identifier: Apache-2.0
"""Writes what NannyML, scikit-learn and NumPy say of performance without labels: `python performance_oracle.py data`.
Needs nannyml; scores are whole millionths, so that the file holds them exactly."""
import importlib.metadata
import json
import os
import pathlib
import sys

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
import nannyml
import numpy as np
import pandas as pd
from nannyml.calibration import IsotonicCalibrator, needs_calibration
from sklearn.isotonic import IsotonicRegression

METRICS = ["accuracy", "precision", "recall", "specificity", "f1", "roc_auc"]
random = np.random.default_rng(20261126)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def millionths(p):
    return np.clip(np.rint(p * 1e6), 0, 1e6).astype(int)


def answers(data, rows):
    out = []
    for i in range(rows[0], rows[1]):
        row = data.iloc[i]
        out.append({m: [float(row[(m, k)]) for k in ("value", "sampling_error", "lower_threshold",
                                                    "upper_threshold")] for m in METRICS})
    return out


def binary(n, m, steepness, offset):
    """True log-odds x; the model says steepness * x + offset, so that it is calibrated at (1, 0)."""
    x = random.normal(-0.4, 1.6, n + m)
    x[n:] -= 0.5
    labels = (random.uniform(size=n + m) < sigmoid(x)).astype(int)
    scores = millionths(sigmoid(steepness * x + offset))
    while len(set(scores)) < n + m:  # ties are broken by chance in NannyML: none here
        seen, again = set(), []
        for s in scores:
            while s in seen:
                s += 1
            seen.add(s)
            again.append(s)
        scores = np.array(again)
    predictions = (scores >= 500000).astype(int)
    frame = pd.DataFrame({"p": scores / 1e6, "yhat": predictions, "y": labels})
    cbpe = nannyml.CBPE(y_pred_proba="p", y_pred="yhat", y_true="y", problem_type="classification_binary",
                        metrics=METRICS, chunk_size=n // 8)
    cbpe.fit(frame.iloc[:n].reset_index(drop=True))
    result = cbpe.estimate(frame.iloc[n:].drop(columns="y").reset_index(drop=True)).filter(period="analysis").data
    return {"n": n, "chunk_rows": n // 8, "calibrated": bool(cbpe.needs_calibration), "scores": scores.tolist(),
            "predictions": predictions.tolist(), "labels": labels.tolist(),
            "chunks": answers(result, (0, m // (n // 8)))}


def uncalibrated():
    """A case that NannyML leaves as it is."""
    while True:
        case = binary(320, 160, 1.0, 0.0)
        if not case["calibrated"]:
            return case


def multiclass(n, m, temperature):
    logits = random.normal(size=(n + m, 3)) * 1.5 + np.array([0.5, 0.0, -0.4])
    logits[n:, 2] += 0.6
    true = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (random.uniform(size=(n + m, 1)) > true.cumsum(1)).sum(1)
    said = np.exp(logits * temperature)
    said /= said.sum(1, keepdims=True)
    scores = millionths(said)
    predictions = scores.argmax(1)
    names = ["a", "b", "c"]
    frame = pd.DataFrame({f"p{k}": scores[:, k] / 1e6 for k in range(3)})
    frame["yhat"] = [names[k] for k in predictions]
    frame["y"] = [names[k] for k in labels]
    cbpe = nannyml.CBPE(y_pred_proba={names[k]: f"p{k}" for k in range(3)}, y_pred="yhat", y_true="y",
                        problem_type="classification_multiclass", metrics=METRICS, chunk_size=n // 8)
    cbpe.fit(frame.iloc[:n].reset_index(drop=True))
    result = cbpe.estimate(frame.iloc[n:].drop(columns="y").reset_index(drop=True)).filter(period="analysis").data
    return {"n": n, "chunk_rows": n // 8,
            "calibrated": [isinstance(cbpe._calibrators[k], IsotonicCalibrator) for k in names],
            "scores": scores.ravel().tolist(), "predictions": predictions.tolist(), "labels": labels.tolist(),
            "chunks": answers(result, (0, m // (n // 8)))}


def isotonic(x, y):
    fit = IsotonicRegression(out_of_bounds="clip").fit(x, y)
    at = np.linspace(-0.1, 1.1, 25)
    return {"x": list(map(float, x)), "y": list(map(float, y)), "knots": fit.X_thresholds_.tolist(),
            "values": fit.y_thresholds_.tolist(), "at": at.tolist(), "predicted": fit.predict(at).tolist()}


def calibration_rule(n, steepness):
    """Does NannyML calibrate? Only cases far from the border, where its random splits do not decide."""
    x = random.normal(size=n)
    labels = (random.uniform(size=n) < sigmoid(x)).astype(int)
    p = millionths(sigmoid(steepness * x))
    return {"scores": p.tolist(), "labels": labels.tolist(),
            "needed": bool(needs_calibration(labels, p / 1e6, IsotonicCalibrator()))}


def label_shift(table, live):
    """BBSE (Lipton, Wang and Smola 2018) and its covariance to first order. table[i, j]: predicted i, true j."""
    table, live = np.array(table, float), np.array(live, float)
    n, m = table.sum(), live.sum()
    c, mu = table / n, live / m
    w = np.linalg.solve(c, mu)
    inverse = np.linalg.inv(c)
    cover_w = inverse @ ((np.diag(mu) - np.outer(mu, mu)) / m + (np.diag(c @ w**2) - np.outer(c @ w, c @ w)) / n) @ inverse.T
    columns = table.sum(0)
    a = table / columns
    q = np.linalg.solve(a, mu)
    noise = (np.diag(mu) - np.outer(mu, mu)) / m
    for j in range(len(q)):
        noise += q[j] ** 2 * (np.diag(a[:, j]) - np.outer(a[:, j], a[:, j])) / columns[j]
    back = np.linalg.inv(a)
    return {"table": table.astype(int).ravel().tolist(), "live": live.astype(int).tolist(), "weights": w.tolist(),
            "weight_errors": np.sqrt(np.diag(cover_w)).tolist(), "shares": q.tolist(),
            "share_errors": np.sqrt(np.diag(back @ noise @ back.T)).tolist(),
            "condition": float(np.linalg.cond(a))}


def sequence(x, level, intrinsic):
    """Lower empirical-Bernstein confidence sequence of the running mean: Howard, Ramdas, McAuliffe and Sekhon (2021),
    theorem 4 with the polynomial stitched boundary, eta = 2, s = 1.4, predictions = mean so far (1/2 at first)."""
    from scipy.special import zeta
    eta, s, total, v, out = 2.0, 1.4, 0.0, 0.0, []
    for t, value in enumerate(x):
        v += (value - (0.5 + total) / (t + 1.0)) ** 2
        total += value
        u = max(v, intrinsic)
        ell = s * np.log(np.log(eta * u / intrinsic)) + np.log(zeta(s) / (level * np.log(eta) ** s))
        k1, k2 = (eta**0.25 + eta**-0.25) / np.sqrt(2), (np.sqrt(eta) + 1) / 2 * ell
        width = np.sqrt(k1**2 * u * ell + k2**2) + k2
        out.append(total / (t + 1.0) - width / (t + 1.0))
    return out


n = 300
ties = np.round(random.uniform(size=n) ** 2, 2)
losses = np.round(random.beta(1, 6, 400), 4)
content = {
    "versions": {p: importlib.metadata.version(p) for p in ("nannyml", "scikit-learn", "numpy", "scipy")},
    "metrics": METRICS,
    "binary": [binary(800, 400, 2.2, 0.8), uncalibrated()],
    "multiclass": [multiclass(800, 300, 2.0)],
    "isotonic": [isotonic(ties, (random.uniform(size=n) < ties).astype(int)),
                 isotonic(np.array([0.5, 0.2, 0.2, 0.9]), np.array([1, 1, 0, 0])),
                 isotonic(np.array([0.3, 0.3, 0.3]), np.array([1, 0, 1]))],
    "rule": [calibration_rule(500, 3.0), calibration_rule(700, 1.8), calibration_rule(700, 2.5)],
    "label_shift": [label_shift([[480, 60], [20, 440]], [300, 700]),
                    label_shift([[300, 20, 10], [25, 250, 40], [15, 30, 310]], [500, 120, 380])],
    "sequence": {"level": 0.01, "intrinsic": 10.0, "losses": losses.tolist(),
                 "lower": sequence(losses, 0.01, 10.0)[49::50]},
}
(pathlib.Path(sys.argv[1]) / "performance.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
