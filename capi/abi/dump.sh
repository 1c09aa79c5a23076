#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dumps the ABI of a C library as its header shows it: exported functions and the types they reach, nothing of this machine.
# usage: dump.sh LIBRARY HEADER_DIR OUTPUT
set -eu
abidw --exported-interfaces-only --headers-dir "$2" --drop-private-types --no-corpus-path --no-comp-dir-path \
    --no-show-locs --no-elf-needed --out-file "$3" "$1"
# The names of the sources, but not where they lay when they were compiled.
sed -i "s|path='[^']*/capi/|path='capi/|" "$3"
