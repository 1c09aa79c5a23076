# SPDX-License-Identifier: Apache-2.0
"""Writes scores of embeddings and a model's last layer, from the papers' formulas in NumPy with double precision, on the
penultimate layer of a small network trained on scikit-learn's digits 0 to 7 (UCI optdigits, CC BY 4.0); digits 8 and 9
are the novelties: `python embedding_scores_oracle.py data`."""
import json
import pathlib
import sys

import numpy as np
import scipy
import sklearn
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_digits
from sklearn.mixture import GaussianMixture
from sklearn.neural_network import MLPClassifier

digits = load_digits()
known = digits.target < 8
model = MLPClassifier((20,), random_state=7, max_iter=120, tol=1e-3).fit(digits.data[known] / 16, digits.target[known])
W = model.coefs_[1].T.round(4).astype(np.float32).astype(float)
b = model.intercepts_[1].round(4).astype(np.float32).astype(float)


def features(images):
    hidden = np.maximum(images / 16 @ model.coefs_[0] + model.intercepts_[0], 0)
    return hidden.round(3).astype(np.float32).astype(float)


order = np.random.default_rng(20261127).permutation(np.flatnonzero(known))
train, labels = features(digits.data[order[:200]]), digits.target[order[:200]]
queries = features(np.concatenate([digits.data[order[200:212]], digits.data[~known][:12]]))


def energy(x):
    return -logsumexp(x @ W.T + b, axis=1)


def residual(x, dimension):
    """Wang et al. 2022, section 4: the part of x - o outside the principal subspace of (X - o)'(X - o)."""
    o = -np.linalg.pinv(W) @ b
    values, vectors = np.linalg.eigh((train - o).T @ (train - o) / len(train))
    rest = vectors[:, :len(values) - dimension]
    return np.linalg.norm((x - o) @ rest, axis=1)


def vim(x, dimension):
    """Wang et al. 2022, equations 3 to 5, before the softmax that keeps the order."""
    alpha = (train @ W.T + b).max(1).mean() / residual(train, dimension).mean()
    return alpha * residual(x, dimension) + energy(x)


def neighbours(x, k):
    """Sun et al. 2022: the distance to the k-th nearest on the sphere."""
    unit = lambda v: v / np.linalg.norm(v, axis=1, keepdims=True)
    distances = np.linalg.norm(unit(x)[:, None] - unit(train)[None], axis=2)
    return np.sort(distances, axis=1)[:, k - 1]


def intrinsic_dimensionality(x, k):
    """Amsaleg et al. 2015, the maximum-likelihood estimator, over the k nearest on the sphere."""
    unit = lambda v: v / np.linalg.norm(v, axis=1, keepdims=True)
    nearest = np.sort(np.linalg.norm(unit(x)[:, None] - unit(train)[None], axis=2), axis=1)[:, :k]
    return -1 / np.mean(np.log(nearest / nearest[:, -1:]), axis=1)


def prototype(x):
    """SHE, Zhang et al. 2023: the inner product with the mean of the predicted class's correctly classified rows."""
    predicted = (train @ W.T + b).argmax(1)
    means = np.stack([train[(labels == c) & (predicted == c)].mean(0) for c in range(len(b))])
    return -np.sum(x * means[(x @ W.T + b).argmax(1)], axis=1)


def fdbd(x):
    """Liu and Qin 2024: mean distance to the decision boundaries over the distance to the mean of training."""
    z = x @ W.T + b
    top = z.argmax(1)
    out = []
    for i, c in enumerate(top):
        others = np.arange(len(b)) != c
        distances = (z[i, c] - z[i, others]) / np.linalg.norm(W[c] - W[others], axis=1)
        out.append(-distances.mean() / np.linalg.norm(x[i] - train.mean(0)))
    return np.array(out)


def nci(x, alpha):
    """Liu and Qin 2025: the projection of the class's weights on x - mean, and the L1 norm of x."""
    centred = x - train.mean(0)
    top = (x @ W.T + b).argmax(1)
    return -(np.sum(W[top] * centred, axis=1) / np.linalg.norm(centred, axis=1) + alpha * np.abs(x).sum(1))


def react(x, percentile):
    """Sun et al. 2021: clipped at a percentile of all activations of training."""
    return energy(np.minimum(x, np.percentile(train, 100 * percentile)))


