# SPDX-License-Identifier: Apache-2.0
"""Writes what other packages release, promise and keep: `python privacy_peers_oracle.py data` with OpenDP, python-dp
(Google's library) and diffprivlib. Calibrations, guarantees and probabilities as they state them, and counts of their
draws; draws are theirs, not seeded, so that a new run writes other counts of the same laws."""
import collections
import importlib.metadata
import json
import pathlib
import sys
import types

import numpy
import opendp.prelude as dp
import pydp.algorithms.numerical_mechanisms as google
import pydp.algorithms.partition_selection as partitions

sys.modules["diffprivlib.models"] = types.ModuleType("diffprivlib.models")  # asks for an older scikit-learn
from diffprivlib import mechanisms as ibm

dp.enable_features("contrib", "idealized-numerics")
DRAWS = 40000


def integers(distance):
    return dp.vector_domain(dp.atom_domain(T="i64")), distance


def counts(mechanism):
    drawn = collections.Counter(mechanism([0] * DRAWS))
    return [[x, drawn[x]] for x in sorted(drawn)]


def laplace(scale):
    return dp.m.make_laplace(*integers(dp.l1_distance(T="i64")), scale=scale)


def gaussian(scale):
    return dp.m.make_gaussian(*integers(dp.l2_distance(T=float)), scale=scale)


def profile(scale, sensitivity, delta):
    return dp.c.make_zCDP_to_approxDP(gaussian(scale)).map(sensitivity).epsilon(delta)


def threshold(scale, at):
    space = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T="i64"))
    distance = dp.l01inf_distance(dp.absolute_distance(T="i64"))
    return dp.m.make_laplace_threshold(space, distance, scale=scale, threshold=at).map((1, 1, 1))


def exponential(epsilon, utilities):
    cumulated = ibm.Exponential(epsilon=epsilon, sensitivity=1, utility=utilities)._probabilities
    return [float(x) for x in numpy.diff(numpy.concatenate([[0.0], cumulated]))]


def keeps(epsilon, delta, most):
    strategy = partitions.create_truncated_geometric_partition_strategy(epsilon, delta, most)
    return [strategy.probability_of_keep(n) for n in range(1, 60)]


document = {
    "versions": {n: importlib.metadata.version(n) for n in ("opendp", "python-dp", "diffprivlib")},
    "opendp_laplace_draws": [[s, counts(laplace(s))] for s in (0.7, 2.5, 20.0)],
    "opendp_gaussian_draws": [[s, counts(gaussian(s))] for s in (0.7, 4.0, 30.0)],
    # scale, sensitivity, epsilon; sigma, sensitivity, rho
    "opendp_laplace_epsilon": [[s, d, laplace(s).map(d)] for s, d in ((2.5, 3), (7.0, 1), (0.3, 2))],
    "opendp_gaussian_rho": [[s, d, gaussian(s).map(float(d))] for s, d in ((4.0, 3), (1.7, 1), (30.0, 7))],
    # rho by sigma and sensitivity, delta, epsilon
    "opendp_zcdp_epsilon": [[s, d, x, profile(s, float(d), x)] for s, d, x in ((4.0, 3, 1e-6), (1.0, 1, 1e-6), (9.0, 1, 1e-9))],
    # scale, alpha, the least a with P(|X| >= a) <= alpha
    "opendp_laplace_accuracy": [[s, a, dp.discrete_laplacian_scale_to_accuracy(s, a)] for s in (0.7, 2.5, 20.0) for a in (0.05, 0.001)],
    "opendp_gaussian_accuracy": [[s, a, dp.discrete_gaussian_scale_to_accuracy(s, a)] for s in (0.7, 4.0, 30.0) for a in (0.05, 0.001)],
    # scale, threshold, epsilon, delta of a single category
    "opendp_threshold": [[s, t, *threshold(s, t)] for s, t in ((2.0, 20), (1.0, 15), (5.0, 90))],
    # epsilon, delta, categories of a user, probabilities for 1, 2, ... users
    "google_partitions": [[e, d, k, keeps(e, d, k)] for e, d, k in ((1.0, 1e-5, 1), (0.5, 1e-3, 1), (2.0, 1e-4, 3))],
    # epsilon, delta, sigma of L2 sensitivity 1
    "google_gaussian": [[e, d, google.GaussianMechanism(e, d, 1.0).std] for e, d in ((1.0, 1e-6), (0.1, 1e-5), (8.0, 1e-5))],
    # epsilon, scale of sensitivity 1
    "google_laplace": [[e, google.LaplaceMechanism(e, 1.0).diversity] for e in (0.5, 1.0, 3.0)],
    "diffprivlib_discrete_gaussian": [
        [e, d, s, ibm.GaussianDiscrete(epsilon=e, delta=d, sensitivity=s)._scale]
        for e, d, s in ((0.5, 1e-5, 1), (1.0, 1e-6, 2), (2.0, 1e-4, 1))
    ],
    "diffprivlib_geometric_variance": [[e, ibm.Geometric(epsilon=e, sensitivity=1).variance(0)] for e in (0.1, 0.4, 2.0)],
    "diffprivlib_staircase_gamma": [[e, float(ibm.Staircase(epsilon=e, sensitivity=1).gamma)] for e in (0.4, 1.2, 4.0)],
    "diffprivlib_exponential": [[e, u, exponential(e, [float(x) for x in u])] for e, u in ((1.2, [0, 3, 2, 3]), (0.4, [5, 1, 9]))],
}
(pathlib.Path(sys.argv[1]) / "privacy_peers.json").write_text(json.dumps(document) + "\n")
