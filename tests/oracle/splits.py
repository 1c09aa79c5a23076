# SPDX-License-Identifier: Apache-2.0
"""The library's random splits of pooled rows, for oracles that replay its permutations."""
import numpy as np

MASK = 0xFFFFFFFF


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & MASK, (a >> 32) ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def split(seed, index, chosen, total):
    """Selection sampling with exact integers: 1 where chosen."""
    labels, needed, words, block = [], chosen, [], 0
    for remaining in range(total, 0, -1):
        if not words:
            words = philox([block & MASK, block >> 32, index & MASK, index >> 32], [seed & MASK, seed >> 32])
            block += 1
        taken = words.pop(0) * remaining < needed << 32
        labels.append(int(taken))
        needed -= taken
    assert sum(labels) == chosen
    return np.array(labels)
