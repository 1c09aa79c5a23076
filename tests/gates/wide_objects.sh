#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An object compiled for one instruction set must share no symbol with any other: the linker could keep the AVX2 copy of
# an inline function and crash an older CPU. So: exactly one global definition, nothing weak, unique or common.
# Usage: wide_objects.sh NM OBJECT...
nm=$1
shift
[ $# -gt 0 ] || { echo "no objects given" >&2; exit 1; }
status=0
for object in "$@"; do
    # Without debug symbols; the second column from the right is the type.
    symbols=$("$nm" -P --no-demangle "$object") || exit 1
    shared=$(printf '%s\n' "$symbols" | awk '$2 ~ /^[WwVvuC]$/ { print "  " $2 " " $1 }')
    globals=$(printf '%s\n' "$symbols" | awk '$2 ~ /^[TDBRSGi]$/ { print "  " $2 " " $1 }')
    if [ -n "$shared" ]; then
        printf '%s: symbols that another object may share:\n%s\n' "$object" "$shared" >&2
        status=1
    fi
    if [ "$(printf '%s\n' "$globals" | grep -c .)" -ne 1 ]; then
        printf '%s: expected one global definition, found:\n%s\n' "$object" "$globals" >&2
        status=1
    fi
done
exit $status
