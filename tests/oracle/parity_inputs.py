# SPDX-License-Identifier: Apache-2.0
"""The inputs of the parity table: values by formula from a seed, the same bits as `draw` in parity_inputs.hpp gives."""
import numpy as np


def uniform(seed, places):
    """SplitMix64's output at those places of its sequence, as a fraction of 53 bits."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (places.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float) * 2.0**-53


def draw(spec):
    """Sums of three uniforms, cut to `levels` steps per unit, scaled by a power of 2, the first column moved; a NaN at
    every `nan`-th place. Every step is one rounding, so that no compiler can change it."""
    columns = spec.get("d", 1)
    places = np.arange(spec["n"] * columns)
    value = uniform(spec["seed"], 3 * places) + uniform(spec["seed"], 3 * places + 1)
    value = value + uniform(spec["seed"], 3 * places + 2) - 1.5
    if spec.get("levels", 0):
        value = np.floor(value * spec["levels"])
    value = value * spec.get("scale", 1.0)
    value = np.where(places % columns == 0, value + spec.get("shift", 0.0), value)
    if spec.get("nan", 0):
        value[(places + 1) % spec["nan"] == 0] = np.nan
    return value.reshape(-1, columns) if "d" in spec else value


def sample(n, seed, **more):
    return {"n": n, "seed": seed, **more}
