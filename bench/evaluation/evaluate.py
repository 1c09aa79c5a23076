# SPDX-License-Identifier: Apache-2.0
"""Runs the evaluation and writes its tables: python evaluate.py --library libvedette.so --watch libvedette_evaluation.so
--images node_modules --covertype scikit_multiflow-0.4.1-*.whl --results FOLDER [--only STAGE,...] [--quick] [--output EVALUATION.md]. A stage that FOLDER has
already is not run again; stages: the names of the data sets, `triggers`, and `memory` and
`extraction` of MNIST and, with " of covertype" behind, of that. --quick: fewer rows,
attacks and accounts, so that every part runs in minutes; its numbers mean little."""
import argparse
import dataclasses
import datetime
import importlib.metadata
import json
import pathlib
import platform
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")
import data
import memory
import metrics
import novelty
import report
import triggers
import vedette_scores
from network import Network

SEED, EPOCHS = 1, {"digits": 30, "MNIST": 3}
PACKAGES = ("scikit-learn", "jax", "onnx", "onnxruntime", "adversarial-robustness-toolbox", "foolbox", "numpy", "scipy")


def shrink():
    """--quick."""
    novelty.ROWS, novelty.QUERY_ROWS, novelty.REFERENCE, novelty.ATTACKED = 300, 50, 1_000, 20
    triggers.ROWS = 100
    memory.ACCOUNTS, memory.REQUESTS, memory.VICTIMS, memory.QUERIES = 50, 20, 1, 300
    memory.BENIGN, memory.BENIGN_REQUESTS, memory.EXTRACTED = 3, 300, 320
    EPOCHS.update({"digits": 5, "MNIST": 1})


def shrunk(each, rows=1_200):
    """The first rows of a data set."""
    return dataclasses.replace(each, **{
        key: getattr(each, key)[:rows] for key in ("train", "train_labels", "calibration", "calibration_labels", "test",
                                                   "test_labels")})


def data_sets(images, covertype):
    """All of them, first the two with rows held out for traffic, and these rows by name, as they are sent."""
    mnist = data.mnist(images, SEED)
    held_out = {"MNIST": memory.sent(mnist, mnist.test[5_000:])}
    mnist = dataclasses.replace(mnist, test=mnist.test[:5_000], test_labels=mnist.test_labels[:5_000])
    forest, held_out["covertype"] = data.covertype(covertype, SEED)
    return [mnist, forest, data.digits(SEED), *data.tables(SEED)], held_out


def network_of(each, results):
    """The network of MNIST or covertype, trained once for all stages."""
    path = results / f"network-{each.name}.npz"
    if not path.exists():
        layers = novelty.trained(each, SEED, EPOCHS.get(each.name))
        np.savez(path, *(part for layer in layers for part in layer))
    parts = list(np.load(path).values())
    return Network(list(zip(parts[::2], parts[1::2])), each.image, each.train.shape[1])


def stage_of(library, each, network=None):
    network, accuracy, sizes, judged = novelty.evaluate(library, each, SEED, EPOCHS.get(each.name), network)
    return {"source": each.source, "columns": each.train.shape[1], "classes": each.classes, "accuracy": accuracy,
            "fitted": min(len(each.train), novelty.REFERENCE), "calibrated": len(each.calibration),
            "tested": min(len(each.test), novelty.ROWS), "trained": len(each.train), "sets": sizes,
            "image": each.image is not None, "novel": list(each.novel),
            "scores": [dataclasses.asdict(one) for one in judged]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("library", "watch", "images", "covertype", "results", "output"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=name != "output")
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    metrics.check()
    library = vedette_scores.Library(arguments.library, arguments.watch)
    arguments.results.mkdir(parents=True, exist_ok=True)
    sets, held_out = data_sets(arguments.images, arguments.covertype)
    if arguments.quick:
        shrink()
        sets = [*(shrunk(each, 3_000) for each in sets[:2]), *(shrunk(each) for each in sets[2:])]
    images, forest = sets[:2]
    stages = {each.name: lambda each=each: stage_of(library, each) for each in sets[2:]}
    for each in (images, forest):
        stages[each.name] = lambda each=each: stage_of(library, each, network_of(each, arguments.results))
    watched = (images, ""), (forest, " of covertype")
    stages["triggers"] = lambda: triggers.evaluate(library, images, SEED, EPOCHS["MNIST"])
    for name, evaluate in (("memory", memory.evaluate_attacks), ("extraction", memory.evaluate_extraction)):
        for each, suffix in watched:
            stages[name + suffix] = lambda evaluate=evaluate, each=each: evaluate(
                library, each, network_of(each, arguments.results), held_out[each.name], SEED)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    facts = f"{library.lib.vdt_build_info().decode()}; Python {platform.python_version()}, {versions}; seed {SEED}"
    wanted = [name for name in arguments.only.split(",") if name] or list(stages)
    for name in wanted:
        path = arguments.results / f"{name.replace(' ', '-')}.json"
        if path.exists():
            continue
        start = time.monotonic()
        result = stages[name]()
        result = result if isinstance(result, dict) else {"found": result}
        result["measured"] = f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC: {facts}"
        plain = lambda value: dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value.item()
        path.write_text(json.dumps(result, default=plain))
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if arguments.output:
        path_of = lambda name: arguments.results / f"{name.replace(' ', '-')}.json"
        read = lambda name: json.loads(path_of(name).read_text()) if path_of(name).exists() else None
        report.write(arguments.output, {
            "data sets": {each.name: read(each.name) for each in sets}, "triggers": read("triggers"),
            **{stage: {each.name: read(stage + suffix) for each, suffix in watched} for stage in ("memory", "extraction")}})


if __name__ == "__main__":
    main()
