#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gate: clang-tidy 14 finds nothing in the library, the C library and the tool.
# usage: tidy.sh SOURCE_DIR BUILD_DIR   (BUILD_DIR holds compile_commands.json)
set -eu
cd "$1"
database=$2
tool=$(command -v clang-tidy-14 || true)
[ -n "$tool" ] || { echo "clang-tidy-14 is not installed"; exit 77; }
[ -f "$database/compile_commands.json" ] || { echo "$database has no compile_commands.json"; exit 1; }
# The wide kernels are one template compiled three times: once is enough.
find src capi/src -name '*.cpp' ! -name 'isa_avx*' ! -name 'isa_neon*' | LC_ALL=C sort >"$database/tidy-files.txt"
[ -s "$database/tidy-files.txt" ]
xargs -P 2 -n 1 "$tool" --quiet -p "$database" --warnings-as-errors='*' <"$database/tidy-files.txt" 2>/dev/null
echo "$(wc -l <"$database/tidy-files.txt") files, no finding"
