# SPDX-License-Identifier: Apache-2.0
"""Reference values of the privacy accountants: mpmath at 40 digits, dp-accounting and prv-accountant.

Run with dp-accounting 0.6.0, prv-accountant 0.2.0 and mpmath:  privacy_accounting_oracle.py > data/privacy_accounting.json
"""

import importlib.metadata
import json

import mpmath as mp
from dp_accounting.pld import privacy_loss_distribution as pld
from dp_accounting.rdp import rdp_privacy_accountant as rdp
from prv_accountant import PoissonSubsampledGaussianMechanism, PRVAccountant

mp.mp.dps = 40


def phi(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def gaussian_delta(sigma, epsilon):
    s, e = mp.mpf(sigma), mp.mpf(epsilon)
    return phi(1 / (2 * s) - e * s) - mp.exp(e) * phi(-1 / (2 * s) - e * s)


def gaussian_sigma(epsilon, delta):
    """The root by bisection in the logarithm: the curve falls over hundreds of magnitudes."""
    low, high = mp.mpf("1e-3"), mp.mpf("1e6")
    for _ in range(160):
        middle = mp.sqrt(low * high)
        if gaussian_delta(middle, epsilon) > mp.mpf(delta):
            low = middle
        else:
            high = middle
    return mp.sqrt(low * high)


def renyi(q, sigma, order):
    """log E_Q[(P/Q)^a] / (a - 1) by quadrature, P the mixture."""
    q, s, a = mp.mpf(q), mp.mpf(sigma), mp.mpf(order)

    def f(x):
        ratio = 1 - q + q * mp.exp((2 * x - 1) / (2 * s * s))
        return mp.exp(-x * x / (2 * s * s)) / (s * mp.sqrt(2 * mp.pi)) * ratio**a

    points = [-30 * s, -8 * s, 0, 1, a / 2, a, a + 8 * s, a + 30 * s]
    return mp.log(mp.quad(f, sorted(set(points)))) / (a - 1)


def zcdp_delta(rho, epsilon):
    r, e = mp.mpf(rho), mp.mpf(epsilon)

    def log_delta(a):
        return (a - 1) * (a * r - e) + a * mp.log1p(-1 / a) - mp.log(a - 1)

    low, high = mp.mpf("1.0000001"), (e + 1) / (2 * r) + 2
    slope = lambda a: (2 * a - 1) * r - e + mp.log1p(-1 / a)  # noqa: E731
    for _ in range(160):
        middle = (low + high) / 2
        if slope(middle) < 0:
            low = middle
        else:
            high = middle
    return mp.exp(log_delta(low))


def optimal_composition(epsilon, k, delta):
    """Kairouz, Oh and Viswanath (2015) for pure epsilon: the least of (k - 2 i) epsilon whose delta suffices, and
    between them the curve's own root."""
    e = mp.mpf(epsilon)

    def curve(x):
        total = mp.mpf(0)
        for j in range(k + 1):
            loss = (k - 2 * j) * e
            if loss > x:
                total += mp.binomial(k, j) * mp.exp((k - j) * e) * (1 - mp.exp(x - loss))
        return total / (1 + mp.exp(e)) ** k

    low, high = mp.mpf(0), k * e
    for _ in range(130):
        middle = (low + high) / 2
        if curve(middle) > mp.mpf(delta):
            low = middle
        else:
            high = middle
    return high


def text(x):
    return float(mp.nstr(x, 17))


def pld_epsilon(sigma, q, steps, delta, interval):
    one = pld.from_gaussian_mechanism(sigma, value_discretization_interval=interval, sampling_prob=q)
    return one.self_compose(steps).get_epsilon_for_delta(delta)


def main():
    data = {"versions": {n: importlib.metadata.version(n) for n in ("dp-accounting", "prv-accountant", "mpmath")}}
    data["gaussian_delta"] = [
        [s, e, text(gaussian_delta(s, e))] for s, e in ((1, 1), (2, 0.5), (0.5, 10), (10, 0), (0.06, 150), (1, 12))
    ]
    data["gaussian_sigma"] = [
        [e, d, text(gaussian_sigma(e, d))]
        for e, d in ((0.1, 1e-5), (0.5, 1e-6), (1, 1e-5), (1, 1e-6), (2, 1e-8), (8, 1e-5), (50, 1e-6), (1000, 1e-9))
    ]
    grid = [(0.01, 2.5, a) for a in (1.5, 2.5, 5, 50, 100)] + [(1e-4, 1, 1.5), (0.1, 1, 3.3), (0.05, 0.8, 7.7)]
    data["renyi"] = []
    for q, s, a in grid:
        theirs = rdp._compute_rdp_poisson_subsampled_gaussian(q, s, [a])[0]
        data["renyi"].append([q, s, a, text(renyi(q, s, a)), float(theirs)])
    data["zcdp_delta"] = [
        [r, e, text(zcdp_delta(r, e))] for r, e in ((0.5, 4), (0.1, 1), (0.02, 1), (1, 8))
    ]
    data["optimal_composition"] = [
        [e, k, d, text(optimal_composition(e, k, d))] for e, k, d in ((1, 10, 1e-6), (0.1, 100, 1e-6), (0.5, 30, 1e-9))
    ]
    data["pld_epsilon"] = []
    for s, q, k, d, h in (
        (1, 0.01, 1000, 1e-6, 1e-3),
        (0.8, 0.001, 100, 1e-6, 1e-4),
        (3, 0.05, 1000, 1e-6, 1e-3),
        (1.5, 0.04, 2250, 1e-5, 1e-3),
        (2, 0.2, 100, 1e-6, 1e-3),
    ):
        data["pld_epsilon"].append([s, q, k, d, h, float(pld_epsilon(s, q, k, d, h))])
    data["prv_epsilon"] = []
    for s, q, k, d in ((1, 0.01, 1000, 1e-6), (0.8, 0.05, 1000, 1e-6), (1.5, 0.04, 2250, 1e-5), (3, 0.05, 1000, 1e-6)):
        one = PoissonSubsampledGaussianMechanism(sampling_probability=q, noise_multiplier=s)
        accountant = PRVAccountant(prvs=[one], max_self_compositions=[k], eps_error=0.01, delta_error=d / 1000)
        data["prv_epsilon"].append([s, q, k, d, *map(float, accountant.compute_epsilon(d, [k]))])
    laplace = pld.from_laplace_mechanism(0.5, value_discretization_interval=1e-4, sampling_prob=0.2)
    data["poisson_laplace"] = float(laplace.self_compose(3).get_epsilon_for_delta(1e-14))
    mixed = pld.from_mixture_gaussian_mechanism(1.0, [0, 1, 2], [0.5, 0.3, 0.2], value_discretization_interval=1e-4)
    data["mixture"] = float(mixed.self_compose(20).get_epsilon_for_delta(1e-6))
    discrete = pld.from_discrete_gaussian_mechanism(2, value_discretization_interval=1e-4)
    data["discrete_gaussian"] = float(discrete.self_compose(10).get_epsilon_for_delta(1e-6))
    print(json.dumps(data, indent=1))


if __name__ == "__main__":
    main()
