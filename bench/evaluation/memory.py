# SPDX-License-Identifier: Apache-2.0
"""Query attacks and extraction beside benign accounts: after how many queries each is found, and how many benign
accounts are, plain and by attackers that adapt."""
import dataclasses

import numpy as np
from art.attacks.evasion import BoundaryAttack, HopSkipJump, SquareAttack
from art.estimators.classification import BlackBoxClassifierNeuralNetwork

import vedette_scores as vedette
from changed import one_hot
from network import Network, gradient_of_logits, train_images

LEVEL, FAILURE = 1e-3, 0.05
ACCOUNTS, REQUESTS = 200, 40
# A share of exact repeats, and whether the watch leaves them out; none where a cache in front of it answers them.
TRAFFIC = (0.05, False), (0.05, True), (0.0, False)
BENIGN, BENIGN_REQUESTS, EXTRACTED = 20, 1000, 1600  # accounts beside extractions, what each asks, and a thief
VICTIMS, QUERIES = 5, 1500
ATTACKER = 1_000_000


def as_bytes(rows):
    return np.clip(np.round(np.asarray(rows) * 255), 0, 255).astype(np.uint8)


def benign_traffic(images, accounts, requests, retries, random, first):
    """Requests of accounts in turn: images of nobody else, and now and then the account's last again."""
    fresh = iter(random.permutation(len(images)))
    last, rows, names = {}, [], []
    for _ in range(requests):
        for account in range(first, first + accounts):
            if account not in last or random.random() >= retries:
                last[account] = images[next(fresh)]
            rows.append(last[account])
            names.append(account)
    return np.array(rows), np.array(names)


class Recorder:
    """The model as an attacker reaches it: every row that it is asked, in order, up to a budget."""

    def __init__(self, network, classes, change=None):
        self.network, self.change, self.asked = network, change, []
        self.box = BlackBoxClassifierNeuralNetwork(self.predict, (1, *network.image), classes, clip_values=(0.0, 1.0))

    def predict(self, rows):
        rows = np.asarray(rows, np.float32).reshape(len(rows), -1)
        if self.change is not None:
            rows = self.change(rows)
        self.asked.append(as_bytes(rows))
        return self.network.logits(rows)

    def queries(self):
        return np.concatenate(self.asked)[:QUERIES]


def attacks_of(box):
    return {"HopSkipJump": HopSkipJump(box, max_iter=6, max_eval=300, init_eval=50, init_size=50, verbose=False),
            "Square": SquareAttack(box, eps=0.2, max_iter=400, nb_restarts=1, verbose=False),
            "Boundary": BoundaryAttack(box, targeted=False, max_iter=60, num_trial=15, sample_size=15, init_size=50,
                                       verbose=False)}


class Refused:
    """An attacker that is told which queries the store knows, and asks again with more noise until one is new to it:
    the feedback of Feng et al. (2023), for any attack."""

    def __init__(self, watch, threshold, random):
        self.watch, self.threshold, self.random, self.accounts = watch.copy(), threshold, random, []
        self.requests = []

    def __call__(self, rows):
        accepted = []
        for row in rows:
            for spread in (0.0, 0.05, 0.1, 0.2, 0.3):
                tried = np.clip(row + spread * self.random.uniform(-1, 1, len(row)), 0, 1).astype(np.float32)
                self.requests.append(as_bytes(tried))
                score = self.watch.observe(as_bytes(tried)[None], [ATTACKER])[0][0]
                if score < self.threshold:
                    break
            accepted.append(tried)
        return np.array(accepted)


def noisy(random):
    return lambda rows: np.clip(rows + random.uniform(-0.15, 0.15, rows.shape), 0, 1).astype(np.float32)


def with_benign(queries, images, random, share):
    """The attack hidden in benign requests, `share` of all."""
    out = []
    for query in queries:
        while random.random() < share:
            out.append(images[random.integers(len(images))])
        out.append(query)
    return np.array(out)


