#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gate: all C and C++ files are formatted by clang-format 14.  usage: format.sh SOURCE_DIR [--fix]
set -eu
cd "$1"
tool=$(command -v clang-format-14 || true)
[ -n "$tool" ] || { echo "clang-format-14 is not installed"; exit 77; }
mode='--dry-run --Werror'
[ "${2:-}" != --fix ] || mode=-i
# shellcheck disable=SC2086  # two options
find include src capi tests bench -name '*.[ch]pp' -o -name '*.[ch]' | LC_ALL=C sort | xargs -P 2 -n 20 "$tool" $mode
echo "formatted as .clang-format says"
