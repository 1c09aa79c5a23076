#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Normal forms of texts, as CPython's unicodedata (generated from the Unicode Character Database) gives them.

    normal_form_oracle.py > data/normal_forms.json        (of a Python whose unicodedata is of Unicode 15.0: 3.12)

Each case: a text, its NFC, its NFKC. All code points that have a decomposition, in steps of a prime so that the file
stays small, random sequences of them with combining marks in any order, and Hangul.
"""
import json
import random
import unicodedata


def main():
    assert unicodedata.unidata_version == "15.0.0", unicodedata.unidata_version
    r = random.Random(3)
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    decomposed = [p for p in points if unicodedata.decomposition(chr(p))]
    marks = [p for p in points if unicodedata.combining(chr(p))]
    texts = [chr(p) for p in decomposed[::29]] + [chr(p) for p in range(0xAC00, 0xD7A4, 997)]
    texts += ["".join(chr(r.choice(decomposed if r.random() < 0.5 else marks)) for _ in range(r.randrange(2, 7)))
              for _ in range(400)]
    texts += ["e" + "".join(chr(r.choice(marks)) for _ in range(r.randrange(1, 9))) for _ in range(100)]
    texts += ["\u1100\u1161\u11a8", "\ufb01", "\u212b", "\u0344", "\ufdfa", "A\u030a", "\uff21\uff22"]
    cases = [[t, unicodedata.normalize("NFC", t), unicodedata.normalize("NFKC", t)] for t in texts]
    print(json.dumps({"unicode": unicodedata.unidata_version, "cases": cases}, separators=(",", ":")))


if __name__ == "__main__":
    main()
