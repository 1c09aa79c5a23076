#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Records the present ABI of the C library: the list of symbols and the dump that the gates compare with.
# usage: sh capi/abi/update.sh BUILD_DIR   (built by g++ on x86-64 with VEDETTE_BUILD_TESTS=ON, which adds the -g needed)
set -eu
build=$(cd "${1:?usage: sh capi/abi/update.sh BUILD_DIR}" && pwd)
cd "$(dirname "$0")"
library=$(find "$build/capi" -name 'libvedette.so' | head -n 1)
[ -n "$library" ] || { echo "no libvedette.so below $build/capi" >&2; exit 2; }
readelf -S "$library" | grep -q '\.debug_info' || { echo "$library has no debug information" >&2; exit 2; }
sh dump.sh "$library" ../include "$build/now.abi"
if [ -f libvedette.abi ]; then
    status=0
    abidiff libvedette.abi "$build/now.abi" || status=$?
    if [ $((status & 8)) != 0 ]; then
        echo "This change is incompatible: raise VDT_ABI_VERSION, remove libvedette.abi, then run this again." >&2
        exit 1
    fi
fi
nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u >symbols.txt
mv "$build/now.abi" libvedette.abi
echo "recorded $(wc -l <symbols.txt) symbols"
