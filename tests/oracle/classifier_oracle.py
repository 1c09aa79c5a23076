# SPDX-License-Identifier: Apache-2.0
"""Writes what the classifier two-sample test must say for given folds, from scikit-learn's logistic regression and areas
under the curve: `python classifier_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

generator = np.random.default_rng(20240613)


def fit(rows, labels, c):
    solver = "newton-cholesky" if rows.shape[1] < 30 else "newton-cg"
    return LogisticRegression(C=c, solver=solver, tol=1e-12, max_iter=10000).fit(rows, labels)


def delong(reference, live):
    wins = (live[:, None] > reference[None]) + 0.5 * (live[:, None] == reference[None])
    return wins.mean(1).var(ddof=1) / len(live) + wins.mean(0).var(ddof=1) / len(reference)


def label_variance(reference, live):
    """Of the area when labels are dealt anew, given the ties: that of a mean of midranks drawn without replacement."""
    ranks = stats.rankdata(np.concatenate([reference, live]))
    n, m = len(reference), len(live)
    return ranks.var(ddof=1) * m * n / (n + m) / (n * m) ** 2


def separation(rows, labels, fold, folds, c, digits=9):
    """Models of the folds before each, the areas under their curves, and these together with their variances."""
    models, areas, weights, nulls, placements = [], [], [], [], []
    for k in range(1, folds):
        model = fit(rows[fold < k], labels[fold < k], c)
        # Equal rows get equal scores: rounding, not the last bit of a sum, decides.
        score = np.round(model.decision_function(rows[fold == k]), digits)
        live = labels[fold == k] == 1
        models.append({"coefficients": model.coef_[0].tolist(), "intercept": model.intercept_[0]})
        areas.append(roc_auc_score(live, score))
        count, positive = len(live), live.sum()
        weights.append(np.sqrt((fold < k).sum()) * positive * (count - positive) / (count + 1))
        nulls.append(label_variance(score[~live], score[live]))
        placements.append(delong(score[~live], score[live]) if count < 5000 else np.nan)
    weights = np.array(weights) / np.sum(weights)
    area = float(weights @ areas)
    return {"models": models, "areas": areas, "area": area, "null_variance": float(weights**2 @ nulls),
            "placements": float(weights**2 @ placements),
            "p": float(stats.norm.sf((area - 0.5) / np.sqrt(weights**2 @ nulls)))}


def standardise(rows):
    deviation = rows.std(0)
    return (rows - rows.mean(0)) / np.where(deviation > 0, deviation, 1)


def case(n, m, d, folds, c, shift, digits):
    mix = generator.normal(size=(d, d)) / np.sqrt(d)
    x = np.round(generator.normal(size=(n, d)) @ mix + 3, digits)
    y = np.round(generator.normal(size=(m, d)) @ mix + 3 + shift * (np.arange(d) == 1), digits)
    fold_x, fold_y = (generator.permutation(np.arange(size) % folds) for size in (n, m))
    z, labels = standardise(np.vstack([x, y])), np.repeat([0, 1], [n, m])
    last = fit(z, labels, c)
    score = last.decision_function(z)
    return {"n": n, "m": m, "d": d, "folds": folds, "c": c, "reference": x.ravel().tolist(), "live": y.ravel().tolist(),
            "reference_folds": fold_x.tolist(), "live_folds": fold_y.tolist(),
            **separation(z, labels, np.concatenate([fold_x, fold_y]), folds, c),
            "features": (last.coef_[0] * (z[n:].mean(0) - z[:n].mean(0))).tolist(),
            "rows": ((score[n:] - score[:n].mean()) / m).tolist()}


if __name__ == "__main__":
    rows = [case(30, 20, 3, 5, 1.0, 0.0, 4), case(60, 15, 5, 3, 0.1, 0.8, 0), case(12, 14, 40, 3, 1.0, 1.0, 4),
            case(40, 24, 2, 10, 100.0, 6.0, 4), case(80, 30, 8, 4, 0.01, 0.5, 1)]
    content = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
               "cases": rows}
    (pathlib.Path(sys.argv[1]) / "classifier.json").write_text(json.dumps(content) + "\n")