@dataclasses.dataclass
class Run:
    attack: str
    attacker: str
    runs: int
    succeeded: int
    queries: float
    found: int
    delay: float  # the median over those found, in requests of the attacker
    flagged: float  # share of its requests that are similar at the calibration's 1 % level


def delay_of(watch, requests, accounts=None):
    accounts = np.full(len(requests), ATTACKER) if accounts is None else accounts
    scores, _, _, alarms = watch.copy().observe(requests, accounts)
    found = np.flatnonzero(alarms)
    return (int(found[0]) + 1 if len(found) else None), scores


def query_attacks(data, network, watch, images, threshold, seed):
    right = np.flatnonzero(network.predicted(data.test) == data.test_labels)[:VICTIMS]
    results = {}
    for at, i in enumerate(right):
        x, y = data.test[i:i + 1], one_hot(data.test_labels[i:i + 1], data.classes)
        for attacker in ("plain", "noise of 15 %", "led by refusals"):
            for name in ("HopSkipJump", "Square", "Boundary"):
                random = np.random.default_rng([seed, at])
                np.random.seed(seed + at)
                change = {"plain": None, "noise of 15 %": noisy(random)}.get(attacker) if attacker != "led by refusals" \
                    else Refused(watch, threshold, random)
                recorder = Recorder(network, data.classes, change)
                changed = attacks_of(recorder.box)[name].generate(x.reshape(1, 1, *data.image), y)
                won = network.predicted(changed.reshape(1, -1).astype(np.float32))[0] != data.test_labels[i]
                asked = np.array(change.requests)[:QUERIES] if attacker == "led by refusals" else recorder.queries()
                streams = {attacker: (asked, None)}
                if attacker == "plain":
                    streams["one in five, among benign"] = (with_benign(asked, images, random, 0.8), None)
                    streams["over 10 accounts"] = (asked, ATTACKER + np.arange(len(asked)) % 10)
                for kind, (stream, accounts) in streams.items():
                    found, scores = delay_of(watch, stream, accounts)
                    results.setdefault((name, kind), []).append((won, len(asked), found, np.mean(scores > threshold)))
    return [Run(name, kind, len(each), sum(bool(w) for w, *_ in each), float(np.median([n for _, n, *_ in each])),
                sum(f is not None for *_, f, _ in each),
                float(np.median([f for *_, f, _ in each if f is not None] or [np.nan])),
                float(np.mean([s for *_, s in each]))) for (name, kind), each in results.items()]


def synthetic_extraction(data, network, seeds, rounds, seed):
    """Papernot et al. (2017): a substitute learns from answers, and asks for its inputs moved along the sign of its
    Jacobian. Its queries in order, and its share of agreement with the network in the end."""
    random = np.random.default_rng(seed)
    x, layers = seeds.copy(), None
    queries = [seeds]
    for at in range(rounds):
        y = network.predicted(x)
        layers = train_images(x, y, data.image, data.classes, 10, seed, layers)
        if at + 1 == rounds:
            break
        gradient = np.concatenate([gradient_of_logits(layers, data.image, x[i:i + 100], y[i:i + 100])
                                   for i in range(0, len(x), 100)])
        step = 0.1 if at % 2 == 0 else -0.1
        new = np.clip(x + step * np.sign(gradient), 0, 1).astype(np.float32)[random.permutation(len(x))]
        queries.append(new)
        x = np.concatenate([x, new])
    substitute = Network(layers, data.image, network.width)
    return np.concatenate(queries), float(np.mean(substitute.predicted(data.test) == network.predicted(data.test)))


def natural_extraction(data, network, rows, seed):
    layers = train_images(rows, network.predicted(rows), data.image, data.classes, 10, seed)
    substitute = Network(layers, data.image, network.width)
    return float(np.mean(substitute.predicted(data.test) == network.predicted(data.test)))


