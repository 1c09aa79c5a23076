# SPDX-License-Identifier: Apache-2.0
"""Writes the expected scores of LOF (scikit-learn), of LODA on given projections (the paper's formulas in NumPy, t
statistics by SciPy, numbers of bins by the criterion of Birge and Rozenholc), and of half-space trees (river's, tree by
tree, before and after it learns more): `python tabular_scores_oracle.py data`. Needs river."""
import json
import math
import pathlib
import sys

import numpy as np
import river
import scipy
import sklearn
from river.anomaly import HalfSpaceTrees
from scipy.stats import ttest_ind
from sklearn.neighbors import LocalOutlierFactor

generator = np.random.default_rng(20261130)


def floats(values):
    return [float(x) for x in np.ravel(values)]


def float32(values):
    """As doubles that are floats."""
    return np.float64(np.float32(values))


def lof():
    cases = []
    for n, d, k in [(60, 3, 5), (150, 11, 20), (9, 1, 8)]:
        train = float32(generator.normal(size=(n, d)).round(3))
        queries = float32(np.concatenate([generator.normal(size=(8, d)) * 2, train[:4] + 0.001, [[20] * d]]).round(3))
        model = LocalOutlierFactor(n_neighbors=k, novelty=True, algorithm="brute").fit(train)
        cases.append({"n": n, "d": d, "neighbours": k, "train": floats(train), "rows": [floats(q) for q in queries],
                      "scores": floats(-model.score_samples(queries))})
    return cases


def loda():
    n, d, terms, projections = 80, 7, 2, 30
    train = float32(generator.gamma(2.0, size=(n, d)).round(2))
    features = np.array([generator.permutation(d)[:terms] for _ in range(projections)])
    weights = float32(generator.normal(size=(projections, terms)))
    queries = float32(np.concatenate([generator.gamma(2.0, size=(10, d)), [[0] * d, [30] + [2] * (d - 1)]]).round(2))
    case = {"n": n, "d": d, "terms": terms, "weights": floats(weights), "features": [int(j) for j in features.ravel()],
            "means": floats(np.float32(train.mean(0))), "begins": [], "ends": [], "bins": [], "counts": [],
            "rows": [floats(q) for q in queries], "scores": [], "statistics": []}
    surprises = np.zeros((len(queries), projections))
    for k in range(projections):
        values = sum(weights[k, t] * train[:, features[k, t]] for t in range(terms))
        asked = sum(weights[k, t] * queries[:, features[k, t]] for t in range(terms))
        bins = 4 + k % 5
        counts, edges = np.histogram(values, bins=bins)
        case["begins"].append(float(edges[0]))
        case["ends"].append(float(edges[-1]))
        case["bins"].append(bins)
        case["counts"] += [int(c) for c in counts]
        for i, z in enumerate(asked):
            inside = edges[0] <= z <= edges[-1]
            rows = counts[min(np.searchsorted(edges, z, side="right") - 1, bins - 1)] if inside else 0
            surprises[i, k] = -math.log(max(rows, 0.5) / n)
    case["scores"] = floats(surprises.mean(1))
    for each in surprises:
        has = [(features == j).any(1) for j in range(d)]
        case["statistics"].append([float(ttest_ind(each[h], each[~h], equal_var=False).statistic) for h in has])
    return case


def chosen_bins():
    cases = []
    for column in [generator.normal(size=300), generator.uniform(size=200), generator.exponential(size=500),
                   np.concatenate([generator.normal(size=150), 8 + generator.normal(size=150)]),
                   generator.integers(0, 3, 120)]:
        # The projection is the column times a weight of either sign: values on no edge keep their bins.
        column = float32(column.round(4) + 1e-3)
        n = len(column)
        values = []
        for bins in range(1, min(int(n / math.log(n)), 128) + 1):
            counts = np.histogram(column, bins=bins)[0]
            counts = counts[counts > 0]
            values.append((counts * np.log(bins * counts / n)).sum() - (bins - 1 + math.log(bins) ** 2.5))
        cases.append({"column": floats(column), "bins": int(np.argmax(values)) + 1})
    return cases


def half_space_trees():
    d, height, window = 3, 4, 30
    names = [f"x{j}" for j in range(d)]
    model = HalfSpaceTrees(n_trees=6, height=height, window_size=window, seed=7)

    def row(values):
        return dict(zip(names, values))

    def fresh():
        return float32(generator.beta(2, 5, size=d).round(3))

    def heap(tree):
        """Nodes in the order of a heap."""
        level = [tree]
        nodes = []
        while level:
            nodes += level
            level = [c for node in level if hasattr(node, "children") for c in node.children]
        return nodes

    for _ in range(window + 11):
        model.learn_one(row(fresh()))
    trees = [heap(t) for t in model.trees]
    thresholds, features = [], []
    for nodes in trees:
        for node in nodes[:2 ** height - 1]:
            rounded = np.float32(node.threshold)  # the least float at least it: x < threshold means the same
            thresholds.append(float(rounded if rounded >= node.threshold else np.nextafter(rounded, np.float32(2))))
            features.append(names.index(node.feature))
    start = {"masses": [n.r_mass for nodes in trees for n in nodes], "latest": [n.l_mass for nodes in trees for n in nodes]}
    steps = []
    for step in range(60):
        values = fresh() if step % 7 else float32(generator.uniform(-0.5, 1.5, size=d).round(3))
        steps.append({"row": floats(values), "score": float(model.score_one(row(values)))})
        model.learn_one(row(values))
    return {"d": d, "height": height, "window": window, "observed": 11, "trees": 6, "thresholds": thresholds,
            "features": features, **start, "steps": steps}


(pathlib.Path(sys.argv[1]) / "tabular_scores.json").write_text(json.dumps({
    "versions": {"numpy": np.__version__, "river": river.__version__, "scikit-learn": sklearn.__version__,
                 "scipy": scipy.__version__},
    "local_outlier_factor": lof(), "loda": loda(), "chosen_bins": chosen_bins(),
    "half_space_trees": half_space_trees()}) + "\n")
