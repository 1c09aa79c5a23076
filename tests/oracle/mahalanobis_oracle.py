# SPDX-License-Identifier: Apache-2.0
"""Writes the expected Mahalanobis scores, in NumPy as OpenOOD's mds and rmds compute them (maximum-likelihood
covariance, pseudo-inverse), sign turned: `python mahalanobis_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
import sklearn
from sklearn.covariance import EmpiricalCovariance

generator = np.random.default_rng(20261128)


def distances(x, mean, precision):
    return np.einsum("ij,jk,ik->i", x - mean, precision, x - mean)


def precision_of(centred, rank):
    if rank == 0:
        scale = centred.std(0)
        scale[scale == 0] = 1.0
        inner = EmpiricalCovariance(assume_centered=True).fit(centred / scale)
        return scipy.linalg.pinvh(inner.covariance_, rtol=1e-9) / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    kept = vectors[:, -rank:]
    return kept / values[-rank:] @ kept.T


def expected(train, labels, queries, relative, normalise, rank):
    if normalise:
        train = train / np.linalg.norm(train, axis=1, keepdims=True)
        queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    means = np.stack([train[labels == c].mean(0) for c in range(labels.max() + 1)])
    precision = precision_of(train - means[labels], rank)
    score = np.min([distances(queries, mean, precision) for mean in means], axis=0)
    if relative:
        mean = train.mean(0)
        score = score - distances(queries, mean, precision_of(train - mean, rank))
    return score


cases = []
for name, n, d, classes, redundant in [("regular", 60, 5, 3, False), ("one class", 30, 4, 1, False),
                                       ("redundant", 50, 6, 2, True), ("wide", 90, 37, 2, False)]:
    labels = np.arange(n) % classes
    centres = generator.normal(scale=3, size=(classes, d))
    train = (centres[labels] + generator.normal(size=(n, d)) @ generator.normal(size=(d, d)) * 0.7).round(2)
    if redundant:
        train[:, 5] = train[:, 0]
        train[:, 4] = 7.25
    queries = (train[:4] + generator.normal(scale=2, size=(4, d))).round(2)
    if redundant:
        queries[:, 4] += 1.0  # off the plane, where no distance is measured
    for relative in (False, True):
        for normalise in (False, True):
            for rank in (0, 2):
                if redundant and normalise:
                    continue
                score = expected(train.astype(np.float32).astype(float), labels,
                                 queries.astype(np.float32).astype(float), relative, normalise, rank)
                cases.append({"world": name, "relative": relative, "normalise": normalise, "rank": rank,
                              "score": score.tolist()})
    cases[-1]["data"] = {"n": n, "d": d, "classes": classes, "train": train.ravel().tolist(),
                         "queries": queries.ravel().tolist()}

(pathlib.Path(sys.argv[1]) / "mahalanobis.json").write_text(json.dumps(
    {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
     "cases": cases}) + "\n")
