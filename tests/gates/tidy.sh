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
# One file. The static analyzer explores a fifth of the states that it would by default: its whole budget costs more than
# all else here together and found nothing more. Where clang-tidy itself dies of a signal (that analyzer does, in version
# 14, on a function that returns a class it can move only), the file is checked again without it.
cat >"$database/tidy-one.sh" <<'END'
status=0
"$1" --quiet -p "$2" --warnings-as-errors='*' --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang \
    --extra-arg=max-nodes=40000 "$3" >"$2/tidy.$$" 2>/dev/null || status=$?
if [ "$status" -gt 128 ]; then
    status=0
    "$1" --quiet -p "$2" --warnings-as-errors='*' --checks='-clang-analyzer-*' "$3" >"$2/tidy.$$" 2>&1 || status=1
    echo "$3: checked without the static analyzer, which crashed on it"
fi
[ "$status" = 0 ] || { cat "$2/tidy.$$"; exit 1; }
END
xargs -P 2 -n 1 sh "$database/tidy-one.sh" "$tool" "$database" <"$database/tidy-files.txt"
echo "$(wc -l <"$database/tidy-files.txt") files, no finding"
