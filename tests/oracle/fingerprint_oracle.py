# SPDX-License-Identifier: Apache-2.0
"""SipHash-1-3 from the definition of Aumasson and Bernstein (2012), and whole fingerprints of a small image and of
rows, recomputed from the salts that ChaCha20 gives: what the C++ kernels and the fingerprinter must agree with.
Writes data/fingerprint.json. Needs only the standard library."""
import json
import math
import pathlib
import platform
import struct

MASK = (1 << 64) - 1


def rotate(x, b, bits=64):
    return (x << b | x >> (bits - b)) & ((1 << bits) - 1)


def sip_hash_13(message, k0, k1):
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def step():
        v[0] = (v[0] + v[1]) & MASK
        v[1] = rotate(v[1], 13) ^ v[0]
        v[0] = rotate(v[0], 32)
        v[2] = (v[2] + v[3]) & MASK
        v[3] = rotate(v[3], 16) ^ v[2]
        v[0] = (v[0] + v[3]) & MASK
        v[3] = rotate(v[3], 21) ^ v[0]
        v[2] = (v[2] + v[1]) & MASK
        v[1] = rotate(v[1], 17) ^ v[2]
        v[2] = rotate(v[2], 32)

    padded = message + b"\0" * (7 - len(message) % 8) + bytes([len(message) % 256])
    for (m,) in struct.iter_unpack("<Q", padded):
        v[3] ^= m
        step()
        v[0] ^= m
    v[2] ^= 0xFF
    for _ in range(3):
        step()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def chacha20(key, nonce, count):
    """The original ChaCha20 (64-bit counter and nonce) keystream."""
    out = b""
    block = 0
    while len(out) < count:
        start = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key))
        start += [block & 0xFFFFFFFF, block >> 32] + list(struct.unpack("<2I", nonce))
        x = list(start)

        def quarter(a, b, c, d):
            for i, j, k, r in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[i] = (x[i] + x[j]) & 0xFFFFFFFF
                x[k] = rotate(x[k] ^ x[i], r, 32)

        for _ in range(10):
            for q in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)):
                quarter(*q)
            for q in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
                quarter(*q)
        out += struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, start)))
        block += 1
    return out[:count]


KEY = struct.pack("<4Q", 1, 2, 3, 4)


def least(cells, cell_size, window, stride, slots):
    k0, k1 = struct.unpack("<2Q", chacha20(KEY, b"\0" * 8, 16))
    hashes = [MASK] * slots
    windows = (len(cells) // cell_size - window) // stride + 1
    for j in range(windows):
        begin = j * stride * cell_size
        h = sip_hash_13(cells[begin:begin + window * cell_size], k0, k1)
        hashes[j % slots] = min(hashes[j % slots], h)
    return hashes[:min(slots, windows)]


def image(values, step, window, stride, slots):
    salt = chacha20(KEY, b"\1" + b"\0" * 7, len(values))
    return least(bytes(((x + s) % 256) // step for x, s in zip(values, salt)), 1, window, stride, slots)


def row(values, steps, window, stride, slots):
    words = struct.unpack(f"<{len(values)}Q", chacha20(KEY, b"\2" + b"\0" * 7, 8 * len(values)))
    cells = b""
    for x, step, word in zip(values, steps, words):
        y = x * (1.0 / step) + (word >> 32) * 2.0**-32
        bin_ = -2**31 if math.isnan(y) else math.floor(max(-2147483646.0, min(2147483646.0, y)))
        cells += struct.pack("<I", (bin_ + word) & 0xFFFFFFFF)
    return least(cells, 4, window, stride, slots)


def main():
    own = struct.unpack("<2Q", bytes(range(16)))
    data = {"versions": {"python": platform.python_version()},
            "texts": {text: sip_hash_13(text.encode(), *own) for text in ("", "a", "abcdefghijklmnopqrst")}}
    pixels = [(7 * i * i + 3 * i) % 256 for i in range(16 * 16 * 3)]
    features = [math.sin(1.0 + i) * 10.0**(i % 4) for i in range(12)] + [math.nan, math.inf, -math.inf, 1e300]
    steps = [0.1 * (1 + i % 5) for i in range(16)]
    for name, hashes in (("image_50_25", image(pixels, 50, 50, 25, 16)), ("image_20_1", image(pixels, 50, 20, 1, 48)),
                         ("image_3_2", image(pixels, 7, 3, 2, 8)), ("row_3_1", row(features, steps, 3, 1, 48)),
                         ("row_1_1", row(features, steps, 1, 1, 8)), ("row_5_4", row(features, steps, 5, 4, 8))):
        data[name] = hashes
    path = pathlib.Path(__file__).parent / "data" / "fingerprint.json"
    path.write_text(json.dumps(data, indent=0) + "\n")


main()
