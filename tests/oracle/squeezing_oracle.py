# SPDX-License-Identifier: Apache-2.0
"""Writes SciPy's medians, NumPy's levels, and non-local means by the definition in float64 and by OpenCV:
`python squeezing_oracle.py data`."""
import json
import pathlib
import sys

import cv2
import numpy as np
import scipy
from scipy import ndimage

generator = np.random.default_rng(20261127)


def image(height, width, channels):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    smooth = 120 + 80 * np.sin(x / 3 + c) * np.cos(y / 4)
    return np.uint8(np.clip(smooth + generator.normal(scale=12, size=smooth.shape), 0, 255))


def non_local_means(values, search, patch, strength):
    reach, half = search // 2, patch // 2
    border = reach + half
    padded = np.pad(values.astype(np.float64), ((border, border), (border, border), (0, 0)), mode="reflect")
    height, width, channels = values.shape
    out = np.zeros(values.shape)
    for y in range(height):
        for x in range(width):
            def around(v, u):
                return padded[v - half:v + half + 1, u - half:u + half + 1]

            total, own = 0.0, around(y + border, x + border)
            for v in range(y + half, y + half + search):
                for u in range(x + half, x + half + search):
                    weight = np.exp(-np.mean((own - around(v, u)) ** 2) / strength ** 2)
                    total += weight
                    out[y, x] += weight * padded[v, u]
            out[y, x] /= total
    return out


medians = []
for shape in [(1, 1, 1), (1, 7, 1), (5, 1, 2), (2, 2, 3), (3, 5, 1), (9, 17, 3), (12, 40, 4)]:
    pixels = np.uint8(generator.integers(0, 256, size=shape))
    medians.append({"shape": shape, "image": pixels.ravel().tolist(),
                    "window_2": ndimage.median_filter(pixels, size=(2, 2, 1), mode="reflect").ravel().tolist(),
                    "window_3": ndimage.median_filter(pixels, size=(3, 3, 1), mode="reflect").ravel().tolist()})

every = np.arange(256)
bytes_by_bits = [np.rint(np.rint(every / 255 * (2 ** b - 1)) / (2 ** b - 1) * 255).astype(int).tolist()
                 for b in range(1, 9)]
unit = np.float32(generator.uniform(-0.1, 1.1, size=200))
floats_by_bits = [(np.rint(unit * np.float32(2 ** b - 1)) / np.float32(2 ** b - 1)).astype(float).tolist()
                  for b in range(1, 17)]

means = []
for shape, search, patch, strength in [((14, 15, 1), 11, 3, 20.0), ((12, 13, 3), 7, 5, 12.0), ((10, 10, 2), 5, 1, 30.0)]:
    pixels = image(*shape)
    entry = {"shape": shape, "search_window": search, "patch": patch, "strength": strength,
             "image": pixels.ravel().tolist(),
             "expected": non_local_means(pixels, search, patch, strength).ravel().tolist()}
    # Its weight of several channels sums their squared differences, and divides by h^2 times their number.
    entry["opencv"] = cv2.fastNlMeansDenoising(pixels, None, strength, patch, search).ravel().tolist()
    means.append(entry)

document = {"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "opencv": cv2.__version__},
            "medians": medians, "bytes_by_bits": bytes_by_bits, "unit": unit.astype(float).tolist(),
            "floats_by_bits": floats_by_bits, "non_local_means": means}
path = pathlib.Path(sys.argv[1]) / "squeezing.json"
path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
