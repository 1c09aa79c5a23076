#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Level and power of every test and preset beside SciPy and, with --peers, the detectors of other packages themselves:
# sh bench/power.sh [build folder] [--runs N | --quick] [--peers] [--update]
#   --runs N   simulated pairs of samples for each number (default 400: some minutes)
#   --quick    40 runs: half a minute, and errors of a few per cent
#   --peers    evidently, alibi-detect, frouros and NannyML too, each in an environment of its own (made once, with the network);
#              one that cannot be installed is left out, and said so
#   --update   write the tables into bench/README.md
# PYTHON names an interpreter that has SciPy; without it a virtual environment is made (it needs the network once).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$root/build}
runs=400
update=
peers=
while [ $# -gt 0 ]; do
    case $1 in
    --runs) runs=$2; shift ;;
    --quick) runs=40 ;;
    --peers) peers="alibi_detect=alibi evidently=requirements frouros=streams nannyml=nannyml" ;;
    --update) update=yes ;;
    -*) sed -n '3,11p' "$0" >&2; exit 2 ;;
    *) build=$1 ;;
    esac
    shift
done
build=$(mkdir -p "$build" && cd "$build" && pwd)
results=$build/bench-results
mkdir -p "$results"
if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF >"$results/build.log"
fi
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >>"$results/build.log"
cmake --build "$build" --target bench_power >>"$results/build.log" 2>&1 || { cat "$results/build.log" >&2; exit 1; }
"$build/bench/bench_power" "$runs" >"$results/power.json"
python=${PYTHON:-$(sh "$root/bench/versus/environment.sh" "$build")}
set --
for pair in $peers; do
    peer=${pair%%=*}
    # An interpreter that has it may be named by, say, PYTHON_evidently.
    own=$(printenv "PYTHON_$peer" || sh "$root/bench/versus/environment.sh" "$build" "${pair#*=}" 2>"$results/$peer.log") || own=
    if [ -n "$own" ] && "$own" "$root/bench/versus/power_peers.py" "$peer" "$results/power.json" \
        >"$results/power-$peer.json" 2>>"$results/$peer.log"; then
        set -- "$@" "$results/power-$peer.json"
    else
        echo "power.sh: $peer is left out: $(tail -n 1 "$results/$peer.log" 2>/dev/null)" >&2
    fi
done
"$python" "$root/bench/versus/power.py" "$results/power.json" ${1:+--peers} "$@" ${update:+--update "$root/bench/README.md"}
