#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Byte sequences at which UTF-8 decoders go wrong, and whether CPython's strict decoder takes them.

    utf8_stress_oracle.py > data/utf8_stress.json

After the headings of Markus Kuhn's "UTF-8 decoder capability and stress test" (boundaries, malformed, overlong and illegal
sequences), each made here from its definition: first and last sequences of each length, up to six bytes; lone
continuation bytes and lone starts of every value; sequences with the last byte missing, alone and one after the other;
impossible bytes; overlong forms of characters and of NUL; single and paired surrogates; noncharacters. And random ones.
"""
import json
import random


def encoded(code, length):
    """The code point in so many bytes, whether or not that is UTF-8."""
    if length == 1:
        return bytes([code])
    body = [0x80 | (code >> (6 * i) & 0x3F) for i in reversed(range(length - 1))]
    return bytes([(0xFF00 >> length & 0xFF) | code >> (6 * (length - 1))] + body)


def sequences():
    limits = [0x80, 0x800, 0x10000, 0x200000, 0x4000000, 0x80000000]
    yield from (encoded(first, n + 1) for n, first in enumerate([0] + limits[:-1]))
    yield from (encoded(end - 1, n + 1) for n, end in enumerate(limits))
    yield from (encoded(c, 3 if c < 0x10000 else 4) for c in (0xD7FF, 0xE000, 0xFFFD, 0x10FFFF, 0x110000))
    for count in range(1, 8):
        yield bytes([0x80, 0xBF] * 4)[:count]
    yield bytes(range(0x80, 0xC0))
    for start in range(0xC0, 0x100):
        yield bytes([start])
        yield bytes([start, 0x20])
        yield bytes([start, 0x80])
        yield bytes([start, 0x80, 0x80])
        yield bytes([start, 0xBF, 0xBF, 0xBF])
        yield bytes([start, 0x8F, 0x80, 0x80])
        yield bytes([start, 0x90, 0x80, 0x80])
        yield bytes([start, 0x9F, 0xBF])
        yield bytes([start, 0xA0, 0x80])
    cut = [encoded(first, n)[:-1] for n, first in zip(range(2, 7), limits)]
    cut += [encoded(end - 1, n)[:-1] for n, end in zip(range(2, 7), limits[1:])]
    yield from cut
    yield b"".join(cut)
    yield from (b"\xFE", b"\xFF", b"\xFE\xFE\xFF\xFF")
    for code in (0x2F, 0x00, 0x7F, 0x7FF, 0xFFFF):
        yield from (encoded(code, n) for n in range(2, 7) if n == 2 and code < 0x800 or n > 2)
    surrogates = [0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF]
    yield from (encoded(c, 3) for c in surrogates)
    yield from (encoded(a, 3) + encoded(b, 3) for a in surrogates[:4] for b in surrogates[4:])
    yield from (encoded(c, 3) for c in (0xFFFE, 0xFFFF, 0xFDD0, 0xFDEF))
    yield from (encoded(plane << 16 | last, 4) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    r = random.Random(8)
    for _ in range(300):
        text = "".join(chr(r.choice([0x41, 0xE9, 0x20AC, 0x1F600])) for _ in range(r.randrange(1, 6))).encode()
        if r.random() < 0.7:
            at = r.randrange(len(text))
            text = text[:at] + bytes([r.randrange(256)]) + text[at + r.randrange(2):]
        yield text


def is_utf8(sequence):
    try:
        sequence.decode("utf-8")
        return True
    except UnicodeDecodeError:
        return False


def main():
    print(json.dumps([[s.hex(), is_utf8(s)] for s in dict.fromkeys(sequences())], separators=(",", ":")))


if __name__ == "__main__":
    main()