def extraction(library, data, network, watch, monitor, images, seed):
    """Of each extraction and of benign accounts of as many requests: after how many PRADA (W below 0.9), the MMD of
    embeddings and the watch alarm."""
    random = np.random.default_rng(seed)
    natural = images[random.choice(len(images), EXTRACTED)].astype(np.float32) / 255
    synthetic, agreed = synthetic_extraction(data, network, natural[:EXTRACTED // 16], 5, seed)
    far = data.novel["photographs"][:EXTRACTED]
    digits = data.novel["novel classes"][:EXTRACTED]
    mixed = synthetic.copy()
    swapped = random.random(len(mixed)) < 0.5
    mixed[swapped] = natural[random.integers(len(natural), size=swapped.sum())]
    streams = {"synthetic (Jacobian)": (synthetic, agreed), "synthetic, half of it benign": (mixed, None),
               "natural, photographs": (far, natural_extraction(data, network, far, seed)),
               "natural, digits of other classes": (digits, natural_extraction(data, network, digits, seed)),
               "natural, of the model's own kind": (natural, natural_extraction(data, network, natural, seed))}
    rows = [(name, len(x), agreed, *alarms_of(library, data, network, watch, monitor, x))
            for name, (x, agreed) in streams.items()]
    benign = [alarms_of(library, data, network, watch, monitor,
                        images[random.choice(len(images), BENIGN_REQUESTS, replace=False)].astype(np.float32) / 255)
              for _ in range(BENIGN)]
    return rows, [sum(each[i] is not None for each in benign) for i in range(3)], len(benign), BENIGN_REQUESTS


def alarms_of(library, data, network, watch, monitor, x):
    logits, embedding = network.logits_and_embeddings(x)
    w = vedette.prada(library, x, logits.argmax(axis=1), data.classes)
    below = np.flatnonzero(w < 0.9)
    found, _ = delay_of(watch, as_bytes(x))
    return (int(below[0]) + 1 if len(below) else None), monitor.first_change(embedding), found


def watched(library, retries, left_out, held_out, seed):
    """A watch calibrated on benign traffic, and what other benign traffic is given."""
    random = np.random.default_rng(seed)
    half = len(held_out) // 2
    known, names = benign_traffic(held_out[:half], ACCOUNTS, REQUESTS, retries, random, 0)
    watch = vedette.Watch.fit(library, known, names, window=20, stride=1, step=50, remembered=len(known) + 40_000,
                              level=LEVEL, failure_probability=FAILURE, with_updates=1, leaves_repeats_out=left_out)
    fresh, fresh_names = benign_traffic(held_out[half:], ACCOUNTS, REQUESTS, retries, random, ACCOUNTS)
    scores, p_values, _, alarms = watch.copy().observe(fresh, fresh_names)
    return watch, {"retries": retries, "left out": left_out, "calibrated": len(known), "requests": len(fresh), "accounts": ACCOUNTS,
                   "accused": len(set(fresh_names[alarms])), "at 5 %": float(np.mean(p_values <= 0.05)),
                   "at 1 %": float(np.mean(p_values <= 0.01)),
                   "quantiles": np.quantile(watch.calibration_scores, [0.5, 0.9, 0.95, 0.99]).tolist()}


def evaluate_attacks(library, data, network, held_out, seed):
    """`held_out`: images of bytes, of the benign law, that nothing else has used."""
    found = []
    for retries, left_out in TRAFFIC:
        watch, facts = watched(library, retries, left_out, held_out, seed)
        found.append((facts, query_attacks(data, network, watch, held_out[len(held_out) // 2:], facts["quantiles"][-1],
                                           seed)))
    return found


def evaluate_extraction(library, data, network, held_out, seed):
    monitor = vedette.MmdMonitor(library, network.logits_and_embeddings(data.calibration)[1], window=100,
                                 expected_run=10_000, seed=seed)
    watch, _ = watched(library, *TRAFFIC[0], held_out, seed)
    return extraction(library, data, network, watch, monitor, held_out[len(held_out) // 2:], seed)
