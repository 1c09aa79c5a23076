#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures what vedette costs, alone and beside its peers: sh bench/run.sh [build folder] [--no-peers] [--update-readme]
#   --no-peers       leave out NumPy, SciPy and the other peers (bench/versus; it needs the network once)
#   --update-readme  write the tables between the README's "cost table" and "drift table" marks
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD_DIR:-$root/build}
peers=yes
readme=
for argument in "$@"; do
    case $argument in
    --no-peers) peers=no ;;
    --update-readme) readme=$root/README.md ;;
    -*) sed -n '3,5p' "$0" >&2; exit 2 ;;
    *) build=$argument ;;
    esac
done

results=$build/bench-results
mkdir -p "$results"
rm -f "$results"/*.json "$results"/*.md
if [ ! -f "$build/CMakeCache.txt" ]; then
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DVEDETTE_BUILD_TESTS=OFF >"$results/build.log"
fi
cmake "$build" -DVEDETTE_BUILD_BENCH=ON >>"$results/build.log"
cmake --build "$build" --target bench_guard >>"$results/build.log" 2>&1 || { cat "$results/build.log" >&2; exit 1; }

# measure name filter: medians of three interleaved repetitions, as JSON.
measure() {
    "$build/bench/bench_guard" --benchmark_min_time=0.05 --benchmark_repetitions=3 \
        --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true \
        --benchmark_filter="$2" --benchmark_out="$results/$1.json" --benchmark_out_format=json \
        >"$results/$1.log" 2>&1 || { cat "$results/$1.log" >&2; exit 1; }
}
measure best '.*'
# What depends on the instruction set, on each one that this CPU has.
for isa in avx512 avx2 baseline neon; do
    VEDETTE_ISA=$isa measure "isa-$isa" '^(observe_row|check_row|check_row_c|observe_rows_.*|observe_column)/typical$'
done
if [ $peers = yes ]; then
    sh "$root/bench/versus/run.sh" "$build" --output "$results" >"$results/versus.log" 2>&1 || {
        tail -n 5 "$results/versus.log" >&2
        echo "bench/versus failed; all of its output: $results/versus.log" >&2
        [ -z "$readme" ] || exit 1
    }
fi
python3 "$root/bench/table.py" "$results" ${readme:+--readme "$readme"}
