#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernel two-sample test beside alibi-detect's, by PyTorch and by KeOps: sh bench/versus/alibi.sh [build folder]. The
# peers' environment is large and is made once, with the network. KeOps takes some minutes.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${1:-$root/build}
[ -f "$build/CMakeCache.txt" ] || cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >"$build/versus.log"
cmake --build "$build" --target bench_mmd >>"$build/versus.log" || { cat "$build/versus.log" >&2; exit 1; }
"$(sh "$root/bench/versus/environment.sh" "$build" alibi)" "$root/bench/versus/alibi.py" "$build/bench/bench_mmd"
