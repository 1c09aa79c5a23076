# SPDX-License-Identifier: Apache-2.0
"""Every kind of score on novel classes, corruptions and adversarial inputs, and its realised false-alarm rate."""
import dataclasses

import numpy as np

import changed
import metrics
import vedette_scores as vedette
from network import Network, train_images, train_table

LEVELS = 0.05, 0.01
ROWS, QUERY_ROWS, REFERENCE, ATTACKED = 2_000, 300, 5_000, 200
VARIANTS = {"mahalanobis": {"mahalanobis": {}, "mahalanobis, relative, normalised": {"relative": True, "normalise": True}}}
COMBINED = "generalised_entropy", "mahalanobis", "nearest_neighbours", "vim"


@dataclasses.dataclass
class Judged:
    """One score on one data set."""
    score: str
    takes: str
    calibrated: int
    tested: int
    false_alarms: dict  # by level
    found: dict         # by set: (AUROC, half width of its interval, FPR95, share found at LEVELS)
    refused: str = ""   # why the kind could not be fitted


class Inputs:
    """What the kinds take, of rows of one data set."""

    def __init__(self, network, rows):
        logits, embedding = network.logits_and_embeddings(rows) if len(rows) else (np.empty((0, 1)),) * 2
        self.by_name = {"features": rows, "embedding": embedding, "logits": logits}

    def __getitem__(self, name):
        return self.by_name[name]


def judge(name, takes, calibrated, ask, benign, sets):
    scores, p_values = ask(benign)
    found = {}
    for key, rows in sets.items():
        others, p_others = ask(rows)
        if len(others) < 5:
            continue
        area = metrics.auroc(scores, others)
        found[key] = (area, metrics.auroc_half_width(area, len(scores), len(others)), metrics.fpr95(scores, others),
                      [float(np.mean(p_others <= level)) for level in LEVELS])
    return Judged(name, takes, calibrated, len(p_values), {level: float(np.mean(p_values <= level)) for level in LEVELS},
                  found)


def variants_of(kind, smallest_class):
    options = {}
    if kind in ("nearest_neighbours", "local_intrinsic_dimensionality"):
        options["neighbours"] = min(50, smallest_class - 1)  # below the rows of the smallest class, as the README says
    return {name: {**options, **more} for name, more in VARIANTS.get(kind, {kind: {}}).items()}


def judge_vectors(library, data, network, sets):
    keep = slice(0, REFERENCE)
    train, calibration = Inputs(network, data.train[keep]), Inputs(network, data.calibration)
    test = Inputs(network, data.test[:ROWS])
    changed_sets = {name: Inputs(network, rows[:ROWS]) for name, rows in sets.items()}
    labels, classes = data.train_labels[keep], data.classes
    smallest = int(np.bincount(labels).min())
    judged, fitted = [], {}
    for kind, takes in library.kinds():
        if takes in ("scores", "the model"):  # asked below, by what they need
            continue
        for name, options in variants_of(kind, smallest).items():
            try:
                score = fitted[name] = vedette.Score(library, kind, train[takes], labels, classes, network.head, options)
            except RuntimeError as refusal:
                judged.append(Judged(name, takes, 0, 0, {}, {}, str(refusal).removeprefix("vdt_score_fit: ")))
                continue
            score.calibrate(calibration[takes])
            judged.append(judge(name, takes, len(data.calibration), lambda rows: score(rows[takes]), test, changed_sets))
    takes_of = {each.score: each.takes for each in judged}
    values = lambda rows: np.stack([fitted[name](rows[takes_of[name]])[0] for name in COMBINED], axis=1)
    half = len(data.calibration) // 2
    fit_rows, calibration_rows = Inputs(network, data.calibration[:half]), Inputs(network, data.calibration[half:])
    joined = vedette.Score(library, "combination", values(fit_rows), np.zeros(half), 1, network.head)
    joined.calibrate(values(calibration_rows))
    judged.append(judge("combination", "scores", len(data.calibration) - half, lambda rows: joined(values(rows)), test,
                        changed_sets))
    return judged


def query_scores(library, data, network, seed):
    """The scores that ask the model again which fit this data: name and score."""
    made = {"noise_stability": vedette.QueryScore(
        library, vedette.NOISE_STABILITY, network, data.classes, width=network.width, seed=seed,
        standard_deviation=0.1 if data.image else 0.3)}
    if data.image:
        squeezers = [vedette.Squeezer(kind=vedette.BIT_DEPTH, bits=1), vedette.Squeezer(kind=vedette.MEDIAN, window=2)]
        made["feature_squeezing (1 bit, median 2 x 2)"] = vedette.QueryScore(
            library, vedette.FEATURE_SQUEEZING, network, data.classes, squeezers=squeezers, image_height=data.image[0],
            image_width=data.image[1])
    else:
        made["marginal_resampling"] = vedette.QueryScore(
            library, vedette.MARGINAL_RESAMPLING, network, data.classes, reference=data.train[:1000], seed=seed)
    return made


def trained(data, seed, epochs):
    """Layers of the data set's network."""
    if data.image:
        return train_images(data.train, data.train_labels, data.image, data.classes, epochs, seed)
    return train_table(data.train, data.train_labels, seed)


def evaluate(library, data, seed, epochs, network=None):
    """The network (trained, if none is given), its accuracy, the sizes of the sets, and what each score found."""
    if network is None:
        network = Network(trained(data, seed, epochs), data.image, data.train.shape[1])
    sets = {**data.novel, **changed.corruptions(data, data.test[:ROWS], seed),
            **changed.adversarial(data, network, ATTACKED, seed)}
    judged = judge_vectors(library, data, network, sets)
    for name, score in query_scores(library, data, network, seed).items():
        score.calibrate(data.calibration[:1000])
        judged.append(judge(f"{name}: {score.queries} queries", "the model", min(1000, len(data.calibration)), score,
                            data.test[:QUERY_ROWS], {key: rows[:QUERY_ROWS] for key, rows in sets.items()}))
    accuracy = float(np.mean(network.predicted(data.test) == data.test_labels))
    return network, accuracy, {key: len(rows) for key, rows in sets.items()}, judged
