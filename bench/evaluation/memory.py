# SPDX-License-Identifier: Apache-2.0
"""Query attacks and extraction beside benign accounts: after how many queries each is found, and how many benign
accounts are, plain and by attackers that adapt."""
import dataclasses

import numpy as np
from art.attacks.evasion import BoundaryAttack, HopSkipJump, SquareAttack, ZooAttack
from art.estimators.classification import BlackBoxClassifierNeuralNetwork

import vedette_scores as vedette
from changed import one_hot
from network import Network, gradient_of_logits, train_images, train_table

LEVEL, FAILURE = 1e-3, 0.05
ACCOUNTS, REQUESTS = 200, 40
# A share of exact repeats, and whether the watch leaves them out; none where a cache in front of it answers them.
TRAFFIC = (0.05, False), (0.05, True), (0.0, False)
BENIGN, BENIGN_REQUESTS, EXTRACTED = 20, 1000, 1600  # accounts beside extractions, what each asks, and a thief
VICTIMS, QUERIES = 5, 1500
THIEVES = 20, 100  # accounts over which an extraction is spread, few and many
ATTACKER = 1_000_000


def sent(data, rows):
    """Rows as the watch gets them: bytes of images, floats of tables."""
    if not data.image:
        return np.asarray(rows, np.float32)
    return np.clip(np.round(np.asarray(rows) * 255), 0, 255).astype(np.uint8)


def asked(data, rows):
    """And as the network gets them."""
    return rows.astype(np.float32) / 255 if data.image else rows


def benign_traffic(held_out, accounts, requests, retries, random, first):
    """Requests of accounts in turn: rows of nobody else, and now and then the account's last again."""
    fresh = iter(random.permutation(len(held_out)))
    last, rows, names = {}, [], []
    for _ in range(requests):
        for account in range(first, first + accounts):
            if account not in last or random.random() >= retries:
                last[account] = held_out[next(fresh)]
            rows.append(last[account])
            names.append(account)
    return np.array(rows), np.array(names)


class Recorder:
    """The model as an attacker of one row reaches it, of a table by the columns that it can change: every row that it is
    asked, in order, up to a budget."""

    def __init__(self, data, network, row, change=None):
        self.data, self.network, self.row, self.change, self.asked = data, network, row, change, []
        self.free = slice(None) if data.free is None else data.free
        shape = (1, *data.image) if data.image else row[self.free].shape
        self.start = row[self.free].reshape(1, *shape)
        self.box = BlackBoxClassifierNeuralNetwork(self.predict, shape, data.classes, clip_values=data.clip)

    def whole(self, rows):
        whole = np.repeat(self.row[None], len(rows), axis=0)
        whole[:, self.free] = np.asarray(rows, np.float32).reshape(len(rows), -1)
        return whole

    def predict(self, rows):
        rows = self.whole(rows)
        if self.change is not None:
            rows = self.change(rows)
        self.asked.append(sent(self.data, rows))
        return self.network.logits(rows)

    def queries(self):
        return np.concatenate(self.asked)[:QUERIES]


def attacks_of(data, box):
    """By name, made when asked for. Square moves squares of pixels; ZOO's other stages are of images too."""
    found = {"HopSkipJump": lambda: HopSkipJump(box, max_iter=6, max_eval=300, init_eval=50, init_size=50, verbose=False),
             "Boundary": lambda: BoundaryAttack(box, targeted=False, max_iter=60, num_trial=15, sample_size=15,
                                                init_size=50, verbose=False)}
    if data.image:
        return {**found, "Square": lambda: SquareAttack(box, eps=0.2, max_iter=400, nb_restarts=1, verbose=False)}
    return {**found, "ZOO": lambda: ZooAttack(box, max_iter=60, learning_rate=0.1, nb_parallel=5, use_resize=False,
                                              use_importance=False, variable_h=0.05, verbose=False)}


class Refused:
    """An attacker that is told which queries the store knows, and asks again with more noise until one is new to it:
    the feedback of Feng et al. (2023), for any attack."""

    def __init__(self, data, watch, threshold, random):
        self.data, self.watch, self.threshold, self.random = data, watch.copy(), threshold, random
        self.requests = []

    def __call__(self, rows):
        accepted = []
        for row in rows:
            for spread in (0.0, 0.05, 0.1, 0.2, 0.3):
                tried = noised(self.data, row[None], spread, self.random)[0]
                self.requests.append(sent(self.data, tried))
                score = self.watch.observe(self.requests[-1][None], [ATTACKER])[0][0]
                if score < self.threshold:
                    break
            accepted.append(tried)
        return np.array(accepted)


def noised(data, rows, spread, random):
    """Uniform noise on what an attacker can change, of an image's range; of a table in units of five standard
    deviations, nearly a column's range."""
    noise = spread * random.uniform(-1, 1, rows.shape)
    if data.image:
        return np.clip(rows + noise, 0, 1).astype(np.float32)
    moved = rows.copy()
    moved[:, data.free] += 5 * noise[:, data.free].astype(np.float32)
    return moved


