# SPDX-License-Identifier: Apache-2.0
"""Writes what the exact samplers are held against: `python privacy_noise_oracle.py data`.

Probabilities and moments by sums in 60 digits (in 80-bit floats where a million terms are summed); thresholds are the
integers floor(2^63 p_k), computed here without any of the library's interval arithmetic."""
import json
import pathlib
import sys

import mpmath
import numpy as np
from mpmath import mp, mpf

mp.dps = 60


def number(x):
    return mpmath.nstr(x, 40)


def gaussian_weights(sigma):
    """exp(-k^2 / (2 sigma^2)) for k = 0, 1, ..., down to 1e-60."""
    sigma, weights = mpf(sigma), []
    while not weights or weights[-1] > mpf(10) ** -60:
        weights.append(mpmath.exp(-mpf(len(weights)) ** 2 / (2 * sigma**2)))
    return weights


def geometric_weights(scale):
    q, weights = mpmath.exp(-1 / mpf(scale)), [mpf(1)]
    while weights[-1] > mpf(10) ** -60:
        weights.append(weights[-1] * q)
    return weights


def law(name, parameter, weights, outcomes=0):
    total = mpmath.fsum(weights)
    masses = [w / total * 2**63 for w in weights]
    floors = [int(mpmath.floor(m)) for m in masses]
    count = outcomes or next(k for k, m in enumerate(floors) if m == 0)
    rests = [m - f for m, f in zip(masses, floors)]
    rest = mpmath.fsum(rests)
    return {
        "name": name,
        "parameter": parameter,
        "outcomes": outcomes,
        "masses": [str(m) for m in floors[:count]],
        # How what is left over is shared out.
        "shares": [float(r / rest) for r in rests[: count + 3]],
    }


def signed_geometric(scale, m):
    q = mpmath.exp(-1 / mpf(scale))
    return [q**i for i in range(m)] + [q ** (i + 1) for i in range(m)]


laws = []
for sigma in [0.3, 1.0, 4.0, 16.0]:
    w = gaussian_weights(sigma)
    laws.append(law("folded_gaussian", sigma, [w[0]] + [2 * x for x in w[1:]]))
laws.append(law("half_gaussian", 3.0, gaussian_weights(3.0)))
laws.append(law("geometric", 0.7, geometric_weights(0.7)))
laws.append(law("truncated_geometric", 100.5, [mpmath.exp(-mpf(k) / mpf(100.5)) for k in range(16)], 16))
laws.append(law("signed_geometric", 20.0, signed_geometric(20.0, 8), 16))
laws.append(law("signed_geometric", 0.02, signed_geometric(0.02, 1), 2))


def gaussian_moments(sigma):
    w = gaussian_weights(sigma)
    total = w[0] + 2 * mpmath.fsum(w[1:])
    return {
        "sigma": sigma,
        "p0": number(w[0] / total),
        "variance": number(2 * mpmath.fsum(k**2 * x for k, x in enumerate(w)) / total),
        "fourth": number(2 * mpmath.fsum(k**4 * x for k, x in enumerate(w)) / total),
    }


def laplace_moments(scale):
    q = mpmath.exp(-1 / mpf(scale))
    variance = 2 * q / (1 - q) ** 2
    # E X^4 = 2 (1-q)/(1+q) sum k^4 q^k.
    fourth = 2 * (1 - q) / (1 + q) * q * (1 + 11 * q + 11 * q**2 + q**3) / (1 - q) ** 5
    return {"scale": scale, "p0": number((1 - q) / (1 + q)), "variance": number(variance), "fourth": number(fourth)}


def cells(edges, below):
    """Probabilities of (-inf, e_0), [e_0, e_1), ..., [e_last, inf) from the function P(X < e)."""
    at = [mpf(0)] + [below(e) for e in edges] + [mpf(1)]
    return [float(b - a) for a, b in zip(at, at[1:])]


def gaussian_cells(sigma):
    if sigma <= 200:
        w = gaussian_weights(sigma)
        total = w[0] + 2 * mpmath.fsum(w[1:])
        upper = [mpf(0)]
        for x in reversed(w):
            upper.append(upper[-1] + x / total)
        upper.reverse()  # upper[k] = P(X >= k), k >= 0
        below = lambda e: 1 - upper[e] if e >= 0 else upper[1 - e]
    else:
        k = np.arange(0, int(14 * sigma), dtype=np.longdouble)
        w = np.exp(-(k * k) / (2 * np.longdouble(sigma) ** 2))
        tail = np.cumsum(w[::-1])[::-1]
        total = 2 * tail[0] - 1
        below = lambda e: mpf(1) - mpf(float(tail[e] / total)) if e >= 0 else mpf(float(tail[1 - e] / total))
    if sigma < 6:
        edges = list(range(-int(4 * sigma) - 2, int(4 * sigma) + 3))
    else:
        edges = sorted({int(mpmath.floor(sigma * z)) for z in np.concatenate([[-5, -4.5, -4], np.arange(-3.5, 3.6, 0.25), [4, 4.5, 5]])})
    return {"sigma": sigma, "edges": edges, "probabilities": cells(edges, below)}


