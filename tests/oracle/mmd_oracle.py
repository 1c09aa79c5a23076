# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of the kernel and energy two-sample tests, from their definitions in NumPy (float64, no
matrix products of rows): `python mmd_oracle.py data`. p-values follow from the same splits that the library draws."""
import json
import pathlib
import sys

import numpy as np
from splits import split

generator = np.random.default_rng(20240618)


def within(k, power=1):
    return (k ** power)[~np.eye(len(k), dtype=bool)]


def mmd(k, live):
    x, y = ~live, live
    return within(k[np.ix_(x, x)]).mean() + within(k[np.ix_(y, y)]).mean() - 2 * k[np.ix_(x, y)].mean()


def fuse(kernels, live, details=False):
    smaller = min(live.sum(), (~live).sum())
    sharp = np.sqrt(smaller * (smaller - 1))
    rms = np.array([np.sqrt(within(k, 2).mean()) for k in kernels])
    ratios = np.array([mmd(k, live) for k in kernels]) / rms
    value = np.log(np.mean(np.exp(sharp * ratios))) / sharp
    weights = np.exp(sharp * ratios)
    return (value, weights / weights.sum() / rms) if details else value


def energy(distance, live):
    x, y = ~live, live
    n, m = x.sum(), y.sum()
    e = 2 * distance[np.ix_(x, y)].mean() - distance[np.ix_(x, x)].mean() - distance[np.ix_(y, y)].mean()
    return n * m / (n + m) * e


def shares(k, live, self_pairs):
    """Of each live row, by the witness function."""
    n, m = (~live).sum(), live.sum()
    within_x, within_y = n - 1 + self_pairs, m - 1 + self_pairs
    k = k - np.diag(np.diag(k))
    to_x, to_y = k[:, ~live].sum(1), k[:, live].sum(1)
    start = (to_y[~live] / m - to_x[~live] / within_x).mean()
    return ((to_y[live] / within_y - to_x[live] / n) - start) / m


def quantised(k, sorted_ends):
    """The bytes of kernel values between ends, and whether any lies too near a step's border to be sure of."""
    low, high = sorted_ends
    level = (k - low) * (255 / (high - low)) + 0.5
    near = np.abs(level - np.round(level)) < 1e-6
    inside = (level > 0) & (level < 256)
    return np.floor(np.clip(level, 0, 255)).astype(np.int64), bool((near & inside).any())


def ends(f, squared):
    q01, q99 = (np.quantile(squared, q, method="lower") for q in (0.01, 0.99))
    inner, outer = sorted((f(q01), f(q99)))
    low, high = sorted((f(squared.min()), f(squared.max())))
    beyond = 0.5 * (outer - inner)
    return (max(low, inner - beyond), min(high, outer + beyond)) if beyond > 0 else (low, high)


def integers(byte, live, unbiased):
    z = live.astype(np.int64)
    byte = byte * (1 - np.eye(len(z), dtype=np.int64))
    n, m = (~live).sum(), live.sum()
    if unbiased:
        return (n + m - 2) * (z @ byte @ z) - 2 * (m - 1) * (z @ byte.sum(1))
    return -((n + m) * (z @ byte @ z) - 2 * m * (z @ byte.sum(1)))


def effect_interval(k, live):
    """Normal interval of MMD^2/(1 - mean within the reference), by influence of rows and the null's variance; roots."""
    n, m = (~live).sum(), live.sum()
    k = k - np.diag(np.diag(k))
    to_x, to_y = k[:, ~live].sum(1), k[:, live].sum(1)
    spread = 1 - to_x[~live].sum() / (n * (n - 1))
    value = to_x[~live].sum() / (n * (n - 1)) + to_y[live].sum() / (m * (m - 1)) - 2 * to_y[~live].sum() / (n * m)
    ratio = max(0, value) / spread
    x = (1 + ratio) * to_x[~live] / (n - 1) - to_y[~live] / m
    y = to_y[live] / (m - 1) - to_x[live] / n
    rows = k.sum(1) / (n + m - 1)
    centred = max(0, (k ** 2).sum() / ((n + m) * (n + m - 1)) - 2 * (rows ** 2).mean() + rows.mean() ** 2)
    variance = 4 * (x.var(ddof=1) / n + y.var(ddof=1) / m)
    variance += centred * (2 / (n * (n - 1)) + 2 / (m * (m - 1)) + 4 / (n * m))
    reach = 1.959963984540054 * np.sqrt(variance) / spread
    return float(np.sqrt(max(0, value / spread - reach))), float(np.sqrt(max(0, value / spread + reach)))