def with_benign(queries, held_out, random, share):
    """The attack hidden in benign requests, `share` of all."""
    out = []
    for query in queries:
        while random.random() < share:
            out.append(held_out[random.integers(len(held_out))])
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


def query_attacks(data, network, watch, held_out, threshold, seed):
    right = np.flatnonzero(network.predicted(data.test) == data.test_labels)[:VICTIMS]
    results = {}
    for at, i in enumerate(right):
        y = one_hot(data.test_labels[i:i + 1], data.classes)
        for attacker in ("plain", "noise of 15 %", "led by refusals"):
            for name in attacks_of(data, None):
                random = np.random.default_rng([seed, at])
                np.random.seed(seed + at)
                change = {"plain": lambda: None, "led by refusals": lambda: Refused(data, watch, threshold, random),
                          "noise of 15 %": lambda: lambda rows: noised(data, rows, 0.15, random)}[attacker]()
                recorder = Recorder(data, network, data.test[i], change)
                changed = attacks_of(data, recorder.box)[name]().generate(recorder.start, y)
                won = network.predicted(recorder.whole(changed))[0] != data.test_labels[i]
                made = np.array(change.requests)[:QUERIES] if attacker == "led by refusals" else recorder.queries()
                streams = {attacker: (made, None)}
                if attacker == "plain":
                    streams["one in five, among benign"] = (with_benign(made, held_out, random, 0.8), None)
                    streams["over 10 accounts"] = (made, ATTACKER + np.arange(len(made)) % 10)
                for kind, (stream, accounts) in streams.items():
                    found, scores = delay_of(watch, stream, accounts)
                    results.setdefault((name, kind), []).append((won, len(made), found, np.mean(scores > threshold)))
    return [Run(name, kind, len(each), sum(bool(w) for w, *_ in each), float(np.median([n for _, n, *_ in each])),
                sum(f is not None for *_, f, _ in each),
                float(np.median([f for *_, f, _ in each if f is not None] or [np.nan])),
                float(np.mean([s for *_, s in each]))) for (name, kind), each in results.items()]


def trained(data, x, y, seed, start=None):
    """A substitute of the network's own kind."""
    if data.image:
        return train_images(x, y, data.image, data.classes, 10, seed, start)
    known, labels = np.unique(y, return_inverse=True)
    *hidden, (weights, bias) = train_table(x, labels, seed)
    wide, low = np.zeros((len(weights), data.classes), np.float32), np.full(data.classes, -1e3, np.float32)
    wide[:, known], low[known] = weights, bias  # a class that was never answered is never said
    return [*hidden, (wide, low)]


def synthetic_extraction(data, network, seeds, rounds, seed):
    """Papernot et al. (2017): a substitute learns from answers, and asks for its inputs moved along the sign of its
    Jacobian. Its queries in order, and its share of agreement with the network in the end."""
    random = np.random.default_rng(seed)
    x, layers = seeds.copy(), None
    queries = [seeds]
    for at in range(rounds):
        y = network.predicted(x)
        layers = trained(data, x, y, seed, layers)
        if at + 1 == rounds:
            break
        gradient = np.concatenate([gradient_of_logits(layers, data.image, x[i:i + 100], y[i:i + 100])
                                   for i in range(0, len(x), 100)])
        step = (0.1 if data.image else 0.5) * (1 if at % 2 == 0 else -1)
        free = slice(None) if data.free is None else data.free
        new = x.copy()
        new[:, free] = np.clip(x + step * np.sign(gradient), *data.clip)[:, free]
        new = new[random.permutation(len(x))]
        queries.append(new)
        x = np.concatenate([x, new])
    substitute = Network(layers, data.image, network.width)
    return np.concatenate(queries), float(np.mean(substitute.predicted(data.test) == network.predicted(data.test)))


def natural_extraction(data, network, rows, seed):
    layers = trained(data, rows, network.predicted(rows), seed)
    substitute = Network(layers, data.image, network.width)
    return float(np.mean(substitute.predicted(data.test) == network.predicted(data.test)))


def far_streams(data, random):
    """Inputs of another law than benign ones."""
    if data.image:
        return {"natural, photographs": data.novel["photographs"][:EXTRACTED],
                "natural, digits of other classes": data.novel["novel classes"][:EXTRACTED]}
    uniform = data.train[random.choice(len(data.train), EXTRACTED)]
    low, high = data.train.min(0), data.train.max(0)
    uniform[:, data.free] = random.uniform(low, high, uniform.shape)[:, data.free]
    return {"uniform in each column's range": uniform,
            "natural, rows of other classes": data.novel["novel classes"][:EXTRACTED]}


