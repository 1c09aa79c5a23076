#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gate: the C library exports exactly the functions of capi/abi/symbols.txt.  usage: symbols.sh LIBRARY SYMBOLS_FILE
set -eu
library=$1
expected=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Type A is the name of the version node itself.
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u >"$work/actual"
grep -v '^#' "$expected" | LC_ALL=C sort -u >"$work/expected"
[ -s "$work/expected" ] || { echo "$expected names no symbol"; exit 1; }
if ! diff -u "$work/expected" "$work/actual"; then
    echo "The exported symbols differ from $expected (- expected, + found)."
    echo "An addition is recorded with capi/abi/update.sh; a removal needs a new ABI number."
    exit 1
fi
echo "$(wc -l <"$work/actual") symbols, as listed"
