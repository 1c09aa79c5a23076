# SPDX-License-Identifier: Apache-2.0
"""What characters, words and repetitions the checks of texts must find: data/text_rules.json.

    text_rules_oracle.py UCD-DIRECTORY > data/text_rules.json

Characters: classes from the Unicode Character Database's own properties (PropList, DerivedCoreProperties and general
categories, 15.0.0; Debian's unicode-data), every code point. Words: restriction levels and skeletons of ICU 72's spoof
checker, with every character allowed, of words drawn from many scripts. Repetition: distinct-n (Li et al., 2016)
counted with a set of tuples. Written from the definitions; shares no code with the library or its table's generator.
"""
import ctypes
import json
import random
import re
import sys
import unicodedata
from pathlib import Path

ALL = range(0x110000)


def property_of(path, name):
    found = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*" + name + r"\b", line)
        if match:
            found |= set(range(int(match[1], 16), int(match[2] or match[1], 16) + 1))
    return found


def character_ranges(root):
    ignorable = property_of(root / "DerivedCoreProperties.txt", "Default_Ignorable_Code_Point")
    bidi = property_of(root / "PropList.txt", "Bidi_Control")
    selectors = property_of(root / "PropList.txt", "Variation_Selector")
    joiners = property_of(root / "PropList.txt", "Join_Control")
    control = property_of(root / "extracted/DerivedGeneralCategory.txt", "Cc") - {9, 10, 13}

    def of(code):
        if code in control:
            return "control"
        if code in bidi:
            return "bidirectional"
        if code in joiners:
            return "joiner"
        if code in selectors:
            return "variation_selector"
        if 0xE0000 <= code <= 0xE007F:
            return "tag"
        return "invisible" if code in ignorable else None

    ranges, before = [], None
    for code in ALL:
        now = of(code)
        if now != before and now is not None:
            ranges.append([code, code, now])
        elif now is not None:
            ranges[-1][1] = code
        before = now
    return ranges


class Spoof:
    def __init__(self):
        self.icu = ctypes.CDLL("libicui18n.so.72")
        common = ctypes.CDLL("libicuuc.so.72")
        fault = ctypes.c_int(0)
        self.icu.uspoof_open_72.restype = ctypes.c_void_p
        self.checker = ctypes.c_void_p(self.icu.uspoof_open_72(ctypes.byref(fault)))
        common.uset_openEmpty_72.restype = ctypes.c_void_p
        everything = ctypes.c_void_p(common.uset_openEmpty_72())
        common.uset_addRange_72(everything, 0, 0x10FFFF)
        self.icu.uspoof_setAllowedChars_72(self.checker, everything, ctypes.byref(fault))
        self.icu.uspoof_setChecks_72(self.checker, 16, ctypes.byref(fault))  # USPOOF_RESTRICTION_LEVEL
        self.icu.uspoof_setRestrictionLevel_72(self.checker, 0x20000000, ctypes.byref(fault))
        self.icu.uspoof_openCheckResult_72.restype = ctypes.c_void_p
        self.result = ctypes.c_void_p(self.icu.uspoof_openCheckResult_72(ctypes.byref(fault)))
        assert fault.value <= 0

    def level(self, word):
        text, fault = word.encode("utf-8"), ctypes.c_int(0)
        self.icu.uspoof_check2UTF8_72(self.checker, text, len(text), self.result, ctypes.byref(fault))
        level = self.icu.uspoof_getCheckResultRestrictionLevel_72(self.result, ctypes.byref(fault))
        assert fault.value <= 0
        return "single" if level <= 0x20000000 else "highly_restrictive" if level == 0x30000000 else "any"

    def skeleton(self, word):
        text, fault = word.encode("utf-8"), ctypes.c_int(0)
        out = ctypes.create_string_buffer(1024)
        size = self.icu.uspoof_getSkeletonUTF8_72(self.checker, 0, text, len(text), out, 1024, ctypes.byref(fault))
        assert fault.value <= 0
        return out.raw[:size].decode("utf-8")


