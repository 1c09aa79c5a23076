#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs vedette beside its peers: sh bench/versus/run.sh [build folder] [--output FOLDER], for versus.md (the guard, on
# the same data in one process) and drift.md (the drift tests). PYTHON names an interpreter that has the peers; without
# it a virtual environment is made (it needs the network once).
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD_DIR:-$root/build}
output=
while [ $# -gt 0 ]; do
    case $1 in
    --output) output=$2; shift ;;
    -*) sed -n '3,5p' "$0" >&2; exit 2 ;;
    *) build=$1 ;;
    esac
    shift
done

if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF
fi
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >"$build/versus.log"
cmake --build "$build" --target vedette_c vedette_versus bench_classifier bench_mmd bench_samples \
    bench_sketch >>"$build/versus.log" || { cat "$build/versus.log" >&2; exit 1; }

# One thread for every contender.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1 ARROW_NUM_THREADS=1 POLARS_MAX_THREADS=1
export DO_NOT_TRACK=1
python=${PYTHON:-$(sh "$root/bench/versus/environment.sh" "$build")}
"$python" "$root/bench/versus/drift.py" --benches "$build/bench" ${output:+--output "$output/drift.md"}
"$python" "$root/bench/versus/versus.py" --library "$(find "$build" -name 'libvedette.so' | head -n 1)" \
    --kernels "$(find "$build" -name 'libvedette_versus.so' | head -n 1)" ${output:+--output "$output/versus.md"}
