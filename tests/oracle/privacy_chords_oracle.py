# SPDX-License-Identifier: Apache-2.0
"""Writes what connecting the dots gives at a step, without roundings: `python privacy_chords_oracle.py data`. For rows
of privacy_loss_grid.json in which dp-accounting's upper epsilon is below ours by more than 1e-9 of it. Curves of the
mechanisms and the masses of their chords in 45 digits; compositions by NumPy's transform of masses that are tilted to
the answer, so that its roundings are relative to that: two tilts agree to the digits given. A row: mechanisms, delta,
epsilon, by how much the two tilts differ."""
import json
import math
import pathlib
import sys

import mpmath
import numpy as np

mp = mpmath.mp
mp.dps = 45
mpf = mpmath.mpf
STEP = 1e-3
ROWS = json.loads("""[
 [[["laplace", 0.5, 0, 0.2, 50]], 1e-9],
 [[["laplace", 2.0, 0, 0.2, 50]], 1e-3],
 [[["gaussian", 0.6, 0, 0.01, 300]], 1e-6],
 [[["gaussian", 1.0, 0, 0.01, 10]], 1e-6],
 [[["gaussian", 1.0, 0, 0.05, 100], ["discrete_gaussian", 4.0, 1, 1.0, 2]], 1e-3],
 [[["discrete_laplace", 6.0, 2, 0.5, 12], ["gaussian", 0.9, 0, 0.02, 200]], 1e-6]]""")


def upper_tail(x):
    return mpmath.erfc(x / mpmath.sqrt(2)) / 2


def base_curve(kind, noise, whole):
    """sum (P - e^l Q)+ of the mechanism without sampling."""
    s = mpf(noise)
    if kind == "gaussian":
        return lambda e: upper_tail(e * s - 1 / (2 * s)) - mpmath.exp(e) * upper_tail(e * s + 1 / (2 * s))
    if kind == "laplace":
        return lambda e: (mpf(0) if e >= 1 / s else 1 - mpmath.exp(e) if e <= -1 / s else -mpmath.expm1((e - 1 / s) / 2))
    gaussian = kind == "discrete_gaussian"
    reach = int((25 if gaussian else 120) * noise) + whole + 4
    weight = {x: mpmath.exp(-mpf(x) ** 2 / (2 * s**2) if gaussian else -abs(mpf(x)) / s) for x in range(-reach, reach + 1)}
    total = mpmath.fsum(weight.values())
    pairs = [(w / total, weight.get(x + whole, mpf(0)) / total) for x, w in weight.items()]
    pairs.sort(key=lambda pq: -(pq[0] / pq[1]) if pq[1] else -mpmath.inf)
    sums = [(mpf(0), mpf(0))]
    for p, q in pairs:
        sums.append((sums[-1][0] + p, sums[-1][1] + q))

    def curve(e):
        f, low, high = mpmath.exp(e), 0, len(pairs)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if pairs[middle][0] > f * pairs[middle][1] else (low, middle)
        return sums[low][0] - f * sums[low][1]
    return curve


def curves(kind, noise, whole, rate):
    """Of removing a record, and of adding one: 1 - x + x h(1 / x)."""
    base, r = base_curve(kind, noise, whole), mpf(rate)
    if rate == 1:
        return base, base
    def removed(e):
        k = 1 + mpmath.expm1(e) / r
        return r * base(mpmath.log(k)) if k > 0 else 1 - mpmath.exp(e)
    return removed, lambda e: 1 - mpmath.exp(e) + mpmath.exp(e) * removed(-e)


def chords(curve):
    """Masses of the piecewise linear curve in x = e^loss: kinks are changes of slope. Over all losses that matter."""
    step, low, high = mpf(STEP), 0, 0
    while 1 - mpmath.exp(low * step) + mpf(10) ** -30 < curve(low * step):
        low -= 250
    while curve(high * step) > mpf(10) ** -40 and high < 60000:
        high += 250
    xs = [mpmath.exp(i * step) for i in range(low, high + 1)]
    hs = [curve(i * step) for i in range(low, high + 1)]
    slopes = [(hs[0] - 1) / xs[0]] + [(b - a) / (y - x) for a, b, x, y in zip(hs, hs[1:], xs, xs[1:])] + [mpf(0)]
    return low, np.array([float((b - a) * x) for a, b, x in zip(slopes, slopes[1:], xs)])


def tilted(measures, tilt):
    """log of the tilted mass of all, its mean, and each tilted measure."""
    total, mean, parts = 0.0, 0.0, []
    for (low, mass), times in measures:
        losses = np.arange(low, low + len(mass)) * STEP
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(mass, 0.0)) + tilt * losses
        most = logs.max()
        weights = np.exp(logs - most)
        total += times * (most + math.log(weights.sum()))
        weights /= weights.sum()
        mean += times * float(weights @ losses)
        parts.append((low, weights, times))
    return total, mean, parts


def epsilon(measures, delta, tilt):
    size = 1 << 19
    total, mean, parts = tilted(measures, tilt)
    spectrum = np.ones(size, complex)
    for low, weights, times in parts:
        buffer = np.zeros(size)
        np.add.at(buffer, np.arange(low, low + len(weights)) % size, weights)
        spectrum *= np.fft.fft(buffer) ** times
    cells = np.arange(size) + int(mean / STEP) - size // 2
    mass, losses = np.fft.ifft(spectrum).real[cells % size], cells * STEP

    def value(e):
        above = losses > e
        gap = losses[above] - e
        return math.exp(total - tilt * e) * float(mass[above] @ (np.exp(-tilt * gap) * -np.expm1(-gap)))
    low, high = 0.0, float(losses[-1])
    if value(low) <= delta:
        return 0.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if value(middle) > delta else (low, middle)
    return high


rows = []
for parts, delta in ROWS:
    worst = (0.0, 0.0)
    for added in (0, 1):
        measures = [(chords(curves(*part[:4])[added]), part[4]) for part in parts]
        # The tilt at which Chernoff's bound of the answer is least.
        low, high = 1e-3, 100.0
        for _ in range(60):
            tilt = math.sqrt(low * high)
            total, mean, _parts = tilted(measures, tilt)
            low, high = (tilt, high) if tilt * mean - total < -math.log(delta) - 3 else (low, tilt)
        a, b = epsilon(measures, delta, tilt), epsilon(measures, delta, 0.8 * tilt)
        worst = max(worst, (a, abs(a - b)))
    rows.append([parts, delta, *worst])
    print(rows[-1], flush=True)
versions = {"numpy": np.__version__, "mpmath": mpmath.__version__}
(pathlib.Path(sys.argv[1]) / "privacy_chords.json").write_text(
    json.dumps({"versions": versions, "rows": rows}).replace("[[[", "\n[[[") + "\n")