def words(spoof):
    draw = random.Random(39)
    blocks = [(0x41, 0x5A), (0x61, 0x7A), (0x30, 0x39), (0xC0, 0xF6), (0x370, 0x3FF), (0x400, 0x45F), (0x531, 0x556),
              (0x5D0, 0x5EA), (0x620, 0x64A), (0x660, 0x669), (0x904, 0x939), (0x951, 0x952), (0x3041, 0x3096),
              (0x30A1, 0x30FC), (0x3105, 0x312F), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0x13A0, 0x13F5),
              (0x1D400, 0x1D433), (0xFF21, 0xFF5A), (0x10A0, 0x10C5), (0x2C80, 0x2CB0)]
    letters = [[chr(c) for c in range(first, last + 1) if unicodedata.category(chr(c))[0] in "LN"
                or 0x951 <= c <= 0x952] for first, last in blocks]
    east = letters[0:2] + letters[12:17]
    found = []
    while len(found) < 500:
        pools = draw.sample(east if draw.random() < 0.4 else letters, draw.choice([1, 2, 2, 3]))
        word = "".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(2, 6)))
        found.append({"text": word, "scripts": spoof.level(word)})
    return found


def lookalikes(spoof):
    draw = random.Random(40)
    pool = [chr(c) for first, last in [(0x391, 0x3C9), (0x410, 0x45F), (0x5D0, 0x5EA), (0x13A0, 0x13F5),
                                       (0x1D400, 0x1D4FF), (0xFF21, 0xFF3A), (0x2C80, 0x2CB0)]
            for c in range(first, last + 1) if unicodedata.category(chr(c))[0] == "L"]
    similar = [c for c in pool if re.fullmatch("[A-Za-z0-9]+", spoof.skeleton(c))]
    ascii_letters = [chr(c) for c in range(0x41, 0x7B) if chr(c).isalpha()]
    found = []
    while len(found) < 300:
        pools = [similar, similar, ascii_letters] + ([pool] if draw.random() < 0.3 else [])
        word = "".join(draw.choice(draw.choice(pools)) for _ in range(draw.randint(1, 5)))
        is_one = len(word) >= 2 and not word.isascii() and re.fullmatch("[A-Za-z0-9]+", spoof.skeleton(word))
        found.append({"text": word, "is_lookalike": bool(is_one)})
    return found


def share_of(units, length):
    grams = [tuple(units[i:i + length]) for i in range(len(units) - length + 1)]
    if not grams:
        return 0.0
    stretches = [grams[i:i + 1024] for i in range(0, len(grams) - 1023, 1024)]
    if len(grams) % 1024:
        stretches.append(grams[-1024:])
    return max((len(s) - len(set(s))) / len(s) for s in stretches)


def repetitions():
    draw = random.Random(41)
    vocabulary = ["the", "a", "caf\u00e9", "\u043c\u0438\u0440", "\u8a9e", "of", "1"]
    found = []
    for _ in range(30):
        size = draw.choice([0, 1, 2, 5, 40, 300, 1024, 1026, 2100])
        some = draw.sample(vocabulary, draw.randint(1, len(vocabulary)))
        spaces = draw.choice([[" "], [" ", "\n", "\u3000", "\t\u00a0"]])
        length, unit = draw.randint(1, 6), draw.choice(["words", "code_points"])
        is_new = draw.random()
        units = [str(draw.randrange(5000)) if draw.random() < is_new else draw.choice(some) for _ in range(size)]
        text = "".join(word + draw.choice(spaces) for word in units)
        if unit == "code_points":
            text = text[:1500]
        units = list(text) if unit == "code_points" else text.split()
        found.append({"text": text, "unit": unit, "length": length, "share": share_of(units, length)})
    return found


def main():
    spoof = Spoof()
    document = {"unicode": "15.0.0", "icu": 72, "characters": character_ranges(Path(sys.argv[1])),
                "words": words(spoof), "lookalikes": lookalikes(spoof), "repetitions": repetitions()}
    json.dump(document, sys.stdout, separators=(",", ":"), ensure_ascii=True)
    sys.stdout.write("\n")


main()
