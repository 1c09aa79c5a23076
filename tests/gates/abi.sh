#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gate: functions, types and layouts of the C library are those of the committed dump.
# usage: abi.sh LIBRARY DUMP HEADER_DIR   (the library compiled with -g; 77 = not checked)
set -eu
library=$1
dump=$2
headers=$3
command -v abidiff >/dev/null 2>&1 || { echo "abidiff is not installed (abigail-tools)"; exit 77; }
[ -s "$dump" ] || { echo "$dump is missing: write it with capi/abi/update.sh"; exit 1; }
# Without debug information abidiff sees names alone and would pass any change of a struct.
readelf -S "$library" | grep -q '\.debug_info' || { echo "$library has no debug information"; exit 1; }
# Both sides are dumps: read straight from a library, libabigail 2.2 stops at an assertion on some C++ types.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sh "$(dirname "$dump")/dump.sh" "$library" "$headers" "$work/now.abi"
status=0
abidiff "$dump" "$work/now.abi" || status=$?
case $status in
0) echo "the ABI is unchanged" ;;
*)
    if [ $((status & 3)) != 0 ]; then
        echo "abidiff could not compare (status $status)"
    elif [ $((status & 8)) != 0 ]; then
        echo "INCOMPATIBLE change: programs that are built already would break. It needs a new ABI number."
    else
        echo "The ABI changed. If the change only adds, record it with capi/abi/update.sh."
    fi
    exit 1 ;;
esac
