#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Gate: clang 14 has no warning for one source file, which is read but not compiled.
# usage: syntax.sh FILE, from the project's folder
set -eu
includes="-Iinclude -Isrc -I. -Itests -Icapi/include -isystem /usr/include/eigen3 -isystem /usr/include/doctest"
case $1 in
*.c) compiler="clang-14 -std=c99" ;;
*) compiler="clang++-14 -std=c++20" ;;
esac
# shellcheck disable=SC2086  # lists of words
exec $compiler -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Werror $includes "$1"
