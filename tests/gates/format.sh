#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gate: all C and C++ files are formatted by clang-format 14.  usage: format.sh SOURCE_DIR [--fix]
set -eu
cd "$1"
tool=$(command -v clang-format-14 || true)
[ -n "$tool" ] || { echo "clang-format-14 is not installed"; exit 77; }
sources() { find include src capi tests bench -name '*.[ch]pp' -o -name '*.[ch]' | LC_ALL=C sort; }
if [ "${2:-}" = --fix ]; then
    sources | xargs "$tool" -i
elif ! findings=$(sources | xargs "$tool" --dry-run --Werror 2>&1); then
    echo "$findings" | sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error.*/\1/p' | sort | uniq -c
    echo "not formatted (lines, file); mend with: sh tests/gates/format.sh . --fix"
    exit 1
fi
echo "formatted as .clang-format says"