def case(n, m, d, shift, kind):
    x, y = generator.normal(size=(n, d)), generator.normal(size=(m, d))
    if kind == "far":
        x, y = x + 1000.0, y + 1000.0
    if kind == "ties":
        x, y = np.round(x), np.round(y)
    if kind == "heavy":
        x, y = x / generator.normal(size=(n, 1)), y / generator.normal(size=(m, 1))
    y[:, 0] += shift
    z = np.concatenate([x, y])
    live = np.arange(n + m) >= n
    difference = z[:, None, :] - z[None, :, :]
    squared = (difference ** 2).sum(2)
    pairs = squared[np.tril_indices(n + m, -1)]
    median = np.median(pairs) if np.median(pairs) > 0 else np.median(pairs[pairs > 0])
    s = float(np.sqrt(median / 2))
    k = np.exp(-squared / (2 * s * s))
    weights = np.where(live[:, None] & live[None], 1 / (m * (m - 1)), np.where(live[:, None] ^ live[None], -1 / (n * m),
                                                                            1 / (n * (n - 1))))
    out = {"n": n, "m": m, "d": d, "kind": kind, "reference": x.ravel().tolist(), "live": y.ravel().tolist(), "bandwidth": s}
    slopes = lambda h, w: -(np.einsum("ij,ijk->k", w * h, difference ** 2)).ravel()
    out["mmd"] = mmd(k, live)
    out["effect"] = float(np.sqrt(max(0, out["mmd"]) / (1 - within(k[:n, :n]).mean())))
    out["lower"], out["upper"] = effect_interval(k, live)
    out["rows"] = shares(k, live, 0).tolist()
    # Each k - 1 in proportion to the features' squared differences.
    over = np.divide(1, squared, out=np.zeros_like(squared), where=squared > 0)
    out["features"] = slopes((1 - k) * over, weights).tolist()
    widths = [0.5 * s, s, 2 * s]
    many = [np.exp(-squared / (2 * b * b)) for b in widths]
    out["bandwidths"] = widths
    out["mean_mmd"] = mmd(sum(many) / 3, live)
    out["mean_rows"] = shares(sum(many) / 3, live, 0).tolist()
    out["mean_features"] = slopes(sum(1 - q for q in many) / 3 * over, weights).tolist()
    out["fuse"], w = fuse(many, live, True)
    out["fuse_rows"] = sum(a * shares(q, live, 0) for a, q in zip(w, many)).tolist()
    out["fuse_features"] = slopes(sum(a * (1 - q) for a, q in zip(w, many)) * over, weights).tolist()
    distance = np.sqrt(squared)
    out["energy"] = energy(distance, live)
    out["energy_effect"] = out["energy"] * (n + m) / (n * m) / (2 * distance[:n, n:].mean())
    out["energy_rows"] = (-n * m / (n + m) * shares(distance, live, 1)).tolist()
    inverse = np.divide(1, distance, out=np.zeros_like(distance), where=distance > 0)
    flat = np.where(live[:, None] & live[None], 1 / m ** 2, np.where(live[:, None] ^ live[None], -1 / (n * m), 1 / n ** 2))
    out["energy_features"] = (n * m / (n + m) * slopes(inverse, flat)).tolist()
    # 99 relabellings: of full-precision statistics, and of bytes where rounding leaves no doubt about them.
    splits = [split(5, i, m, n + m) == 1 for i in range(99)]
    rank = lambda f: (1 + sum(f(q) >= f(live) for q in splits)) / 100
    out["p_full"] = rank(lambda q: mmd(k, q) + 1e-12)
    out["energy_p_full"] = rank(lambda q: energy(distance, q) + 1e-12)
    byte, unsure = quantised(k, ends(lambda t: np.exp(-t / (2 * s * s)), pairs))
    out["p"] = None if unsure else rank(lambda q: integers(byte, q, True))
    byte, unsure = quantised(distance, ends(np.sqrt, pairs))
    out["energy_p"] = None if unsure else rank(lambda q: integers(byte, q, False))
    bytes_of = [quantised(q, ends(lambda t, b=b: np.exp(-t / (2 * b * b)), pairs)) for q, b in zip(many, widths)]
    scaled = []
    for (levels, _), q, b in zip(bytes_of, many, widths):
        low, high = ends(lambda t: np.exp(-t / (2 * b * b)), pairs)
        scaled.append((levels * (high - low) / 255, np.sqrt(within(q, 2).mean())))
    smaller = min(n, m)
    sharp = np.sqrt(smaller * (smaller - 1))
    fused = lambda q: np.log(np.mean([np.exp(sharp * mmd(v, q) / r) for v, r in scaled]))
    out["fuse_p"] = None if any(u for _, u in bytes_of) else rank(lambda q: fused(q) + (1e-9 if q is not live else 0))
    return out


cases = [case(*c) for c in [(30, 20, 3, 0.0, "normal"), (33, 65, 5, 0.5, "normal"), (40, 40, 1, 0.3, "far"),
                            (50, 31, 2, 1.0, "ties"), (64, 32, 4, 0.5, "heavy"), (5, 90, 20, 0.6, "normal"),
                            (2, 2, 2, 0.0, "normal")]]
sample_splits = [{"seed": s, "index": i, "chosen": c, "total": t, "labels": "".join(map(str, split(s, i, c, t)))}
                 for s, i, c, t in [(1, 0, 5, 12), (2 ** 40 + 3, 2 ** 33 + 1, 40, 99)]]
content = {"versions": {"numpy": np.__version__}, "cases": cases, "splits": sample_splits}
(pathlib.Path(sys.argv[1]) / "mmd.json").write_text(json.dumps(content) + "\n")
for c in cases:
    print(c["kind"], c["n"], c["m"], c["d"], {q: c[q] for q in ("mmd", "p", "p_full", "fuse", "fuse_p", "energy", "energy_p", "energy_p_full")})
