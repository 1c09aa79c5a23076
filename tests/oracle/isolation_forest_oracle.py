# SPDX-License-Identifier: Apache-2.0
"""Writes scikit-learn's isolation forest, tree by tree, with its scores, and scores of large forests by scikit-learn
and, extended, by the paper's algorithm in NumPy: `python isolation_forest_oracle.py data`."""
import json
import math
import pathlib
import sys

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

generator = np.random.default_rng(20261127)
LEAF = 0xFFFF


def round_down(threshold):
    """The greatest float32 at most it: x <= threshold means the same for every float32 x."""
    rounded = np.float32(threshold)
    return float(rounded if rounded <= threshold else np.nextafter(rounded, np.float32(-np.inf)))


def breadth_first(tree):
    waiting, features, thresholds, counts = [0], [], [], []
    for node in waiting:
        counts.append(int(tree.n_node_samples[node]))
        is_leaf = tree.children_left[node] < 0
        features.append(LEAF if is_leaf else int(tree.feature[node]))
        thresholds.append(0.0 if is_leaf else round_down(tree.threshold[node]))
        if not is_leaf:
            waiting += [tree.children_left[node], tree.children_right[node]]
    return features, thresholds, counts


def sample(n, d):
    return np.float32(generator.normal(size=(n, d)) * (1 + np.arange(d)) + generator.exponential(size=(n, 1)))


def mean_depth(count):
    if count < 2:
        return 0.0
    return 1.0 if count == 2 else 2 * (math.log(count - 1) + np.euler_gamma) - 2 * (count - 1) / count


def extended_scores(train, queries, extension, trees, size):
    """Hariri, Carrasco Kind and Brunner 2019, algorithms 2 and 3; every query walks with the rows of the tree."""
    d = train.shape[1]
    depths = np.zeros((trees, len(queries)))

    def walk(rows, asking, depth, tree):
        if len(asking) == 0:
            return
        if depth >= math.ceil(math.log2(size)) or len(rows) <= 1:
            depths[tree, asking] = depth + mean_depth(len(rows))
            return
        normal = generator.normal(size=d)
        normal[generator.permutation(d)[:d - extension - 1]] = 0
        origin = generator.uniform(rows.min(0), rows.max(0))
        left, asked = (rows - origin) @ normal <= 0, (queries[asking] - origin) @ normal <= 0
        walk(rows[left], asking[asked], depth + 1, tree)
        walk(rows[~left], asking[~asked], depth + 1, tree)

    for tree in range(trees):
        walk(train[generator.permutation(len(train))[:size]], np.arange(len(queries)), 0, tree)
    return 2 ** (-depths.mean(0) / mean_depth(size)), depths.std(0, ddof=1)


# The same trees.
train = sample(150, 4)
train[:, 2] = train[:, 2].round()
forest = IsolationForest(n_estimators=20, max_samples=64, random_state=3).fit(train)
features, thresholds, counts, sizes = [], [], [], []
for each in forest.estimators_:
    f, t, c = breadth_first(each.tree_)
    features, thresholds, counts, sizes = features + f, thresholds + t, counts + c, sizes + [len(f)]
queries = np.concatenate([train[:10], sample(10, 4), np.float32([[0] * 4, [50] * 4, [0, -50, 0, 0]])])
same = {"dimension": 4, "sample_size": 64, "features": features, "thresholds": thresholds, "counts": counts,
        "sizes": sizes, "rows": [[float(x) for x in q] for q in queries],
        "scores": [float(s) for s in -forest.score_samples(queries)]}

# Other trees of the same law.
train = np.float32(sample(400, 5).round(4))
queries = np.float32(np.concatenate([sample(12, 5), np.float32([[0] * 5, [20, 0, 0, 0, 0], [0, 0, 0, 0, 30]])]).round(4))
forest = IsolationForest(n_estimators=3000, max_samples=128, random_state=4).fit(train)
laws = [{"extension": 0, "scores": [float(s) for s in -forest.score_samples(queries)]}]
for extension in (1, 4):
    scores, deviation = extended_scores(np.float64(train), np.float64(queries), extension, 3000, 128)
    laws.append({"extension": extension, "scores": [float(s) for s in scores],
                 "deviation": [float(x) for x in deviation]})
law = {"sample_size": 128, "trees": 3000, "d": 5, "train": [float(x) for x in train.ravel()],
       "rows": [[float(x) for x in q] for q in queries], "laws": laws}

(pathlib.Path(sys.argv[1]) / "isolation_forest.json").write_text(
    json.dumps({"versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__}, "same_trees": same,
                "same_law": law}) + "\n")
