#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs vedette and its peers on the same data: sh bench/versus/run.sh [build folder] [--output FILE]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$root/build}
case ${1:-} in
'' | -*) ;;
*) build=$1; shift ;;
esac

if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF
fi
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >"$build/versus.log"
cmake --build "$build" --target vedette_c vedette_versus >>"$build/versus.log" || { cat "$build/versus.log" >&2; exit 1; }

# One thread for every contender.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1 ARROW_NUM_THREADS=1
export DO_NOT_TRACK=1
python=$(sh "$root/bench/versus/environment.sh" "$build")
exec "$python" "$root/bench/versus/versus.py" --library "$(find "$build" -name 'libvedette.so' | head -n 1)" \
    --kernels "$(find "$build" -name 'libvedette_versus.so' | head -n 1)" "$@"
