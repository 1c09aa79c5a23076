# SPDX-License-Identifier: Apache-2.0
"""What happens to benign rows: corruptions, and adversarial inputs by ART and foolbox."""
import warnings

import foolbox
import jax
import numpy as np
from art.attacks.evasion import DeepFool, HopSkipJump, ProjectedGradientDescent
from art.estimators.classification import BlackBoxClassifierNeuralNetwork
from scipy.ndimage import gaussian_filter, rotate

from network import Differentiable, hidden_and_logits

warnings.filterwarnings("ignore", module="art")


def corruptions(data, x, seed):
    random = np.random.default_rng(seed)
    noise = random.standard_normal(x.shape).astype(np.float32)
    if not data.image:
        column = int(np.argmax(np.abs(x).mean(0)))
        scaled, shuffled = x.copy(), random.permuted(x, axis=0)
        scaled[:, column] *= 10
        return {"noise, 1 sd": x + noise, "one feature x 10": scaled, "features shuffled": shuffled}
    picture = x.reshape(-1, *data.image)
    clip = lambda y: data.as_sent(y.reshape(len(x), -1))
    covered = picture.copy()
    half = data.image[0] // 4
    covered[:, half:3 * half, half:3 * half] = 0.5
    return {"noise, 0.3": clip(x + 0.3 * noise), "blur": clip(gaussian_filter(picture, (0, half / 4, half / 4))),
            "rotated by 60 degrees": clip(rotate(picture, 60, axes=(1, 2), reshape=False, order=1)),
            "inverted": clip(1 - x), "centre covered": clip(covered)}


def one_hot(labels, classes):
    return np.eye(classes, dtype=np.float32)[labels]


def adversarial(data, network, count, seed):
    """Of `count` test rows that the network has right, those that an attack changed so that it has them wrong."""
    right = np.flatnonzero(network.predicted(data.test) == data.test_labels)[:count]
    x, y = data.test[right], data.test_labels[right]
    radius = 0.15 if data.image else 0.5
    white = Differentiable(network, data.clip if data.image else None)  # ART's DeepFool steps by the width of the range
    black = BlackBoxClassifierNeuralNetwork(lambda rows: network.logits(rows.astype(np.float32)), (network.width,),
                                            data.classes, clip_values=data.clip)
    few = min(count, 100)
    attacks = {
        f"PGD, {radius}": (ProjectedGradientDescent(white, eps=radius, eps_step=radius / 8, max_iter=30, batch_size=256,
                                                    verbose=False), len(x)),
        "DeepFool": (DeepFool(white, max_iter=50, batch_size=256, verbose=False), len(x)),
        "HopSkipJump": (HopSkipJump(black, max_iter=8, max_eval=300, init_eval=30, verbose=False), few)}
    made = {}
    for name, (attack, rows) in attacks.items():
        np.random.seed(seed)
        made[name] = attack.generate(x[:rows], one_hot(y[:rows], data.classes))
    made["DDN"] = least_changed(data, network, x, y)
    found = {}
    for name, changed in made.items():
        changed = data.as_sent(changed.astype(np.float32))
        found[name] = changed[network.predicted(changed) != y[:len(changed)]]
    return found


def least_changed(data, network, x, y):
    """By foolbox's decoupled direction and norm (Rony et al. 2019), which looks for the nearest row of another class; of
    images a little further, so that whole levels keep what it found."""
    model = foolbox.JAXModel(jax.jit(lambda rows: hidden_and_logits(network.layers, network.image, rows)[1]),
                             bounds=data.clip)
    _, nearest, _ = foolbox.attacks.DDNAttack(steps=50)(model, jax.numpy.asarray(np.clip(x, *data.clip)),
                                                       jax.numpy.asarray(y), epsilons=None)
    return x + (1.1 if data.image else 1.0) * (np.asarray(nearest) - x)
