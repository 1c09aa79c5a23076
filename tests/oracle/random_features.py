# SPDX-License-Identifier: Apache-2.0
"""The library's random frequencies, anew: Philox, polar normals, orthogonal directions of normal length."""
import math

import numpy as np

MASK = 0xFFFFFFFF


def philox(counter, key):
    counter, key = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & MASK, (a >> 32) ^ counter[3] ^ key[1], a & MASK]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return counter


def normals(seed):
    stream = 0x7266660000000000

    def uniforms():
        block = 0
        while True:
            w = philox([block & MASK, block >> 32, stream & MASK, stream >> 32], [seed & MASK, seed >> 32])
            for word in (w[0] | w[1] << 32, w[2] | w[3] << 32):
                yield (word >> 11) * 2.0**-53
            block += 1

    source = uniforms()
    while True:
        u, v = 2 * next(source) - 1, 2 * next(source) - 1
        square = u * u + v * v
        if 0 < square < 1:
            factor = math.sqrt(-2 * math.log(square) / square)
            yield u * factor
            yield v * factor


def frequencies(seed, r, d):
    source, rows, basis = normals(seed), [], []
    for _ in range(r):
        if len(basis) == d:
            basis = []
        length = np.linalg.norm([next(source) for _ in range(d)])
        vector = np.array([next(source) for _ in range(d)])
        for unit in basis:
            vector = vector - vector @ unit * unit
        basis.append(vector / np.linalg.norm(vector))
        rows.append(basis[-1] * length)
    return np.array(rows)
