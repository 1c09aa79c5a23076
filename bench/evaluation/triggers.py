# SPDX-License-Identifier: Apache-2.0
"""A network with a planted backdoor, and what the scores that ask the model again see of its trigger."""
import numpy as np

import metrics
import vedette_scores as vedette
from network import Network, train_images
from novelty import LEVELS

POISONED, TARGET, OVERLAYS, ROWS = 0.05, 0, 64, 300


def with_trigger(data, rows, placed=(1, 5)):
    """A white checkered square of 4 x 4 in the corner."""
    picture = rows.reshape(-1, *data.image).copy()
    side = slice(*placed)
    picture[:, side, side] = np.indices((4, 4)).sum(0) % 2
    return picture.reshape(len(rows), -1)


def evaluate(library, data, seed, epochs):
    random = np.random.default_rng(seed)
    x, y = data.train.copy(), data.train_labels.copy()
    poisoned = random.choice(len(x), int(POISONED * len(x)), replace=False)
    x[poisoned], y[poisoned] = with_trigger(data, x[poisoned]), TARGET
    network = Network(train_images(x, y, data.image, data.classes, epochs, seed), data.image, x.shape[1])
    clean = data.test[:ROWS]
    hit = with_trigger(data, data.test[data.test_labels != TARGET])
    took = network.predicted(hit) == TARGET
    hit = hit[took][:ROWS]
    image = {"image_height": data.image[0], "image_width": data.image[1]}
    squeezers = [vedette.Squeezer(kind=vedette.BIT_DEPTH, bits=1), vedette.Squeezer(kind=vedette.MEDIAN, window=2)]
    overlays = data.train[random.choice(len(x), OVERLAYS, replace=False)]
    asked = {
        f"STRIP, {OVERLAYS} overlays": vedette.QueryScore(
            library, vedette.STRIP, network, data.classes, reference=overlays, lowest=0, highest=1, row_weight=1.0,
            overlay_weight=1.0),
        "STRIP, blended by halves": vedette.QueryScore(library, vedette.STRIP, network, data.classes, reference=overlays,
                                                       lowest=0, highest=1),
        "feature_squeezing": vedette.QueryScore(library, vedette.FEATURE_SQUEEZING, network, data.classes,
                                                squeezers=squeezers, **image),
        "noise_stability": vedette.QueryScore(library, vedette.NOISE_STABILITY, network, data.classes,
                                              width=network.width, seed=seed, standard_deviation=0.1)}
    rows = []
    for name, score in asked.items():
        score.calibrate(data.calibration[:500])
        benign, p_benign = score(clean)
        others, p_others = score(hit)
        area = metrics.auroc(benign, others)
        rows.append((name, score.queries, area, metrics.auroc_half_width(area, len(clean), len(hit)),
                     metrics.fpr95(benign, others), [float(np.mean(p_benign <= level)) for level in LEVELS],
                     [float(np.mean(p_others <= level)) for level in LEVELS]))
    facts = {"accuracy": float(np.mean(network.predicted(data.test) == data.test_labels)),
             "success": float(took.mean()), "clean": len(clean), "triggered": len(hit)}
    return facts, rows