def laplace_cells(scale):
    q = mpmath.exp(-1 / mpf(scale))
    # P(X >= k) = q^k / (1 + q) for k >= 1, and by symmetry.
    below = lambda e: 1 - q**e / (1 + q) if e >= 1 else q ** (1 - e) / (1 + q)
    if scale < 3:
        edges = list(range(-int(9 * scale) - 2, int(9 * scale) + 3))
    else:
        edges = sorted({int(mpmath.floor(scale * z)) for z in [-14, -11, -9, -7, -5, -4, -3, -2.5, -2, -1.6, -1.3, -1, -0.8, -0.6, -0.45, -0.3, -0.2, -0.1,
                                             0, 0.05, 0.15, 0.25, 0.4, 0.5, 0.7, 0.9, 1.1, 1.4, 1.8, 2.2, 2.8, 3.5, 4.5, 6, 8, 10, 12, 14]})
    return {"scale": scale, "edges": edges, "probabilities": cells(edges, below)}


exponentials = []
for sigma, width in [(3.0, 6), (24.0, 12), (64.0, 15), (1000.25, 23), (1e6, 43), (2.0**40, 83)]:
    for fraction in ["0", "1e-9", "0.001", "0.0101", "0.07", "0.123456789", "0.25", "0.333", "0.5", "0.61803", "0.75", "0.9", "0.999999"]:
        n = int(mpmath.floor(mpf(fraction) * mpf(2) ** width))
        value = mpmath.exp(-mpf(n) / (2 * mpf(sigma) ** 2)) * 2**63
        exponentials.append({"sigma": sigma, "width": width, "n": hex(n), "value": str(int(mpmath.nint(value)))})

coins = []
for x in [1e-300, 1e-18, 1e-3, 0.1, 0.5, 1.0, mpmath.log(2), 2.5, 10.0, 43.5, 44.0, 60.0, 700.0]:
    x = float(x)
    value = mpmath.exp(-mpf(x)) * mpf(2) ** 64
    coins.append({"x": x, "threshold": str(min(int(mpmath.floor(value)), 2**64 - 1)), "p": float(mpmath.exp(-mpf(x))), "rest": float(value - min(int(mpmath.floor(value)), 2**64 - 1))})


def gaussian_log_delta(s, epsilon):
    with mp.workdps(400 if epsilon < 100 else 700):
        s, epsilon = mpf(s), mpf(epsilon)
        a, b = 1 / (2 * s) - epsilon * s, -1 / (2 * s) - epsilon * s
        phi = lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2
        return mpmath.log(phi(a) - mpmath.exp(epsilon) * phi(b))


def gaussian_multiplier(epsilon, delta):
    low, high = mpf(10) ** -6, mpf(10) ** 12
    for _ in range(90):
        middle = mpmath.sqrt(low * high)
        low, high = (middle, high) if gaussian_log_delta(middle, epsilon) > mpmath.log(delta) else (low, middle)
    return float(high)


curve = [[s, e, float(gaussian_log_delta(s, e))] for e in [0.0, 1e-8, 1e-3, 0.1, 0.5, 1.0, 3.0, 10.0, 50.0, 1000.0]
         for s in [0.02, 0.1, 0.5, 0.9, 1.1, 2.0, 5.0, 10.0, 40.0, 1e3, 1e6] if e * s < 40]
calibrations = [[e, d, gaussian_multiplier(e, d)] for e, d in [(0.1, 1e-5), (0.5, 1e-6), (1, 1e-5), (1, 1e-6), (2, 1e-8), (8, 1e-5), (50, 1e-6),
                (1000, 1e-9), (1e-3, 1e-9), (1e-6, 0.3), (0.01, 1e-100), (3, 1e-250), (20, 0.9)]]

document = {
    "versions": {"python": sys.version.split()[0], "mpmath": mpmath.__version__, "numpy": np.__version__},
    "laws": laws,
    "gaussian_moments": [gaussian_moments(s) for s in [0.3, 0.5, 1.0, 2.0, 4.0, 16.0, 64.0]],
    "laplace_moments": [laplace_moments(s) for s in [0.3, 1.0, 3.0, 20.0, 1000.0]],
    "gaussian_cells": [gaussian_cells(s) for s in [0.3, 1.0, 2.5, 4.0, 16.0, 21.0, 64.0, 150.3, 1e6]],
    "laplace_cells": [laplace_cells(s) for s in [0.3, 1.0, 2.0, 20.0, 777.7, 1e6]],
    "exponentials": exponentials,
    "coins": coins,
    "gaussian_curve": curve,
    "gaussian_calibrations": calibrations,
}
path = pathlib.Path(sys.argv[1]) / "privacy_noise.json"
path.write_text(json.dumps(document, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
