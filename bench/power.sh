#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Level and power of every test and preset beside SciPy: sh bench/power.sh [build folder] [--runs N] [--update]
#   --runs N   simulated pairs of samples for each number (default 400, a few minutes)
#   --update   write the tables into bench/README.md
# PYTHON names an interpreter that has SciPy; without it a virtual environment is made (it needs the network once).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$root/build}
runs=400
update=
while [ $# -gt 0 ]; do
    case $1 in
    --runs) runs=$2; shift ;;
    --update) update=yes ;;
    -*) sed -n '3,6p' "$0" >&2; exit 2 ;;
    *) build=$1 ;;
    esac
    shift
done
results=$build/bench-results
mkdir -p "$results"
if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF >"$results/build.log"
fi
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >>"$results/build.log"
cmake --build "$build" --target bench_power >>"$results/build.log" 2>&1 || { cat "$results/build.log" >&2; exit 1; }
"$build/bench/bench_power" "$runs" >"$results/power.json"
python=${PYTHON:-$(sh "$root/bench/versus/environment.sh" "$build")}
"$python" "$root/bench/versus/power.py" "$results/power.json" ${update:+--update "$root/bench/README.md"}
