# SPDX-License-Identifier: Apache-2.0
"""Writes what pytorch-ood's own detectors answer on the embeddings of embedding_scores.json, a small network's of
digits: `python pytorch_ood_oracle.py data`, with torch, pytorch-ood, numpy and scikit-learn.

Ours is `factor` times its answer plus `offset`, where its definition differs by constants: it takes -p for 1 - p; of GEN
the mean over the classes, not the sum; its covariances are sums of squares, not divided by the rows, and of the
Mahalanobis distance it takes the half. Its GEN clamps probabilities to [1e-7, 1 - 1e-7]: rows that this changes are
null. Its ViM rounds to float32 before the eigenvectors: with few directions left over these show it, so 5 are taken."""
import importlib.metadata
import json
import pathlib
import sys

import numpy as np
import torch
from pytorch_ood.detector import (ASH, GEN, KNN, NCI, RMD, SCALE, SHE, EnergyBased, Entropy, KLMatching, Mahalanobis,
                                  MaxLogit, MaxSoftmax, ReAct, ViM, fDBD)

torch.set_default_dtype(torch.float64)  # what some of its fits make
folder = pathlib.Path(sys.argv[1])
data = json.loads((folder / "embedding_scores.json").read_text())
rows, width, classes = data["n"], data["d"], data["classes"]
read = lambda name: torch.tensor(data[name], dtype=torch.float64)
train, queries = read("train").reshape(rows, width), read("queries").reshape(-1, width)
weights, bias, labels = read("weights").reshape(classes, width), read("bias"), torch.tensor(data["labels"])

head = torch.nn.Linear(width, classes)
with torch.no_grad():
    head.weight.copy_(weights)
    head.bias.copy_(bias)
logits = lambda x: (x @ weights.T + bias).detach()
as_map = lambda x: x[:, :, None, None]  # pytorch-ood prunes feature maps
head_of_map = lambda x: logits(x[:, :, 0, 0])
single = torch.nn.Linear(width, classes, dtype=torch.float32)
single.load_state_dict({"weight": weights.float(), "bias": bias.float()})

cases = []


def case(kind, options, answer, factor=1.0, offset=0.0, takes="embedding", usable=None):
    values = [float(value) for value in answer]
    assert np.isfinite(values).all()
    cases.append({"kind": kind, "options": options, "takes": takes, "factor": factor, "offset": offset,
                  "score": [round(v, 12) if usable is None or ok else None
                            for v, ok in zip(values, np.ones(len(values)) if usable is None else usable)]})


z = logits(queries)
p = torch.softmax(z, 1)
case("max_softmax", {}, MaxSoftmax.score(z), offset=1, takes="logits")
case("max_logit", {}, MaxLogit.score(z), takes="logits")
case("energy", {}, EnergyBased.score(z), takes="logits")
case("energy", {"temperature": 2.5}, EnergyBased.score(z, t=2.5), takes="logits")
case("entropy", {}, Entropy.score(z), takes="logits")
unclamped = ((p > 1e-7) & (p < 1 - 1e-7)).all(1).numpy()
case("generalised_entropy", {}, GEN.score(z, gamma=0.1), factor=classes, takes="logits", usable=unclamped)
case("generalised_entropy", {"gamma": 0.5, "largest_classes": 3}, GEN.score(z, gamma=0.5, M=3), factor=3,
     takes="logits", usable=unclamped)
case("kl_matching", {}, KLMatching(None).fit_logits(logits(train)).predict_logits(z), takes="logits")

case("mahalanobis", {}, Mahalanobis(None).fit_features(train, labels).predict_features(queries), factor=2 * rows)
case("mahalanobis", {"relative": True}, RMD(None).fit_features(train, labels).predict_features(queries), factor=rows)
for k in (1, 5, 50):
    case("nearest_neighbours", {"neighbours": k, "scan": "float32"},
         KNN(None, k=k).fit_features(train, labels).predict_features(queries))
case("vim", {"dimension": 5}, ViM(None, 5, weights, bias).fit_features(train, labels).predict_features(queries))
case("class_prototype", {}, SHE(None, head).fit_features(train, labels).predict_features(queries))
case("fdbd", {}, fDBD(None, single).fit_features(train).predict_features(queries))
for alpha in (1e-4, 1e-2):
    case("nci", {"alpha": alpha}, NCI(None, single, alpha).fit_features(train).predict_features(queries))
for percentile in (0.8, 0.9):
    react = ReAct(None, logits, percentile=percentile).fit_feature_maps(train, labels)
    case("react", {"percentile": percentile}, react.predict_feature_maps(queries))
for percentile in (0.65, 0.9):
    for variant in ("ash-p", "ash-b", "ash-s"):
        ash = ASH(None, head_of_map, percentile=percentile, variant=variant)
        case(variant.replace("-", "_"), {"percentile": percentile}, ash.predict_feature_maps(as_map(queries)))
    scale = SCALE(None, head_of_map, percentile=percentile)
    case("scale", {"percentile": percentile}, scale.predict_feature_maps(as_map(queries)))

versions = {name: importlib.metadata.version(name) for name in ("torch", "pytorch-ood", "numpy", "scikit-learn")}
document = {"versions": versions, "inputs": "embedding_scores.json", "cases": cases}
(folder / "pytorch_ood.json").write_text(json.dumps(document, indent=None, separators=(",", ":")).replace(
    '{"kind"', '\n{"kind"') + "\n")