def extraction(library, data, network, watch, monitor, held_out, seed):
    """Of each extraction and of benign accounts of as many requests: after how many PRADA (W below 0.9), the MMD of
    embeddings and the watch alarm; and of extractions spread over accounts, what their groups tell."""
    random = np.random.default_rng(seed)
    natural = asked(data, held_out[random.choice(len(held_out), EXTRACTED)])
    synthetic, agreed = synthetic_extraction(data, network, natural[:EXTRACTED // 16], 5, seed)
    mixed = synthetic.copy()
    swapped = random.random(len(mixed)) < 0.5
    mixed[swapped] = natural[random.integers(len(natural), size=swapped.sum())]
    streams = {"synthetic (Jacobian)": (synthetic, agreed), "synthetic, half of it benign": (mixed, None)}
    for name, x in {**far_streams(data, random), "natural, of the model's own kind": natural}.items():
        streams[name] = x, natural_extraction(data, network, x, seed)
    rows = [(name, len(x), agreed, *alarms_of(library, data, network, watch, monitor, x))
            for name, (x, agreed) in streams.items()]
    benign = [alarms_of(library, data, network, watch, monitor,
                        asked(data, held_out[random.choice(len(held_out), BENIGN_REQUESTS, replace=False)]))
              for _ in range(BENIGN)]
    reference = network.logits_and_embeddings(data.calibration)[1]
    together = [(name, colluders(data, network, watch, reference, streams[name][0], thieves, held_out, seed))
                for name in ("synthetic (Jacobian)", *far_streams(data, random)) for thieves in THIEVES]
    return (rows, [sum(each[i] is not None for each in benign) for i in range(3)], len(benign), BENIGN_REQUESTS, together)


def colluders(data, network, watch, reference, x, thieves, held_out, seed):
    """An extraction over many accounts, by turns, among as many benign requests: after how many of its requests a group of
    accounts that share inputs is in alarm that is more thieves than others, and after how many a thief alone; and the
    benign accounts ever in alarm by a group."""
    random = np.random.default_rng(seed)
    benign, names = benign_traffic(held_out, ACCOUNTS, -(-len(x) // ACCOUNTS), 0.0, random, 0)
    rows, accounts = np.empty((2 * len(x), x.shape[1]), sent(data, x).dtype), np.empty(2 * len(x), np.int64)
    rows[::2], rows[1::2] = sent(data, x), benign[:len(x)]
    accounts[::2], accounts[1::2] = ATTACKER + np.arange(len(x)) % thieves, names[:len(x)]
    embeddings = network.logits_and_embeddings(asked(data, rows))[1]
    by_group, alone, sizes = watch.copy().groups(reference, rows, embeddings, accounts, 100, 10_000, seed)
    first = lambda alarms: int(np.flatnonzero(alarms)[0]) + 1 if alarms.any() else None
    return {"thieves": thieves, "asked": len(x) // thieves, "group": first(by_group[::2]), "alone": first(alone[::2]),
            "largest": int(sizes[::2].max()), "benign": len(set(accounts[1::2][by_group[1::2]])), "accounts": ACCOUNTS}


def alarms_of(library, data, network, watch, monitor, x):
    logits, embedding = network.logits_and_embeddings(x)
    w = vedette.prada(library, x, logits.argmax(axis=1), data.classes)
    below = np.flatnonzero(w < 0.9)
    found, _ = delay_of(watch, sent(data, x))
    return (int(below[0]) + 1 if len(below) else None), monitor.first_change(embedding), found


def watched(library, data, retries, left_out, held_out, seed):
    """A watch calibrated on benign traffic, and what other benign traffic is given."""
    random = np.random.default_rng(seed)
    half = len(held_out) // 2
    known, names = benign_traffic(held_out[:half], ACCOUNTS, REQUESTS, retries, random, 0)
    window, step = (20, 50) if data.image else (3, 0.5)
    watch = vedette.Watch.fit(library, known, names, window=window, stride=1, step=step, remembered=len(known) + 40_000,
                              level=LEVEL, failure_probability=FAILURE, with_updates=1, leaves_repeats_out=left_out)
    fresh, fresh_names = benign_traffic(held_out[half:], ACCOUNTS, REQUESTS, retries, random, ACCOUNTS)
    scores, p_values, _, alarms = watch.copy().observe(fresh, fresh_names)
    return watch, {"retries": retries, "left out": left_out, "calibrated": len(known), "requests": len(fresh), "accounts": ACCOUNTS,
                   "accused": len(set(fresh_names[alarms])), "at 5 %": float(np.mean(p_values <= 0.05)),
                   "at 1 %": float(np.mean(p_values <= 0.01)),
                   "quantiles": np.quantile(watch.calibration_scores, [0.5, 0.9, 0.95, 0.99]).tolist()}


def evaluate_attacks(library, data, network, held_out, seed):
    """`held_out`: rows of the benign law as they are sent, that nothing else has used."""
    found = []
    for retries, left_out in TRAFFIC:
        watch, facts = watched(library, data, retries, left_out, held_out, seed)
        found.append((facts, query_attacks(data, network, watch, held_out[len(held_out) // 2:], facts["quantiles"][-1],
                                           seed)))
    return found


def evaluate_extraction(library, data, network, held_out, seed):
    monitor = vedette.MmdMonitor(library, network.logits_and_embeddings(data.calibration)[1], window=100,
                                 expected_run=10_000, seed=seed)
    watch, _ = watched(library, data, *TRAFFIC[0], held_out, seed)
    return extraction(library, data, network, watch, monitor, held_out[len(held_out) // 2:], seed)
