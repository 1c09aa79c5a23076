#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Privacy's speed, line by line, beside its bars and its peers.
# usage: privacy.sh [BUILD_DIR] [--only WORD]   (BUILD_DIR: default build; with VEDETTE_BUILD_BENCH=ON)
set -eu
build=$(cd "${1:-build}" && pwd)
[ $# -eq 0 ] || shift
folder=$(cd "$(dirname "$0")" && pwd)
python=$(sh "$folder/environment.sh" "$build" privacy)
exec "$python" "$folder/privacy.py" --benches "$build/bench" "$@"