def shaped(x, kind, percentile):
    """ASH, Djurisic et al. 2023; SCALE, Xu et al. 2024."""
    d = x.shape[1]
    kept_count = d - int(np.round(d * percentile))
    out = np.zeros_like(x)
    for i, row in enumerate(x):
        kept = np.argsort(-row, kind="stable")[:kept_count]
        s1, s2 = row.sum(), row[kept].sum()
        if kind == "scale":
            out[i] = row * np.exp(s1 / s2)
        elif kind == "ash_s":
            out[i, kept] = row[kept] * np.exp(s1 / s2)
        elif kind == "ash_b":
            out[i, kept] = s1 / kept_count
        else:
            out[i, kept] = row[kept]
    return energy(out)


def kl_matching(x):
    """Hendrycks et al. 2022: the least KL divergence from the mean softmax of the rows predicted as each class."""
    p = softmax(train @ W.T + b, axis=1)
    templates = np.stack([p[p.argmax(1) == c].mean(0) for c in range(len(b))])
    q = softmax(x @ W.T + b, axis=1)
    return np.min(np.sum(q[:, None] * (np.log(q[:, None]) - np.log(templates[None])), axis=2), axis=1)


cases = []
for D in (0, 5, 10, 18):
    cases.append({"kind": "residual", "options": {"dimension": D}, "score": residual(queries, D or 10).tolist()})
    cases.append({"kind": "vim", "options": {"dimension": D}, "score": vim(queries, D or 10).tolist()})
for k in (1, 5, 50, 200):
    cases.append({"kind": "nearest_neighbours", "options": {"neighbours": k}, "score": neighbours(queries, k).tolist()})
for k in (5, 20, 200):
    for scan in ("int8", "float32"):
        cases.append({"kind": "local_intrinsic_dimensionality", "options": {"neighbours": k, "scan": scan},
                      "score": intrinsic_dimensionality(queries, k).tolist()})
cases.append({"kind": "class_prototype", "options": {}, "score": prototype(queries).tolist()})
cases.append({"kind": "fdbd", "options": {}, "score": fdbd(queries).tolist()})
for alpha in (0.0, 1e-4, 0.5):
    cases.append({"kind": "nci", "options": {"alpha": alpha}, "score": nci(queries, alpha).tolist()})
for percentile in (0.5, 0.9):
    cases.append({"kind": "react", "options": {"percentile": percentile}, "score": react(queries, percentile).tolist()})
    for kind in ("ash_p", "ash_b", "ash_s", "scale"):
        cases.append({"kind": kind, "options": {"percentile": percentile},
                      "score": shaped(queries, kind, percentile).tolist()})
cases.append({"kind": "kl_matching", "options": {}, "score": kl_matching(queries).tolist()})


def mixture(covariance, components, regularisation):
    """scikit-learn's, from the parameters of a start that puts row i into component label(i) mod components."""
    start = np.eye(components)[labels % components]
    weights = start.mean(0)
    means = start.T @ train / start.sum(0)[:, None]
    covariances = []
    for c in range(components):
        centred = train[start[:, c] == 1] - means[c]
        s = centred.T @ centred / len(centred)
        covariances.append(s + regularisation * np.eye(len(s)) if covariance == "full" else np.diag(s) + regularisation)
    precisions = [np.linalg.inv(s) if covariance == "full" else 1 / s for s in covariances]
    fit = GaussianMixture(components, covariance_type="diag" if covariance == "diagonal" else covariance, tol=1e-3,
                          reg_covar=regularisation, max_iter=100, weights_init=weights, means_init=means,
                          precisions_init=np.stack(precisions)).fit(train)
    assert fit.converged_
    return {"covariance": covariance, "components": components, "regularisation": regularisation,
            "score": (-fit.score_samples(queries)).tolist(), "mean_level": -fit.score(train), "iterations": fit.n_iter_}


mixtures = [mixture(covariance, components, regularisation) for covariance in ("diagonal", "full")
            for components, regularisation in ((1, 1e-2), (3, 1e-2), (4, 1e-4))]

(pathlib.Path(sys.argv[1]) / "embedding_scores.json").write_text(json.dumps(
    {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
     "data": "scikit-learn's digits: UCI optical recognition of handwritten digits, E. Alpaydin and C. Kaynak, CC BY 4.0",
     "n": len(train), "d": train.shape[1], "classes": len(b), "train": train.round(3).ravel().tolist(),
     "labels": labels.tolist(), "queries": queries.round(3).ravel().tolist(), "weights": W.round(4).ravel().tolist(), "bias": b.round(4).tolist(),
     "mixtures": mixtures, "cases": cases}) + "\n")
