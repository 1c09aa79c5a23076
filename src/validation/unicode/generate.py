#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes text_tables.inc: what of the Unicode Character Database the checks of texts need.

    generate.py UCD-DIRECTORY OUT

UCD-DIRECTORY holds Scripts.txt, ScriptExtensions.txt, PropertyValueAliases.txt and
extracted/DerivedGeneralCategory.txt of Unicode 15.0.0 (Debian: unicode-data 15.0.0-1, /usr/share/unicode). The
prototypes of look-alikes are those of UTS 39's confusables.txt 15.0.0, as ICU 72 carries them (uspoof_getSkeleton of
libicui18n.so.72, NFD of one code point mapped and decomposed).
"""
import ctypes
import re
import sys
from pathlib import Path

LAST = 0x10FFFF
PER_LINE = 108


def ranges(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        found = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*([^#]+?)\s*(?:#|$)", line)
        if found:
            first = int(found[1], 16)
            yield first, int(found[2] or found[1], 16), found[3]


def long_names(path):
    names = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = [part.strip() for part in line.split("#")[0].split(";")]
        if parts[0] == "sc":
            names[parts[1]] = parts[2]
    return names


def skeletons():
    library = ctypes.CDLL("libicui18n.so.72")
    status = ctypes.c_int(0)
    library.uspoof_open_72.restype = ctypes.c_void_p
    checker = ctypes.c_void_p(library.uspoof_open_72(ctypes.byref(status)))
    assert status.value <= 0
    out = ctypes.create_string_buffer(256)
    library.uspoof_getSkeletonUTF8_72.restype = ctypes.c_int32

    def of(code):
        text = chr(code).encode("utf-8")
        fault = ctypes.c_int(0)
        size = library.uspoof_getSkeletonUTF8_72(checker, 0, text, len(text), out, 256, ctypes.byref(fault))
        assert fault.value <= 0, hex(code)
        return out.raw[:size].decode("utf-8")

    return of


def rows(items):
    line = ""
    for item in items:
        if len(line) + len(item) + 1 > PER_LINE:
            yield line.rstrip()
            line = ""
        line += item + ", "
    if line:
        yield line.rstrip()


def main():
    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    assert "Scripts-15.0.0" in (root / "Scripts.txt").read_text(encoding="utf-8")[:40]
    script = ["Unknown"] * (LAST + 1)
    for first, last, name in ranges(root / "Scripts.txt"):
        script[first:last + 1] = [name] * (last + 1 - first)
    names = long_names(root / "PropertyValueAliases.txt")
    extensions = {}
    for first, last, short in ranges(root / "ScriptExtensions.txt"):
        for code in range(first, last + 1):
            extensions[code] = frozenset(names[s] for s in short.split())
    category = ["Cn"] * (LAST + 1)
    for first, last, name in ranges(root / "extracted/DerivedGeneralCategory.txt"):
        category[first:last + 1] = [name] * (last + 1 - first)

    # UTS 39, 5.1: augmented script sets.
    def augmented(scripts):
        scripts = set(scripts)
        if "Han" in scripts:
            scripts |= {"Hanb", "Jpan", "Kore"}
        if scripts & {"Hiragana", "Katakana"}:
            scripts |= {"Jpan"}
        if "Hangul" in scripts:
            scripts |= {"Kore"}
        if "Bopomofo" in scripts:
            scripts |= {"Hanb"}
        return frozenset() if scripts & {"Common", "Inherited"} else frozenset(scripts)

    def kind(code):
        is_word = category[code][0] in "LMN" or category[code] == "Pc"
        return is_word, augmented(extensions.get(code, {script[code]}))

    order = ["Latin", "Jpan", "Hanb", "Kore"]
    order += sorted(set(script) | set().union(*extensions.values()) - set(order))
    order = [s for i, s in enumerate(order) if s not in order[:i] and s not in ("Common", "Inherited")]
    kinds, starts, before = [], [], None
    for code in range(0x80, LAST + 1):
        now = kind(code)
        if now != before:
            if now not in kinds:
                kinds.append(now)
            starts.append((code, kinds.index(now)))
            before = now

    skeleton = skeletons()
    lookalikes = []
    for code in range(0x80, LAST + 1):
        if 0xD800 <= code <= 0xDFFF or category[code] in ("Cn", "Co") or not kind(code)[0]:
            continue
        if script[code] == "Latin" and not 0xFF21 <= code <= 0xFF5A:
            continue
        if category[code][0] == "N" and script[code] != "Common":
            continue
        if re.fullmatch("[A-Za-z0-9]+", skeleton(code)):
            lookalikes.append(code)

    words = (len(order) + 63) // 64
    lines = ["// Written by generate.py from Unicode 15.0.0; see LICENSE beside it for the terms of its data.",
             f"inline constexpr std::size_t script_words = {words};",
             "// Augmented script sets (UTS 39, 5.1), a bit per script; none: Common or Inherited, which go with all."
             " Bits 0 to 3:",
             "// Latin, Jpan, Hanb, Kore.",
             f"inline constexpr std::array<CharacterKind, {len(kinds)}> kinds{{{{"]
    for is_word, scripts in kinds:
        bits = [0] * words
        for name in scripts:
            bits[order.index(name) // 64] |= 1 << (order.index(name) % 64)
        lines.append(f"    {{{str(is_word).lower()}, {{{', '.join(hex(b) + 'U' for b in bits)}}}}},")
    lines += ["}};", "// Code points at which another kind begins, from U+0080: code point << 11 | kind.",
              f"inline constexpr std::array<std::uint32_t, {len(starts)}> kind_starts{{"]
    lines += ["    " + line for line in rows(f"{code << 11 | index:#x}" for code, index in starts)]
    lines += ["};", "// Whose prototype in confusables.txt is of ASCII letters and digits alone.",
              f"inline constexpr std::array<std::uint32_t, {len(lookalikes)}> lookalikes{{"]
    lines += ["    " + line for line in rows(f"{code:#x}" for code in lookalikes)]
    lines += ["};", ""]
    assert len(kinds) < 2048
    out.write_text("\n".join(lines), encoding="utf-8")
    print(len(order), "scripts,", len(kinds), "kinds,", len(starts), "ranges,", len(lookalikes), "look-alikes")


main()
